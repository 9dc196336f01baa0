import io
import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from depthwalk.cli import execute as module
from depthwalk.cli.execute import build_request
from depthwalk.cli.main import main
from depthwalk.cli.options import Session
from depthwalk.domain.order import Action, Outcome
from depthwalk.domain.units import Price, Quantity, parse_instant
from depthwalk.errors import UsageError
from depthwalk.reports.live_view import LiveView, NullView, PlainView
from depthwalk.reports.off_thread import OffThread
from tests.support import results

_QUICK = ["--time", "simulated", "--seed", "7", "--yes"]


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _request(session: Session | None = None, **changes: Any) -> Any:
    flags: dict[str, Any] = {
        "ticker": "PAPER-LIQUID", "side": "yes", "action": "buy", "count": "100", "target": None, "limit": None, "algo": None,
        "method": None, "timeout": None, "end": None, "urgency": None, "half_life": None,
        "tag": (), "simulated": False, "seed": None, "books": None, "at": None,
        "flow": None,
    }  # fmt: skip
    return build_request(session or Session(), **(flags | changes))


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_flags_become_a_request_exactly() -> None:
    """Every flag arrives, in its unit."""
    session = Session(config=Path("c.yaml"), database=Path("d.sqlite"), environment="paper")
    request = _request(
        session, side="no", action="sell", count="2.5", target="0.42", limit="0.4", algo="simple_limit", method="careful",
        timeout="12.5", end="cross", tag=["desk=east"], simulated=True, seed=3, books=Path("b.jsonl"),
        at="2026-05-13T20:20:37Z", flow="synthetic",
    )  # fmt: skip
    assert (Outcome.NO, Action.SELL, Quantity(250), Price(4200), Price(4000)) == (
        request.outcome, request.action, request.quantity, request.target, request.limit,
    )  # fmt: skip
    assert request.overrides == {"timeout_seconds": 12.5, "end_action": "cross"}
    assert (request.tags, request.seed, request.simulated, request.flow) == ({"desk": "east"}, 3, True, "synthetic")
    assert (request.books, request.books_at) == (Path("b.jsonl"), parse_instant("2026-05-13T20:20:37Z"))
    assert (request.config_path, request.database_path, request.environment) == (Path("c.yaml"), Path("d.sqlite"), "paper")


def test_what_is_not_said_is_left_to_the_configuration() -> None:
    """No flag, no override."""
    request = _request()
    assert (request.overrides, request.tags, request.flow) == ({}, {}, "none")
    assert [request.algorithm, request.method, request.environment, request.seed, request.target] == [None] * 5


@pytest.mark.parametrize("command", ["execute", "plan"])
@pytest.mark.parametrize("environment", ["demo", "live"])
@pytest.mark.parametrize("flags", [("--seed", "0"), ("--time", "simulated"), ("--books", "b"), ("--faults", "7")])
def test_paper_flags_are_refused_elsewhere(
    command: str, environment: str, flags: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They mean nothing on a real exchange, wherever that was named: exit 2, and which flag it is."""
    config = tmp_path / "c.yaml"
    config.write_text(f"environment: {environment}\nlive: {{enabled: true}}\n", encoding="utf-8")
    said = ("--env", environment) if command == "execute" else ()

    code = main(["--config", str(config), *said, command, "T", "--count", "1", *flags, "--yes"])

    assert 2 == code
    assert f"{' '.join(flags) if flags[1] == 'simulated' else flags[0]} is for the paper exchange" in capsys.readouterr().err


@pytest.mark.parametrize("flags", [{"at": "2026-05-13T20:20:37Z"}, {"flow": "none"}])
def test_flags_about_a_recording_need_one(flags: dict[str, str]) -> None:
    """--at and --flow belong to --books."""
    with pytest.raises(UsageError, match="needs recorded books"):
        _request(**flags)


def test_a_missing_count_is_refused_where_nobody_can_be_asked() -> None:
    """A cron job gets a line, not a question."""
    with pytest.raises(UsageError, match="--count is missing"):
        _request(count=None)


def test_a_missing_count_is_asked_for_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The question is on standard error; the answer is read as the flag would be."""
    monkeypatch.setattr(sys, "stdin", _Terminal("12.5\n"))
    monkeypatch.setattr(sys, "stderr", _Terminal())
    assert Quantity(1_250) == _request(count=None).quantity
    assert "How many contracts to buy" in sys.stderr.getvalue()


@pytest.mark.parametrize(
    ("code", "words", "arguments"),
    [
        (2, "'0' is not more than 0", ["execute", "PAPER-LIQUID", "--count", "0"]),
        (2, "'-5' is not more than 0", ["execute", "PAPER-LIQUID", "--count", "-5"]),
        (2, "finer than 0.01", ["execute", "PAPER-LIQUID", "--count", "0.001"]),
        (2, "not a plain decimal", ["execute", "PAPER-LIQUID", "--count", "1e9"]),
        (2, "between 0 and 1 dollar", ["execute", "PAPER-LIQUID", "--count", "1", "--limit", "42"]),
        (2, "--count is missing", ["execute", "PAPER-LIQUID"]),
        (2, "unknown ticker", ["execute", "NOPE", "--count", "1", *_QUICK]),
        (2, "is not a price of PAPER-LIQUID", ["execute", "PAPER-LIQUID", "--count", "1", "--limit", "0.4242", *_QUICK]),
        (2, "nonsense", ["execute", "PAPER-LIQUID", "--count", "1", "--algo", "nonsense", *_QUICK]),
        (4, "nobody is there to confirm it", ["--env", "live", "execute", "PAPER-LIQUID", "--count", "1"]),
        (4, "live is not enabled", ["--env", "live", "execute", "PAPER-LIQUID", "--count", "1", "--yes"]),
        (2, "demo needs a key", ["--env", "demo", "execute", "PAPER-LIQUID", "--count", "1", "--yes"]),
        (4, "risk.max_count", ["execute", "PAPER-LIQUID", "--count", "1000000000", *_QUICK]),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_sent(
    code: int, words: str, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The right code, one line on standard error, an empty standard output, no traceback, no execution on record."""
    found, out, err = _run(capsys, "--json", *arguments)
    assert (found, out) == (code, "")
    assert words in err
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert main(["--json", "executions"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("side", ["yes", "no"])
@pytest.mark.parametrize("action", ["buy", "sell"])
def test_every_side_and_action_runs_and_adds_up(side: str, action: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One JSON document on standard output; filled and unfilled are what was requested; nobody pays beyond the cap."""
    code, out, _ = _run(
        capsys, "--json", "-q", "execute", "PAPER-LIQUID", "--count", "20", "--side", side, "--action", action, *_QUICK
    )
    found = json.loads(out)
    assert code in (0, 3)
    assert (found["side"], found["action"]) == (side, action)
    assert Decimal(found["requested"]) == Decimal(found["filled"]) + Decimal(found["unfilled"])
    assert all(Decimal(one["average_price"] or found["cap_price"]) for one in found["splits"])


def test_the_same_seed_prints_the_same_object_but_for_ids(capsys: pytest.CaptureFixture[str]) -> None:
    """Two runs, one result."""
    arguments = ("--json", "-q", "execute", "PAPER-LIQUID", "--count", "100", "--algo", "dynamic_depth_walker", *_QUICK)
    first, second = (json.loads(_run(capsys, *arguments)[1]) for _ in range(2))
    assert first.pop("execution_id") != second.pop("execution_id")
    assert first == second
    assert len(first["splits"]) >= 2


def test_without_a_terminal_there_are_plain_lines_and_a_summary(capsys: pytest.CaptureFixture[str]) -> None:
    """Progress on standard error, the result on standard output."""
    _, out, err = _run(capsys, "execute", "PAPER-LIQUID", "--count", "5", *_QUICK)
    assert "shortfall" in out
    assert err.splitlines()[0].startswith("    0.0 s  start    BUY YES 5.00 PAPER-LIQUID")
    assert "\x1b" not in out + err


def test_quiet_leaves_only_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing on standard error."""
    _, out, err = _run(capsys, "-q", "execute", "PAPER-LIQUID", "--count", "5", *_QUICK)
    assert ("", True) == (err, "slippage" in out)


@pytest.mark.parametrize(
    ("kind", "session"),
    [
        (LiveView, Session()),
        (PlainView, Session(json=True)),
        (PlainView, Session(verbose=True)),
        (NullView, Session(quiet=True)),
        (NullView, Session(quiet=True, json=True)),
    ],
)
def test_the_view_follows_the_options_on_a_terminal(
    kind: type[NullView], session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The live table only where a person watches and nothing else writes."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", _Terminal())
    monkeypatch.setattr(sys, "stderr", _Terminal())
    view = module._view(session)
    assert kind is type(view.inner if isinstance(view, OffThread) else view)


def test_a_result_that_cannot_be_written_is_still_on_record(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A full disk under standard output: exit 1, and where to find the result."""

    class _Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, text)

    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", _Full())
        code = main(["--json", "-q", "execute", "PAPER-LIQUID", "--count", "5", *_QUICK])
    err = capsys.readouterr().err
    assert code == 1
    assert "could not be written" in err
    assert main(["executions", "show", err.split("executions show ")[1].split("`")[0]]) == 0


def test_the_samples_of_the_tests_are_of_the_real_shape(capsys: pytest.CaptureFixture[str]) -> None:
    """The builders in tests/support and a real run give the same keys."""
    from depthwalk.reports.result_json import to_json  # noqa: PLC0415 - only here

    real = json.loads(_run(capsys, "--json", "-q", "execute", "PAPER-LIQUID", "--count", "5", *_QUICK)[1])
    assert list(to_json(results.result())) == list(real)

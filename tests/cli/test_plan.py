import inspect
import json
from decimal import Decimal
from pathlib import Path

import pytest

from depthwalk.cli.execute import execute
from depthwalk.cli.main import main
from depthwalk.cli.plan import plan
from depthwalk.executors.registry import ALGORITHMS


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_options_are_those_of_execute() -> None:
    """Name by name, default by default: an `execute` line works with the one word changed."""
    ours, theirs = inspect.signature(plan).parameters, inspect.signature(execute).parameters
    assert list(theirs.values()) == list(ours.values())


def test_the_object_is_one_line_with_every_algorithm(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0, nothing on standard error, splits that sum to what was asked for; the same seed, the same object."""
    arguments = ("--json", "plan", "PAPER-MODERATE", "--count", "60", "--seed", "7", "--tag", "a=b", "--yes")
    code, out, err = _run(capsys, *arguments)
    found = json.loads(out)
    assert (0, "", 1) == (code, err, out.count("\n"))
    assert list(ALGORITHMS) == [each["algorithm"] for each in found["algorithms"]]
    for each in found["algorithms"]:
        assert 0 < sum(Decimal(split["quantity"]) for split in each["splits"]) <= 60
        assert Decimal(60) == Decimal(each["worst_case"]["quantity"])
        assert Decimal(each["worst_case"]["total"]) >= Decimal(each["expected"]["total"])
        assert 0 < each["expected"]["filled_share"] <= 1
        assert all(0 <= split["fill_probability"] <= 1 for split in each["splits"])
    assert out == _run(capsys, *arguments, "--time", "simulated")[1]
    assert main(["--json", "executions"]) == 0
    assert not capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "words", "arguments"),
    [
        (2, "--count is missing", ["PAPER-LIQUID"]),
        (2, "unknown ticker 'NOPE'", ["NOPE", "--count", "1"]),
        (2, "--limit 0.4242 is not a price of PAPER-LIQUID", ["PAPER-LIQUID", "--count", "1", "--limit", "0.4242"]),
        (2, "unknown algorithm 'magic'", ["PAPER-LIQUID", "--count", "1", "--algo", "magic"]),
        (2, "unknown method 'magic'", ["PAPER-LIQUID", "--count", "1", "--method", "magic"]),
        (2, "--at needs recorded books", ["PAPER-LIQUID", "--count", "1", "--at", "2026-05-13T20:20:37Z"]),
        (2, "/no/such/file", ["PAPER-LIQUID", "--count", "1", "--books", "/no/such/file"]),
    ],
)
def test_what_cannot_be_is_one_line(code: int, words: str, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """As `execute` has it: the code, one line on standard error, nothing on standard output."""
    for command in ("plan", "execute"):
        found, out, err = _run(capsys, command, *arguments, "--yes", "--time", "simulated")
        assert (code, "", 1) == (found, out, err.count("\n"))
        assert words in err


@pytest.mark.parametrize(
    ("words", "settings", "count"),
    [("risk.max_count", "{max_count: 50}", "60"), ("risk.max_notional", '{max_notional: "5"}', "60")],
)
def test_what_execute_would_refuse_is_shown_with_its_code(
    words: str, settings: str, count: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 4 like `execute`, the plan all the same on standard output, the reason on standard error."""
    config = tmp_path / "c.yaml"
    config.write_text(f"risk: {settings}", encoding="utf-8")
    flags = ("PAPER-MODERATE", "--count", count, "--seed", "7", "--yes", "--time", "simulated", "--config", str(config))
    code, out, err = _run(capsys, "plan", *flags)
    assert (4, 1) == (code, err.count("\n"))
    assert err.startswith("depthwalk: execute would refuse it: ")
    assert words in err
    assert "simple_limit" in out
    assert 4 == _run(capsys, "-q", "execute", *flags)[0]


def test_another_algorithms_refusal_is_no_refusal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is that of the algorithm that execute would run."""
    config = tmp_path / "c.yaml"
    config.write_text("risk: {max_notional: 55}\nalgorithms: {dynamic_depth_walker: {max_slippage: 0.9}}\n", encoding="utf-8")
    flags = ("--json", "plan", "PAPER-MODERATE", "--count", "60", "--seed", "7", "--config", str(config))
    code, out, err = _run(capsys, *flags)
    refused = [each["algorithm"] for each in json.loads(out)["algorithms"] if each["refused"] is not None]
    assert ["dynamic_depth_walker"] == refused
    assert (0, "") == (code, err)
    assert 4 == _run(capsys, *flags, "--algo", "dynamic_depth_walker")[0]

"""Executions that somebody left: who may settle them or carry them on, what they are told, and what a row's exit code says."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from depthwalk.assembly import ExecuteRequest, execute
from depthwalk.assembly.ownership import Ownership, claim_of, own, owner
from depthwalk.assembly.recovery import leftovers, recover, recovery_code
from depthwalk.assembly.resuming import Dormant, _check_resumable, resume
from depthwalk.assembly.trading import destination
from depthwalk.cli.main import main
from depthwalk.clock import SystemClock
from depthwalk.config import load
from depthwalk.domain.order import Action, Outcome
from depthwalk.domain.result import Status
from depthwalk.domain.units import Quantity
from depthwalk.errors import ExitCode, Refused, Unreachable, UsageError
from depthwalk.executors.registry import plain_parameters
from depthwalk.executors.simple_limit import LimitRule, SimpleLimit, SimpleLimitParams
from depthwalk.reports.live_view import NullView
from depthwalk.storage.database import Database, open_database
from depthwalk.storage.executions import load_execution
from depthwalk.storage.journal import ExecutionJournal, ExecutionStart
from depthwalk.storage.unfinished import unfinished
from tests.support.executions import start, stored
from tests.support.kalshi_client import client
from tests.support.paper_run import paper_run
from tests.support.results import START, parent

OTHER = "f" * 32
KEY_ID = "a-key-of-a-test"
DEAD = "http://127.0.0.1:1"


@pytest.fixture
def database(database_path: Path) -> Iterator[Database]:
    """Open an empty database."""
    with open_database(database_path) as opened:
        yield opened


def held(database: Database, begun: ExecutionStart, *, market: bool = True) -> Ownership:
    """Own an execution as its process does."""
    return own(claim_of(begun, database.path, "depthwalk execute T"), now=START, market=market)


@pytest.fixture
def keyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a key, whose id is in the environment."""
    pem = tmp_path / "key.pem"
    pem.write_bytes(Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    pem.chmod(0o600)
    monkeypatch.setenv("KALSHI_API_KEY_ID", KEY_ID)
    return tmp_path


def configured(folder: Path, *, enabled: bool = True) -> Path:
    """Write a configuration with that key, live or not; paper is served by nobody."""
    path = folder / "c.yaml"
    path.write_text(
        f"live: {{enabled: {str(enabled).lower()}}}\ncredentials: {{private_key_path: key.pem}}\n"
        f"paper: {{server: '{DEAD}', private_key_path: key.pem}}\n",
        encoding="utf-8",
    )
    return path


# --- settling -------------------------------------------------------------------------------------------------------


def test_what_cannot_be_settled_for_now_is_in_doubt(database: Database) -> None:
    """Its market is held by a run of another database, say: its orders may rest, so `recover` does not say that all is well."""
    crashed = stored(database).start
    running = held(database, start(execution_id=OTHER))

    (row,) = recover(None, database.path)
    assert (None, ExitCode.IN_DOUBT) == (row.after, row.exit_code)
    assert "is being traded by" in row.detail
    assert ExitCode.IN_DOUBT is recovery_code([row])
    running.release(ended=True)
    (row,) = recover(None, database.path)
    assert (crashed.execution_id, Status.CANCELED, ExitCode.DONE) == (row.execution_id, row.after, row.exit_code)


def test_one_that_runs_is_left_alone(database: Database) -> None:
    """That is no doubt: its process looks after it."""
    running = held(database, stored(database).start)

    (row,) = recover(None, database.path)
    assert (None, ExitCode.DONE, True) == (row.after, row.exit_code, row.running)
    running.release(ended=True)


def test_nothing_is_begun_where_another_trades(database: Database) -> None:
    """One that holds its market's lock in other folders: its execution is seen to run by the lock beside the database."""
    there = {"venue": "127.0.0.1:1", "account": "a key"}
    running = held(database, stored(database, **there).start, market=False)

    with pytest.raises(Refused, match=r"trades .*: it runs \(process \d+\)") as caught:
        asyncio.run(leftovers(database, start(execution_id=OTHER, **there), client(), SystemClock()))
    assert ExitCode.REFUSED is caught.value.exit_code
    running.release(ended=True)


def test_other_folders_do_not_hide_an_execution(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cron job with another XDG_STATE_HOME: nobody drives an execution twice, and nobody settles one that runs."""
    begun = stored(database).start
    running = held(database, begun)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))

    assert owner(database.path, begun.execution_id) is not None
    with pytest.raises(Refused, match=f"execution {begun.execution_id[:8]} is driven by"):
        held(database, begun)
    (row,) = recover(None, database.path)
    assert (None, True) == (row.after, row.running)
    running.release(ended=True)


def test_a_settled_leftover_is_told(database_path: Path) -> None:
    """Who executes in a market hears what an earlier run had left there, once, and the new run is as if nothing had been."""
    with open_database(database_path) as database:
        left = stored(database, parent=parent(ticker="PAPER-LIQUID")).start.execution_id
    request = ExecuteRequest(
        ticker="PAPER-LIQUID",
        outcome=Outcome.YES,
        action=Action.BUY,
        quantity=Quantity(100),
        algorithm="simple_limit",
        overrides={"limit_rule": "cap", "timeout_seconds": 2.0},
        database_path=database_path,
    )
    told: list[str] = []
    result = execute(request, NullView(), tell=told.append)

    (line,) = told
    assert line.startswith(f"settled what execution {left[:8]} had left here: 0.00 of ")
    assert line.endswith("its process died before anything was sent")
    assert Status.FILLED is result.status
    with open_database(database_path) as database:
        assert Status.CANCELED is load_execution(database, left).summary.status


def test_a_dead_exchange_is_said_at_once(keyed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 5 in one line that names it; nothing was begun, so nothing has to be recovered."""
    config, path = configured(keyed), keyed / "t.sqlite"
    before = SystemClock().now()
    code = main(["--config", str(config), "--db", str(path), "execute", "PAPER-LIQUID", "--count", "1"])

    assert ExitCode.UNREACHABLE == code
    (line,) = capsys.readouterr().err.splitlines()
    assert "127.0.0.1:1" in line
    assert SystemClock().now() - before < 8_000_000
    with open_database(path) as database:
        assert [] == unfinished(database)


# --- carrying on ----------------------------------------------------------------------------------------------------


def crashed(database: Database, config: Path, environment: str) -> ExecutionStart:
    """Store an execution that died a moment ago with an order out."""
    params = SimpleLimitParams(limit_rule=LimitRule.BID)
    run = paper_run(SimpleLimit(params), quantity=1_000, start=SystemClock().now())
    where = destination(load(config), environment)
    begun = start(
        execution_id=run.parent.parent_id,
        parent=run.parent,
        algorithm="simple_limit",
        parameters=plain_parameters(params),
        environment=environment,
        venue=where.venue,
        account=where.account,
    )
    journal = ExecutionJournal.begin(database, begun)
    for event, intents in run.journal.entries[:3]:
        journal.append(event, intents)
    return begun


@pytest.mark.parametrize(
    ("enabled", "said", "refused"),
    [
        (False, None, "live.enabled is false"),
        (False, "live", "live.enabled is false"),
        (True, None, "on the command line"),
        (True, "paper", "on the command line"),
        (True, "demo", "on the command line"),
        (True, "live", None),
    ],
)
def test_real_money_is_wanted_twice_to_carry_on_too(
    database: Database, keyed: Path, *, enabled: bool, said: str | None, refused: str | None
) -> None:
    """In the configuration and by --env, whatever was said when the execution began; no network is needed to say no."""
    config = configured(keyed, enabled=enabled)
    begun = crashed(database, config, "live")
    found = load_execution(database, begun.execution_id).summary

    if refused is None:
        _check_resumable(found, load(config), said)
        assert Status.RUNNING is found.status
        return
    with pytest.raises(Refused, match=refused) as caught:
        resume(config, database.path, begun.execution_id, environment=said, view=NullView(), agree=lambda _: None)
    assert ExitCode.REFUSED is caught.value.exit_code


def test_real_money_is_always_asked_about(database: Database, keyed: Path) -> None:
    """However short ago it died; the answer no leaves it as it is."""
    config = configured(keyed)
    begun = crashed(database, config, "live")
    asked: list[Dormant] = []

    def no(found: Dormant) -> None:
        asked.append(found)
        raise UsageError("not now")

    with pytest.raises(UsageError, match="not now"):
        resume(config, database.path, begun.execution_id, environment="live", view=NullView(), agree=no)
    assert [("live", begun.execution_id)] == [(each.environment, each.execution_id) for each in asked]
    assert Status.RUNNING is load_execution(database, begun.execution_id).summary.status
    assert owner(database.path, begun.execution_id) is None


def test_paper_money_is_not_asked_about_soon_after(database: Database, keyed: Path) -> None:
    """Nobody is asked before the exchange is."""
    config = configured(keyed)
    begun = crashed(database, config, "paper")
    asked: list[Dormant] = []

    with pytest.raises(Unreachable):
        resume(config, database.path, begun.execution_id, environment=None, view=NullView(), agree=asked.append)
    assert [] == asked

"""The rate budget as a run gets it: shared by processes of one key on one venue, and by nobody else."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from depthwalk.assembly.budget import key_fingerprint, private_throttle, throttle_for
from depthwalk.config import Config, RateLimitConfig
from depthwalk.config.sections import Tier as ConfigTier
from depthwalk.domain.units import SECOND, Instant
from depthwalk.errors import UsageError
from depthwalk.kalshi.shared_throttle import decode_record
from depthwalk.kalshi.throttle import Throttle, Tier, published_limits
from depthwalk.storage.shared_state import SharedFile
from depthwalk.wire.faults import Kind
from tests.support.tokens import StandingClock, passes

_START = Instant(1_795_000_000_000_000)
_KEY = "3f0e-a-key-id"

_WORKER = """
import asyncio, sys
from depthwalk.assembly.budget import throttle_for
from depthwalk.clock import SystemClock
from depthwalk.config import Config, RateLimitConfig
from depthwalk.config.sections import Tier
from depthwalk.wire.faults import Kind

async def hammer(throttle, clock, rounds):
    left = []
    for _ in range(rounds):
        for kind, cost in ((Kind.WRITE, 10), (Kind.CANCEL, 2)):
            await throttle.admit(clock, kind, cost)
            left.append((clock.now(), cost))
    return left

config = Config(rate_limit=RateLimitConfig(tier=Tier.EXPERT))
throttle, clock = throttle_for(config, venue="demo", key_id=sys.argv[1]), SystemClock()
print("ready", flush=True)
sys.stdin.readline()
for at, cost in asyncio.run(hammer(throttle, clock, int(sys.argv[2]))):
    print(at, cost)
"""


def _wait(throttle: Throttle, kind: Kind = Kind.WRITE, cost: int = 10) -> int:
    clock = StandingClock(_START)
    asyncio.run(throttle.admit(clock, kind, cost))
    return clock.slept


def _spend(throttle: Throttle) -> None:
    for _ in range(30):
        _wait(throttle)


def _files() -> list[Path]:
    return sorted((platformdirs.user_state_path("depthwalk") / "budgets").iterdir())


def test_shared_by_key_and_venue_and_nothing_else() -> None:
    """What one spends another of the same key finds spent; another key, another venue and a private throttle do not."""
    config = Config()
    _spend(throttle_for(config, venue="demo", key_id=_KEY))
    assert _wait(throttle_for(config, venue="demo", key_id=_KEY)) > SECOND
    others = [
        throttle_for(config, venue="live", key_id=_KEY),
        throttle_for(config, venue="demo", key_id="another"),
        private_throttle(config),
    ]
    assert [0, 0, 0] == [_wait(each) for each in others]


def test_a_private_throttle_shares_with_nobody() -> None:
    """Two of them, two budgets, and no file."""
    _spend(private_throttle(Config()))
    assert _wait(private_throttle(Config())) == 0
    assert not (platformdirs.user_state_path("depthwalk") / "budgets").exists()


def test_the_key_id_is_in_no_file() -> None:
    """Neither in a name nor in the text: its fingerprint stands for it, and the venue may be an address."""
    _wait(throttle_for(Config(), venue="http://127.0.0.1:8000/trade-api/v2", key_id=_KEY))
    assert 16 == len(key_fingerprint(_KEY))
    assert any(key_fingerprint(_KEY) in each.name for each in _files())
    for each in _files():
        assert _KEY not in each.name
        assert _KEY.encode() not in each.read_bytes()


def test_as_configured() -> None:
    """Tier, share and cap are the configuration's, in both."""
    rules = RateLimitConfig(tier=ConfigTier.PREMIER, utilisation=0.5, cancel_reserve=0.0, calls_per_minute=20)
    config = Config(rate_limit=rules)
    for throttle in (private_throttle(config), throttle_for(config, venue="demo", key_id=_KEY)):
        assert published_limits(Tier.PREMIER).write.capacity // 2 == throttle.largest_write
        assert [0, 0] == [_wait(throttle) for _ in range(2)]
        assert _wait(throttle) > 3 * SECOND


def test_a_state_folder_that_cannot_be_used_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the variable that names another."""
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(UsageError, match="cannot be used") as refused:
        throttle_for(Config(), venue="demo", key_id=_KEY)
    assert "XDG_STATE_HOME" in (refused.value.hint or "")


@pytest.mark.slow
def test_six_processes_hammering_one_budget_are_never_refused() -> None:
    """Real processes, each as fast as it is let, one of them killed on the way.

    The venue's own bucket, full rate and capacity, would have passed every one of their requests; and the record is sound. A
    request that leaves late meets the next ones: six of ten tokens at most, which is the tenth that is left unused.
    """
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", _WORKER, _KEY, str(rounds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ),
        )
        for rounds in (10_000, 15, 15, 15, 15, 15)
    ]
    for each in workers:
        assert each.stdin is not None
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in workers:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    with pytest.raises(subprocess.TimeoutExpired):
        workers[0].wait(timeout=0.4)
    os.kill(workers[0].pid, signal.SIGKILL)
    outputs = [each.communicate(timeout=60)[0] for each in workers]
    assert [-signal.SIGKILL, 0, 0, 0, 0, 0] == [each.returncode for each in workers]
    departures = [tuple(map(int, line.split())) for text in outputs for line in text.splitlines()]
    limit = published_limits(Tier.EXPERT).write
    assert sum(cost for _, cost in departures) > limit.capacity, "the bucket was never emptied"
    assert passes([(at, cost) for at, cost in departures], rate=limit.rate, capacity=limit.capacity)
    found: list[bytes | None] = []
    SharedFile(_files()[0]).update(lambda text: found.append(text) or text or b"")
    assert decode_record(found[0] or b"") is not None

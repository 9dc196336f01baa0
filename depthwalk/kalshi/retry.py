"""What may be tried again, and when: reads after faults that pass, writes after a 429, which says that nothing was done.

After anything else a write is not repeated; it is settled (design, D7).
"""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from random import Random
from typing import Final

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from depthwalk.clock import Clock
from depthwalk.domain.units import Duration, seconds
from depthwalk.errors import Throttled, Unreachable
from depthwalk.wire.faults import Kind

FIRST_WAIT: Final = 0.25
"""Seconds: the longest first wait."""

LONGEST_WAIT: Final = 4.0
"""Seconds: no wait is longer."""

_REPEATS: Final = {Kind.WRITE: 3, Kind.CANCEL: 6}
"""How often a throttled write is sent again: an order ages meanwhile (under 2 seconds), a way out is worth 12."""


def passes(error: BaseException) -> bool:
    """Say whether a failed read may succeed when asked again: no answer, a 5xx, a 429. Nonsense stays nonsense."""
    if isinstance(error, Unreachable):
        return error.status is None or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, Throttled)


def _wait(attempt: int, rng: Random) -> float:
    """Return the seconds to wait after the given attempt, the first being 1."""
    longest: float = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1))
    # Between half and all of it: clients that failed together do not come back together.
    return longest * (0.5 + rng.random() / 2)


def _backoff(rng: Random) -> Callable[[RetryCallState], float]:
    return lambda state: _wait(state.attempt_number, rng)


def waits_of_throttled(kind: Kind, rng: Random) -> Iterator[Duration]:
    """Return the waits before each repetition of a write that is answered with 429; more of them for a cancel."""
    return (seconds(_wait(attempt, rng)) for attempt in range(1, _REPEATS[kind] + 1))


def retrying(*, clock: Clock, rng: Random, max_retries: int) -> AsyncRetrying:
    """Return the loop for one read: up to *max_retries* more attempts, exponential waits with jitter on the given clock."""

    async def sleep(value: float) -> None:
        await clock.sleep(seconds(value))

    return AsyncRetrying(
        sleep=sleep,
        stop=stop_after_attempt(max_retries + 1),
        wait=_backoff(rng),
        retry=retry_if_exception(passes),
        reraise=True,
    )

"""What may be tried again, and when: reads, after faults that pass. A write is never repeated; it is settled (design, D7)."""

from collections.abc import Callable
from http import HTTPStatus
from random import Random
from typing import Final

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from depthwalk.clock import Clock
from depthwalk.domain.units import seconds
from depthwalk.errors import Throttled, Unreachable

FIRST_WAIT: Final = 0.25
"""Seconds: the longest first wait."""

LONGEST_WAIT: Final = 4.0
"""Seconds: no wait is longer."""


def passes(error: BaseException) -> bool:
    """Say whether a failed read may succeed when asked again: no answer, a 5xx, a 429. Nonsense stays nonsense."""
    if isinstance(error, Unreachable):
        return error.status is None or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, Throttled)


def _backoff(rng: Random) -> Callable[[RetryCallState], float]:
    def wait(state: RetryCallState) -> float:
        longest: float = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (state.attempt_number - 1))
        # Between half and all of it: clients that failed together do not come back together.
        return longest * (0.5 + rng.random() / 2)

    return wait


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

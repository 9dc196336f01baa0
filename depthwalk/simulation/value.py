"""The latent value of a synthetic market over time, and how far its providers lag behind it. Drawn from a seed, knows no book.

Like `flow.py` this is exogenous: the same seed is the same value whatever anybody does. It is drawn once, in pieces, and read
by every fork of a world.
"""

import math
import random
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final, Protocol

from depthwalk.domain.units import SECOND, Instant
from depthwalk.simulation.flow import MarketClass, stream

STEP_SECONDS: Final = 0.5
"""The pace of the small steps."""

_STEP: Final = round(STEP_SECONDS * SECOND)
_WINDOW: Final = 60 * SECOND
_LOWEST, _HIGHEST = 3.0, 97.0

Step = tuple[Instant, float]
"""From then on the value is so many cents."""


class Steps(Protocol):
    """The steps of a value, endless, drawn in pieces of time."""

    def until(self, end: Instant) -> Sequence[Step]:
        """Return, in order of time, the steps before *end* that have not been returned yet."""
        ...


class Values:
    """The value at each of its steps, and the providers' idea of it there, which follows it with their lag. Cents.

    `times[i]` is when `values[i]` began to hold; `lagged[i]` is what providers held it for at that moment.
    """

    def __init__(self, lag: float, start: Instant, value: float, steps: Steps, *, lagged: float | None = None) -> None:
        """Begin at *start* with *value*, which the providers know unless *lagged* says otherwise; *lag* in seconds."""
        self.lag = lag
        self.times, self.values, self.lagged = [start], [value], [value if lagged is None else lagged]
        self.end = start
        self._steps = steps

    @classmethod
    def of(cls, market_class: MarketClass, seed: int, start: Instant, value: float) -> "Values":
        """Return the value of a synthetic world that begins at *start* with *value* cents."""
        return cls(market_class.provider_lag, start, value, _Drawn(market_class, stream(seed, "value"), start, value))

    def reach(self, at: Instant) -> None:
        """Draw what is missing up to and including *at*."""
        times, values, lagged = self.times, self.values, self.lagged
        while self.end <= at:
            self.end = Instant(self.end + _WINDOW)
            for time, value in self._steps.until(self.end):
                before = values[-1]
                faded = math.exp(-((time - times[-1]) / SECOND) / self.lag)
                lagged.append(before + (lagged[-1] - before) * faded)
                times.append(time)
                values.append(value)

    def forget(self, count: int) -> None:
        """Drop the first *count* steps, which nobody will ask for again."""
        del self.times[:count], self.values[:count], self.lagged[:count]

    def drifting(self, index: int, at: Instant, cents: float) -> "Values":
        """Return the same value from step *index* on, which holds at *at*, with a drift of *cents* a second from then on."""
        steps = _Drifting(self, index + 1, at, cents)
        return Values(self.lag, self.times[index], self.values[index], steps, lagged=self.lagged[index])


class _Drifting:
    """The steps of other values from *index* on, which must not be forgotten, with a drift since *began*."""

    def __init__(self, values: Values, index: int, began: Instant, cents: float) -> None:
        self._values, self._index, self._began, self._cents = values, index, began, cents

    def until(self, end: Instant) -> Sequence[Step]:
        self._values.reach(end)
        first, times = self._index, self._values.times
        self._index = bisect_left(times, end, first)
        return [
            (at, value + self._cents * (at - self._began) / SECOND)
            for at, value in zip(times[first : self._index], self._values.values[first : self._index], strict=True)
        ]


class _Drawn:
    """Small steps at a fixed pace, and news between them."""

    def __init__(self, cls: MarketClass, rng: random.Random, start: Instant, value: float) -> None:
        self._rng, self._start, self._value = rng, start, value
        self._sigma = cls.volatility * math.sqrt(STEP_SECONDS)
        self._news_size, self._news_rate = cls.news_size, 1.0 / cls.news_interval
        self._count = 1
        self._news = self._after(float(start))

    def _after(self, at: float) -> float:
        return at + self._rng.expovariate(self._news_rate) * SECOND

    def until(self, end: Instant) -> Sequence[Step]:
        # Most of what happens in a market comes from here, so the state is kept in locals while it is drawn.
        start, gauss, sigma = self._start, self._rng.gauss, self._sigma
        value, count, news = self._value, self._count, self._news
        steps: list[Step] = []
        while True:
            due = start + count * _STEP
            at = due if due <= news else round(news)
            if at >= end:
                break
            if due <= news:
                value += gauss(0.0, sigma)
                count += 1
            else:
                value += self._jump()
                news = self._after(news)
            if not _LOWEST <= value <= _HIGHEST:
                value = 2 * (_LOWEST if value < _LOWEST else _HIGHEST) - value
            steps.append((Instant(at), value))
        self._value, self._count, self._news = value, count, news
        return steps

    def _jump(self) -> float:
        rng = self._rng
        size = self._news_size * (0.5 + 0.5 * rng.expovariate(1.0))
        return size if rng.getrandbits(1) else -size

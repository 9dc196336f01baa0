"""Signals: pressure on the price from books and trades, -1 to 1, positive means up, so against a buyer. Never a price.

Source: algorithms.md section 2.4; own orders and trades are removed by the caller. Order-flow imbalance after Cont, Kukanov
and Stoikov, "The price impact of order book events"; the micro-price after Stoikov, "The micro-price", in its simplest form.
`volume_change` is the notes' own, kept for comparison: it is unsigned and was measured as noise.
"""

from collections import deque
from collections.abc import Reversible, Sequence
from itertools import islice
from math import ceil, log

from depthwalk.domain.book import Book, Touch
from depthwalk.domain.units import CENT, Duration, Instant

Sample = tuple[Instant, float]
"""When, and a reading: an imbalance in -1 … 1, or a displayed volume."""


_NOTHING = 1e-6
"""What all samples together may weigh that are not looked at: nothing, beside a threshold of some percent."""


def order_flow_imbalance(before: Touch, after: Touch) -> float:
    """Return the imbalance between the touches of two books, scaled by their mean size and clipped to -1 … 1."""
    (bid0, bid_size0), (ask0, ask_size0) = before
    (bid1, bid_size1), (ask1, ask_size1) = after
    flow = 0
    if bid1 >= bid0:
        flow += bid_size1
    if bid1 <= bid0:
        flow -= bid_size0
    if ask1 <= ask0:
        flow -= ask_size1
    if ask1 >= ask0:
        flow += ask_size0
    scale = (bid_size0 + ask_size0 + bid_size1 + ask_size1) / 4
    imbalance = flow / scale
    return imbalance if -1.0 <= imbalance <= 1.0 else 1.0 if imbalance > 0 else -1.0


def touch_imbalance(touch: Touch) -> float:
    """Return (bid size - ask size) / (bid size + ask size)."""
    (_, bid_size), (_, ask_size) = touch
    return (bid_size - ask_size) / (bid_size + ask_size)


def micro_price_lead(touch: Touch) -> float:
    """Return how far the micro-price is above the mid, in cents, clipped to -1 … 1.

    The micro-price is the mean of bid and ask weighted by the size on the other side: half a spread times the touch imbalance
    above the mid. So it counts for more than the imbalance where the spread is wide.
    """
    (bid, _), (ask, _) = touch
    return max(-1.0, min(1.0, touch_imbalance(touch) * (ask - bid) / (2 * CENT)))


def trade_imbalance(bought: int, sold: int, touch: Touch) -> float:
    """Return (bought - sold) / (bought + sold + the mean size of the touch): quantities taken since the last look.

    The touch size in the denominator keeps one small trade from counting as much as a sweep (v-bar of the source).
    """
    return (bought - sold) / (bought + sold + (touch[0][1] + touch[1][1]) / 2)


def displayed(book: Book) -> float:
    """Return the whole quantity a book shows, both sides."""
    return float(sum(quantity for _, quantity in book.bids) + sum(quantity for _, quantity in book.asks))


def volume_change(samples: Sequence[Sample]) -> float:
    """Return the notes' momentum: the relative change of displayed volume from the oldest sample to the newest, at most 1.

    Unsigned, as they used it (algorithms.md, faults 14 and 15): any change of volume counts as pressure.
    """
    if not samples or not samples[0][1]:
        return 0.0
    return min(1.0, abs(samples[-1][1] - samples[0][1]) / samples[0][1])


def remember(samples: deque[Sample], sample: Sample, window: Duration) -> None:
    """Append a sample to those held, oldest first, and forget what is then older than *window*."""
    samples.append(sample)
    oldest = sample[0] - window
    while samples[0][0] < oldest:
        samples.popleft()


def momentum(samples: Reversible[Sample], alpha: float) -> float:
    """Return the exponential mean of the samples' imbalances, oldest first, starting from calm (0).

    A busy market leaves thousands of samples: those that no longer weigh anything are not looked at.
    """
    most = 1 if alpha >= 1 else ceil(log(_NOTHING) / log(1 - alpha))
    value = 0.0
    for _, imbalance in reversed(list(islice(reversed(samples), most))):
        value = alpha * imbalance + (1 - alpha) * value
    return value

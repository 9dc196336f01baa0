"""Signals: pressure on the price from books and trades, -1 to 1, positive means up, so against a buyer. Never a price.

Source: algorithms.md section 2.4; own orders and trades are removed by the caller. Order-flow imbalance after Cont, Kukanov
and Stoikov, "The price impact of order book events"; the micro-price after Stoikov, "The micro-price", in its simplest form.
`volume_change` is the notes' own, kept for comparison: it is unsigned and was measured as noise.
"""

from collections.abc import Sequence

from depthwalk.analysis.ema import ema
from depthwalk.domain.book import Book
from depthwalk.domain.units import CENT, Duration, Instant

Sample = tuple[Instant, float]
"""When, and a reading: an imbalance in -1 … 1, or a displayed volume."""


def order_flow_imbalance(before: Book, after: Book) -> float:
    """Return the imbalance between two two-sided books, scaled by the mean touch size and clipped to -1 … 1."""
    (bid0, bid_size0), (ask0, ask_size0) = before.bids[0], before.asks[0]
    (bid1, bid_size1), (ask1, ask_size1) = after.bids[0], after.asks[0]
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
    return max(-1.0, min(1.0, flow / scale))


def touch_imbalance(book: Book) -> float:
    """Return (bid size - ask size) / (bid size + ask size) at the touch of a two-sided book."""
    bid_size, ask_size = book.bids[0][1], book.asks[0][1]
    return (bid_size - ask_size) / (bid_size + ask_size)


def micro_price_lead(book: Book) -> float:
    """Return how far the micro-price of a two-sided book is above its mid, in cents, clipped to -1 … 1.

    The micro-price is the mean of bid and ask weighted by the size on the other side: half a spread times the touch imbalance
    above the mid. So it counts for more than the imbalance where the spread is wide.
    """
    (bid, _), (ask, _) = book.bids[0], book.asks[0]
    return max(-1.0, min(1.0, touch_imbalance(book) * (ask - bid) / (2 * CENT)))


def trade_imbalance(bought: int, sold: int, book: Book) -> float:
    """Return (bought - sold) / (bought + sold + the mean touch size of *book*): quantities taken since the last look.

    The touch size in the denominator keeps one small trade from counting as much as a sweep (v-bar of the source).
    """
    return (bought - sold) / (bought + sold + (book.bids[0][1] + book.asks[0][1]) / 2)


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


def remember(samples: Sequence[Sample], sample: Sample, window: Duration) -> tuple[Sample, ...]:
    """Append a sample and forget those older than *window*."""
    oldest = sample[0] - window
    return (*(kept for kept in samples if kept[0] >= oldest), sample)


def momentum(samples: Sequence[Sample], alpha: float) -> float:
    """Return the exponential mean of the samples' imbalances, starting from calm (0)."""
    value = 0.0
    for _, imbalance in samples:
        value = ema(value, imbalance, alpha)
    return value

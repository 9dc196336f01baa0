"""Signed pressure on the price from successive books: positive means up, so against a buyer. A signal, never a price.

Order-flow imbalance after Cont, Kukanov and Stoikov, "The price impact of order book events", with own orders removed by
the caller (algorithms.md section 2.4). Change of total volume is not used: it is unsigned and measured as noise.
"""

from collections.abc import Sequence

from depthwalk.analysis.ema import ema
from depthwalk.domain.book import Book
from depthwalk.domain.units import Duration, Instant

Sample = tuple[Instant, float]
"""When, and an imbalance in -1 … 1."""


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

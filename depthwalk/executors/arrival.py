"""The first usable book of a run turned into what everything later is measured against: target, cap, class, depths."""

from depthwalk.analysis.benchmarks import cap_price
from depthwalk.analysis.depth import liquidity_class, touch, up_to, within
from depthwalk.domain.book import Book
from depthwalk.domain.result import Arrival, Depths
from depthwalk.domain.units import CENT, Duration, Instant, cost, format_money
from depthwalk.errors import Refused
from depthwalk.executors.state import Run


def arrive(run: Run, book: Book, *, at: Instant, book_age: Duration, max_slippage: float) -> Arrival:
    """Take the arrival from a buyer's book, own orders removed. All prices of the result are the traded side's.

    The target is the user's, else the opposite best (design, section 6).

    Raises:
        Refused: there is no target to be had, or the order could cost more than allowed.

    """
    parent, space = run.parent, run.space
    target = parent.target
    if target is None:
        if book.best_ask is None:
            raise Refused("nobody offers the other side and no target was given")
        target = space.traded(book.best_ask)
    cap, origin = cap_price(
        parent.action, space.traded_grid(run.market.grid), target=target, limit=parent.limit, max_slippage=max_slippage
    )
    stake, most = cost(space.traded(cap), parent.quantity), run.rules.max_notional
    if most is not None and stake > most:
        raise Refused(f"it could cost {format_money(stake)} dollars; {run.rules.max_notional_name} is {format_money(most)}")
    bid, ask = space.traded_touch(book)
    ladder = book.asks
    return Arrival(
        at=at,
        bid=bid,
        ask=ask,
        depths=Depths(
            touch=touch(ladder),
            within_1=within(ladder, CENT),
            within_3=within(ladder, 3 * CENT),
            within_5=within(ladder, 5 * CENT),
            within_cap=up_to(ladder, space.traded(cap)),
        ),
        liquidity=liquidity_class(ladder, run.rules.liquidity),
        book_age=book_age,
        target=target,
        cap=cap,
        cap_origin=origin,
    )

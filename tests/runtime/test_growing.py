"""An order whose total grows slice by slice, while replies to its amends are lost: whole paper runs on a standing book."""

import asyncio
from random import Random

import httpx
import pytest

from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.market import FeeSchedule, MarketStatus
from depthwalk.domain.messages import AmendOrder, AmendRejected, OrderAmended, SubmitOrder
from depthwalk.domain.units import Price
from depthwalk.executors.state import EndAction
from depthwalk.executors.twap import Twap, TwapParams
from depthwalk.paper.exchange import PaperExchange
from depthwalk.paper.listing import Listing
from depthwalk.paper.shadow import ShadowBook
from depthwalk.wire.markets import MarketRecord
from tests.support.books import book
from tests.support.faults import Call, check, events, intents, scripted
from tests.support.paper_run import START, PaperRun, paper_run

TICKER = "STANDING-1"


def standing() -> PaperExchange:
    """Return an exchange whose one book never changes and on which nobody trades."""
    terms = MarketRecord(
        ticker=TICKER,
        event_ticker="STANDING",
        status=MarketStatus.ACTIVE,
        grid=STRUCTURES["linear_cent"],
        close_time=None,
        title="Nothing happens",
    )
    shown = ShadowBook([(START, book("40x100 39x50 | 44x30"))])
    listing = Listing(terms=terms, fees=FeeSchedule(), series_ticker="STANDING", book=shown, opened_at=START)
    return PaperExchange([listing], ids=Random(1), source="replay")


def growing(slices: int, lost: int, arrives: float | None) -> PaperRun:
    """Run 60 contracts in passive slices over 61.5 s; the amend number *lost* is not answered.

    *arrives*: so many seconds later it takes effect; None: never.
    """
    amends = 0
    tasks: list[asyncio.Task[object]] = []

    async def script(call: Call) -> httpx.Response:
        nonlocal amends
        amends += call.amend
        if call.amend and amends == lost:
            if arrives is not None:
                tasks.append(asyncio.ensure_future(later(call, arrives)))
            call.lose()
        return await call.forward()

    params = TwapParams(timeout_seconds=61.5, slices=slices, passive=True, end_action=EndAction.CANCEL)
    return paper_run(Twap(params), ticker=TICKER, quantity=6_000, wrap=scripted(script), exchange=standing())


async def later(call: Call, seconds: float) -> None:
    """Let the exchange have a call long after it was given up."""
    await asyncio.sleep(seconds)
    await call.forward()


def totals(run: PaperRun) -> list[int]:
    """What the order was to come to, write by write."""
    return [each.quantity if isinstance(each, SubmitOrder) else each.total for each in intents(run, SubmitOrder, AmendOrder)]


def test_slice_by_slice_one_order_grows() -> None:
    """Nothing is lost: six totals, one order, one price."""
    run = growing(6, 0, None)

    check(run)
    assert [1_000, 2_000, 3_000, 4_000, 5_000, 6_000] == totals(run)
    assert 1 == len(run.exchange.ledger.orders())
    assert {Price(4_100)} == {each.price for each in intents(run, SubmitOrder, AmendOrder)}


@pytest.mark.parametrize(("arrives", "found"), [(None, False), (0.5, True), (12.0, False), (25.0, False)])
def test_a_lost_amend_of_the_total_alone_is_found_out(arrives: float | None, found: bool) -> None:
    """The price says nothing, the total does: one that has not arrived is not taken for done, and the slices go on.

    Where it comes after all, long after it was settled as a no, the order is what the next slice makes of it.
    """
    run = growing(6, 2, arrives)

    check(run)
    assert 1 == len(run.exchange.ledger.orders())
    assert [1_000, 2_000, 3_000, 4_000, 5_000, 6_000] == totals(run)
    assert (0 if found else 1) == len(events(run, AmendRejected))
    assert 6_000 == events(run, OrderAmended)[-1].total


def test_a_lost_amend_that_took_effect_has_its_own_total() -> None:
    """The ledger believes the larger total at once, as the choke point counts with it."""
    run = growing(6, 2, 0.5)

    assert [2_000, 3_000, 4_000, 5_000, 6_000] == [event.total for event in events(run, OrderAmended)]

"""Grids that change, closes, pauses and reactivations in the middle of a run (kalshi-api.md sections 4 and 12)."""

from dataclasses import replace

import pytest

from depthwalk.domain.grid import STRUCTURES, Grid
from depthwalk.domain.messages import AmendOrder, MarketChanged, MarketClosed, OrderRejected, Reason, SubmitOrder
from depthwalk.domain.order import TimeInForce
from depthwalk.domain.units import Instant, Price, Quantity, seconds
from depthwalk.errors import RefusalReason
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalker, DynamicDepthWalkerParams
from depthwalk.executors.simple_limit import LimitRule, SimpleLimit, SimpleLimitParams
from depthwalk.executors.state import BEFORE_CLOSE, EndAction
from depthwalk.paper.build import synthetic_exchange
from tests.support.faults import check, events, intents, since_start
from tests.support.paper_run import START, Meddle, PaperRun, paper_run

TICKER = "PAPER-MODERATE"


def walker(lasts: float = 40.0) -> DynamicDepthWalker:
    """A walker that never crosses, so that something rests to the end."""
    return DynamicDepthWalker(DynamicDepthWalkerParams(timeout_seconds=lasts, end_action=EndAction.CANCEL))


def bidder(lasts: float = 60.0) -> SimpleLimit:
    """One order at the back of the own side's best."""
    return SimpleLimit(SimpleLimitParams(timeout_seconds=lasts, limit_rule=LimitRule.BID))


def set_grid(structure: str, after: float) -> Meddle:
    """Return a meddler that gives the market another grid after so many seconds."""

    async def meddle(run: PaperRun) -> None:
        await run.clock.sleep(seconds(after))
        listing = run.exchange.listings[TICKER]
        listing.terms = replace(listing.terms, grid=STRUCTURES[structure])

    return meddle


def sent_after(run: PaperRun, at: Instant) -> list[Price]:
    """Return the prices of creates and amends decided after a time."""
    return [
        intent.price
        for event, answer in run.journal.entries
        for intent in answer
        if event.at > at and isinstance(intent, SubmitOrder | AmendOrder)
    ]


@pytest.mark.parametrize("structure", ["deci_cent", "center_centi_edge_centi_cent", "center_half_edge_half_cent"])
def test_a_run_follows_the_grid(structure: str) -> None:
    """Whatever the grid becomes, finer or coarser: what is sent once that is known is on it, and the run goes to its end."""
    grid: Grid = STRUCTURES[structure]
    run = paper_run(walker(60), quantity=20_000, seed=3, meddle=set_grid(structure, 8))

    check(run)
    assert run.finish is not None
    assert run.finish.reason in (Reason.HORIZON, Reason.FILLED)
    changed = events(run, MarketChanged)
    assert [grid] == [event.market.grid for event in changed]
    later = sent_after(run, changed[0].at)
    assert later
    assert all(price in grid for price in later)


def test_a_price_refused_for_a_new_grid_is_priced_again() -> None:
    """The refusal is what tells us: the market is read at once, and the order goes out on the new grid."""
    exchange = synthetic_exchange(3, START)
    listing = exchange.listings[TICKER]
    listing.terms = replace(listing.terms, grid=STRUCTURES["deci_cent"])

    async def coarser(run: PaperRun) -> None:
        while not run.journal.entries:
            await run.clock.sleep(seconds(0.01))
        listing.terms = replace(listing.terms, grid=STRUCTURES["linear_cent"])

    run = paper_run(walker(20), quantity=20_000, seed=3, meddle=coarser, exchange=exchange)

    check(run)
    refused = [no for no in events(run, OrderRejected) if no.reason is RefusalReason.INVALID_PRICE]
    assert refused
    assert len(events(run, MarketChanged)) == 1
    assert run.finish is not None
    assert run.finish.reason in (Reason.HORIZON, Reason.FILLED)


def test_a_run_is_over_before_its_market_closes() -> None:
    """After the close not even a cancel is taken: the horizon ends before, and the end game is done in time."""
    exchange = synthetic_exchange(4, START)
    listing = exchange.listings[TICKER]
    close = Instant(START + seconds(45))
    listing.terms = replace(listing.terms, close_time=close)
    run = paper_run(walker(40 * 60), quantity=100_000, seed=4, exchange=exchange)

    check(run)
    assert run.finish is not None
    assert Reason.HORIZON is run.finish.reason
    assert close - BEFORE_CLOSE == run.executor.run.deadline
    assert run.journal.entries[-1][0].at < close


def test_a_close_that_comes_nearer_ends_the_run_in_time() -> None:
    """The market is read now and then: a close moved into the horizon is obeyed."""

    async def nearer(run: PaperRun) -> None:
        await run.clock.sleep(seconds(5))
        listing = run.exchange.listings[TICKER]
        listing.terms = replace(listing.terms, close_time=Instant(START + seconds(90)))

    run = paper_run(bidder(600), quantity=20_000, seed=3, meddle=nearer)

    check(run)
    assert run.finish is not None
    assert Reason.HORIZON is run.finish.reason
    assert since_start(run.journal.entries[-1][0]) < 90


def test_a_trading_pause_ends_the_run_and_is_named() -> None:
    """The pause cancels our orders, as they ask for; that is told from somebody else's cancel."""

    async def pause(run: PaperRun) -> None:
        await run.clock.sleep(seconds(7))
        run.exchange.pause(run.clock.now(), trading=False)

    run = paper_run(bidder(), quantity=20_000, seed=3, meddle=pause)

    check(run)
    assert run.finish is not None
    assert (Reason.MARKET_CLOSED, "trading is paused") == (run.finish.reason, run.finish.detail)
    assert since_start(run.journal.entries[-1][0]) < 15


def test_an_exchange_pause_refuses_cancels_and_is_outlasted() -> None:
    """While the exchange is down nothing can be canceled; the run stays until it can, and says why it ended."""

    async def pause(run: PaperRun) -> None:
        await run.clock.sleep(seconds(7))
        run.exchange.pause(run.clock.now(), trading=False, exchange=False)
        run.runner.stop("Ctrl-C")
        await run.clock.sleep(seconds(20))
        run.exchange.pause(run.clock.now())

    run = paper_run(walker(), quantity=20_000, seed=3, meddle=pause)

    check(run)
    assert run.finish is not None
    assert run.finish.reason in (Reason.STOPPED, Reason.MARKET_CLOSED)


def test_an_inactive_market_ends_the_run() -> None:
    """A market that takes no orders for now is as good as closed: what rests is canceled, nothing more is sent."""

    async def pause(run: PaperRun) -> None:
        await run.clock.sleep(seconds(7))
        run.exchange.listings[TICKER].paused = True

    run = paper_run(walker(), quantity=20_000, seed=3, meddle=pause)

    check(run)
    assert run.finish is not None
    assert (Reason.MARKET_CLOSED, "the market is inactive") == (run.finish.reason, run.finish.detail)
    assert not events(run, MarketClosed)


def test_orders_canceled_by_a_reactivation_are_not_placed_again() -> None:
    """A market made active again has canceled all resting orders: the run stops, whose doing that was is not known."""

    async def reactivate(run: PaperRun) -> None:
        await run.clock.sleep(seconds(7))
        run.exchange.cancel_all(run.clock.now())

    run = paper_run(bidder(), quantity=20_000, seed=3, meddle=reactivate)

    check(run)
    assert run.finish is not None
    assert Reason.STOPPED is run.finish.reason
    assert 1 == len(intents(run, SubmitOrder))


def test_an_order_canceled_elsewhere_while_its_amend_is_out_stops_the_run() -> None:
    """The amend is answered with 404 and the list says canceled: that was not us, so nothing is placed in its stead."""
    executor = walker(60)

    async def snipe(run: PaperRun) -> None:
        while not intents(run, AmendOrder):
            await run.clock.sleep(seconds(0.005))
        run.exchange.cancel_all(run.clock.now())

    run = paper_run(executor, quantity=20_000, seed=3, meddle=snipe)

    check(run)
    assert run.finish is not None
    assert Reason.STOPPED is run.finish.reason
    at = next(event.at for event, answer in run.journal.entries if any(isinstance(each, AmendOrder) for each in answer))
    created_later = [
        intent
        for event, answer in run.journal.entries
        for intent in answer
        if event.at > at + seconds(1) and isinstance(intent, SubmitOrder)
    ]
    assert not created_later
    assert all(each.time_in_force is TimeInForce.GOOD_TILL_CANCELED for each in intents(run, SubmitOrder))
    assert run.executor.desk.children.filled <= Quantity(20_000)

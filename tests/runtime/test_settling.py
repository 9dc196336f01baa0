"""Lists that lag and ids that exist already: what became of an order is found out by reading, twice if need be (design, D7)."""

import httpx

from depthwalk.domain.messages import OrderAccepted, OrderInDoubt, OrderRejected, Reason, SubmitOrder
from depthwalk.domain.order import Side, TimeInForce
from depthwalk.domain.units import Price, Quantity
from depthwalk.errors import DomainError, RefusalReason, StorageError
from depthwalk.executors.simple_limit import LimitRule, SimpleLimit, SimpleLimitParams
from depthwalk.wire.orders import CreateBody
from tests.support.faults import Call, Script, break_the_journal_at_the_first_fill, check, events, intents, recorded, scripted
from tests.support.paper_run import PaperRun, paper_run


def bidder() -> SimpleLimit:
    """One order at the own side's best."""
    return SimpleLimit(SimpleLimitParams(timeout_seconds=12.0, limit_rule=LimitRule.BID))


async def twice(call: Call) -> httpx.Response:
    """Deliver the first create twice; the client gets the second reply."""
    if call.create and call.creates == 1:
        await call.forward()
    return await call.forward()


def test_an_order_that_exists_already_is_read_and_taken_for_ours() -> None:
    """The network doubles a create and the answer is "already exists": the order is found, worked and canceled."""
    run = paper_run(bidder(), quantity=20_000, wrap=scripted(twice))

    check(run)
    assert 1 == len(events(run, OrderInDoubt))
    assert 1 == len(events(run, OrderAccepted))
    assert 1 == len(intents(run, SubmitOrder))
    assert run.finish is not None
    assert Reason.HORIZON is run.finish.reason


async def place_another_under_our_id(run: PaperRun) -> None:
    """Somebody has an order in the market under the id that our first one will have, on the other side."""
    body = CreateBody(
        ticker=run.parent.ticker,
        side=Side.SELL,
        price=Price(9_900),
        quantity=Quantity(20_000),
        time_in_force=TimeInForce.GOOD_TILL_CANCELED,
        client_id=run.parent.child_id(1),
    )
    run.exchange.create(run.clock.now(), body)


def test_an_order_of_another_side_does_not_settle_a_doubt() -> None:
    """An order under our id that is not what we sent does not say that ours arrived."""
    run = paper_run(bidder(), quantity=20_000, meddle=place_another_under_our_id)

    said = events(run, OrderInDoubt, OrderRejected, OrderAccepted)[:2]
    assert [OrderInDoubt, OrderRejected] == [type(event) for event in said]
    assert RefusalReason.NEVER_ARRIVED is said[1].reason
    assert 0 == recorded(run)


def lagging() -> Script:
    """Leave an order that has just come to rest out of the first list of orders that is read after it."""
    created: list[Call] = []

    async def script(call: Call) -> httpx.Response:
        if call.create:
            created.append(call)
        elif created and not call.write and call.request.url.path.endswith("/portfolio/orders"):
            created.clear()
            return call.answer(200, {"orders": [], "cursor": ""})
        return await call.forward()

    return script


def test_leaving_reads_an_empty_list_again() -> None:
    """The journal fails when an order comes to rest, and the venue's list does not have it yet: it is canceled all the same."""
    asks = SimpleLimit(SimpleLimitParams(timeout_seconds=30.0))
    run = paper_run(asks, quantity=90_000, wrap=scripted(lagging()), meddle=break_the_journal_at_the_first_fill)

    assert isinstance(run.error, StorageError)
    assert 1 == len(intents(run, SubmitOrder))
    assert 0 == run.resting


async def recover_only(run: PaperRun) -> None:
    """Make the runner one that recovers, whatever its executor wants."""
    run.runner._only_leaving = True


def test_a_runner_that_recovers_sends_nothing_new_whatever_its_executor_says() -> None:
    """An executor that wants to place an order then is at fault: the runner stops instead."""
    run = paper_run(bidder(), meddle=recover_only)

    assert isinstance(run.error, DomainError)
    assert "recovery sends nothing new" in run.error.message
    assert 0 == len(run.exchange.ledger.orders())

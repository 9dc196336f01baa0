"""Plan sheets as `plan` would make them, from books in text."""

from dataclasses import replace

from depthwalk.analysis.budget import Allowance, Costs, Pace, tokens
from depthwalk.analysis.depth import liquidity_class, touch, within
from depthwalk.analysis.fill_probability import Tape
from depthwalk.analysis.plans import (
    BookFacts,
    FlowFacts,
    Objection,
    Plan,
    PlanSheet,
    plan_orders,
    sweet_spot,
    worst_case,
)
from depthwalk.assembly.expectation import expect
from depthwalk.domain.market import FeeSchedule
from depthwalk.domain.messages import BookChanged, LiquidityRule, Look, Rules, Started, SubmitOrder
from depthwalk.domain.order import Action, Outcome, ParentOrder
from depthwalk.domain.result import Depths, LiquidityClass
from depthwalk.domain.units import CENT, Duration, Money, seconds
from depthwalk.executors.registry import ALGORITHMS, default_parameters, make_executor
from tests.support.books import book, contracts, market
from tests.support.venue import T0, parent

COSTS = Costs(
    create=10,
    amend=10,
    cancel=2,
    list_orders=10,
    read_order=2,
    read_book=10,
    read_fills=10,
    read_trades=10,
    read_as_of=10,
    read_market=20,
)
ALLOWANCE = Allowance(write_rate=90_000, write_capacity=90_000, read_rate=180_000, read_capacity=180_000)
PACE = Pace(splits=2, creates=1, steps=10, walks=3, renewals=1, polls=3, watches=2, look=Look.BOOK, crosses=True)
FLOW = FlowFacts(liquidity=LiquidityClass.LIQUID, tape=Tape(trades=3, volume=contracts(14), span=seconds(120)))


def plan_of(algorithm: str, order: ParentOrder, text: str) -> Plan:
    """Return the plan of an algorithm's own first decision on a book."""
    params = default_parameters(algorithm)
    executor = make_executor(algorithm, params)
    started = Started(at=T0, parent=order, market=market(), rules=Rules(max_notional=Money(500_000_000)))
    seen = BookChanged(at=T0, book=book(text), confirmed_at=T0)
    executor.handle(started)
    intents = executor.handle(seen)
    sent = [intent for intent in intents if isinstance(intent, SubmitOrder)]
    plan = Plan(
        algorithm=algorithm,
        quantity=order.quantity,
        horizon=executor.run.horizon,
        end_action=executor.base.end_action.value,
        hold=executor.watch.hold,
        refused=None if executor.finish is None else executor.finish.detail,
    )
    if executor.arrival is None or executor.watch.sight is None:
        return plan
    why = {split.index: split.why for split in executor.desk.splits}
    planned = plan_orders(order, FeeSchedule(), executor.watch.sight.book, sent, why, flow=FLOW.flow, time=seconds(38.5))
    expected = expect(algorithm, params, started, seen, FLOW.flow)
    assert expected is not None
    spot = sweet_spot(executor.watch.sight.book.asks, order.quantity)
    return replace(
        plan,
        arrival=executor.arrival,
        orders=planned,
        sweet_spot=None if spot is None else executor.run.space.traded(spot),
        forecast=expected.forecast,
        worst=worst_case(order, FeeSchedule(), sent, executor.arrival.cap),
        tokens=tokens(PACE, COSTS, opening=70, opening_calls=7, allowance=ALLOWANCE, period=seconds(40)),
    )


def sheet(
    text: str,
    *,
    quantity: int = 10_000,
    outcome: Outcome = Outcome.YES,
    action: Action = Action.BUY,
    objections: tuple[Objection, ...] = (),
    chosen: str | None = "simple_limit",
    detailed: tuple[str, ...] = ("simple_limit",),
) -> PlanSheet:
    """Return the sheet of our algorithms on a book; *quantity* in hundredths."""
    order = parent(quantity, outcome=outcome, action=action)
    seen = book(text)
    best = [None if price is None else order.own_price(price) for price in (seen.best_bid, seen.best_ask)]
    bid, ask = best if outcome is Outcome.YES else reversed(best)
    facts = BookFacts(
        bid=bid,
        ask=ask,
        depths=Depths(
            touch=touch(seen.asks),
            within_1=within(seen.asks, CENT),
            within_3=within(seen.asks, 3 * CENT),
            within_5=within(seen.asks, 5 * CENT),
            within_cap=within(seen.asks, CENT),
        ),
        liquidity=liquidity_class(seen.asks, LiquidityRule()),
        age=Duration(110_000),
    )
    return PlanSheet(
        parent=order,
        environment="paper",
        source="synthetic",
        at=T0,
        chosen=chosen,
        plans=tuple(plan_of(name, order, text) for name in ALGORITHMS),
        detailed=detailed,
        book=facts if seen.asks else None,
        flow=FLOW if seen.asks else None,
        objections=objections,
        seed=7,
    )

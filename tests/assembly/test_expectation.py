"""An algorithm driven to its end on a book that stands still: by hand where it can be, mirrored, and as properties of all."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthwalk.analysis.fill_probability import PRIORS, Flow, expected_fill, spot
from depthwalk.assembly.expectation import Expectation, expect
from depthwalk.assembly.token_price import first_decision
from depthwalk.domain.book import Book
from depthwalk.domain.market import FeeSchedule, FeeType
from depthwalk.domain.messages import BookChanged, Reason, Rules, Started
from depthwalk.domain.order import Action, Outcome, ParentOrder, Side
from depthwalk.domain.result import LiquidityClass
from depthwalk.domain.units import Money, Price, Quantity, seconds
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalkerParams
from depthwalk.executors.registry import ALGORITHMS, default_parameters
from depthwalk.executors.simple_limit import LimitRule, SimpleLimitParams
from depthwalk.executors.state import BaseParams, EndAction
from depthwalk.executors.twap import TwapParams
from tests.support.books import book, cents, contracts, market
from tests.support.venue import T0, parent

THIN = PRIORS[LiquidityClass.THIN]
NOBODY = replace(THIN, trades=0.0, life=1e9)
SHOWN = book("40x20 39x30 | 43x10 44x30 46x100")


def _expected(
    params: BaseParams,
    *,
    name: str | None = None,
    order: ParentOrder | None = None,
    shown: Book = SHOWN,
    flow: Flow = THIN,
    fees: FeeSchedule | None = None,
    rules: Rules | None = None,
) -> Expectation | None:
    found = market() if fees is None else replace(market(), fees=fees)
    started = Started(at=T0, parent=order or parent(4_000), market=found, rules=rules or Rules())
    names = {spec.params: known for known, spec in ALGORITHMS.items()}
    seen = BookChanged(at=T0, book=shown, confirmed_at=T0)
    return expect(name or names[type(params)], params, started, seen, flow)


def _sure(*args: object, **keywords: object) -> Expectation:
    found = _expected(*args, **keywords)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_one_order_left_alone_is_filled_as_the_formula_says() -> None:
    """10 taken at the ask; of the other 30 what comes in the 28.5 s to the end game; fees on the taken 10 only."""
    result = _sure(SimpleLimitParams()).result
    rest = int(expected_fill(THIN, spot(SHOWN, cents(43)), contracts(30), seconds(28.5)))
    assert 0 < rest < contracts(30)
    assert contracts(10) + rest == result.filled
    assert (rest, Reason.HORIZON) == (result.maker_filled, result.finish.reason)
    assert Money(171_600) == result.fees  # 0.07 x 10 x 0.43 x 0.57 = $0.171570 -> $0.1716


def test_where_nobody_comes_the_end_takes_what_is_displayed() -> None:
    """A walker at a dead market: the 10 at 43 and the 30 at 44 within the cap, and never one more; nothing as maker."""
    params = DynamicDepthWalkerParams(max_slippage=0.025)
    result = _sure(params, order=parent(6_000), flow=NOBODY).result
    assert (contracts(40), Quantity(0)) == (result.filled, result.maker_filled)
    left = _sure(replace(params, end_action=EndAction.CANCEL, max_walks=0), order=parent(6_000), flow=NOBODY).result
    assert 0 == left.filled


def test_what_was_taken_comes_back_at_the_pace_of_the_class() -> None:
    """Ten slices on 10 contracts within the cap: all 40 where orders live for a second, just those 10 where for ever."""
    params = TwapParams(max_slippage=0.0, end_action=EndAction.CANCEL)
    one_level = book("40x20 | 43x10")
    quick, dead = (_sure(params, shown=one_level, flow=replace(THIN, life=life)).result for life in (0.5, 1e9))
    assert (contracts(40), contracts(10)) == (quick.filled, dead.filled)
    assert quick.paid == 43 * 100 * contracts(40)
    slow = _sure(params, shown=one_level, flow=THIN).result
    assert contracts(10) < slow.filled < contracts(40)


def test_the_fees_of_a_maker_are_counted_where_there_are_some() -> None:
    """A quarter of the rate on what rested; a table that is not in the API: said, and the rest is as it would be."""
    maker = FeeSchedule(fee_type=FeeType.QUADRATIC_WITH_MAKER_FEES)
    params = SimpleLimitParams(limit_rule=LimitRule.BID)
    free, dear = _sure(params), _sure(params, fees=maker)
    assert (True, 0) == (free.fees_known, free.result.fees)
    assert dear.result.fees > 0
    flat = _sure(params, fees=FeeSchedule(fee_type=FeeType.FLAT))
    assert (False, free.result.filled) == (flat.fees_known, flat.result.filled)
    assert (None, None) == (flat.forecast.filled.fees, flat.forecast.shortfall)
    assert (free.result.fees, free.result.shortfall.total) == (free.forecast.filled.fees, free.forecast.shortfall)


def test_nothing_is_expected_where_nothing_would_be_sent() -> None:
    """Crossed, refused for want of an offer, refused for money."""
    params = SimpleLimitParams()
    assert _expected(params, shown=book("45x10 | 44x10")) is None
    assert _expected(params, shown=book("40x10 |")) is None
    assert _expected(params, rules=Rules(max_notional=Money(1))) is None


def test_a_run_of_a_day_is_not_followed() -> None:
    """43,200 looks: a plan has to be there at once."""
    assert _expected(SimpleLimitParams(timeout_seconds=86_400), order=parent(4_000_000)) is None


@pytest.mark.parametrize("name", ALGORITHMS)
def test_it_begins_as_the_plan_does(name: str) -> None:
    """The first price of every split is that of the algorithm's first decision: nothing here has an opinion of its own."""
    order, params = parent(4_000), default_parameters(name)
    started = Started(at=T0, parent=order, market=market(), rules=Rules())
    first = first_decision(name, params, started, BookChanged(at=T0, book=SHOWN, confirmed_at=T0))
    result = _sure(params, name=name).result
    begun = {split.level: split.history[0].price for split in result.splits if split.history}
    assert {order.split + 1: order.price for order in first.orders} == begun


@pytest.mark.parametrize("structure", ["linear_cent", "tapered_deci_cent"])
@pytest.mark.parametrize("name", ALGORITHMS)
def test_the_mirrored_order_on_the_mirrored_book_is_expected_to_do_the_same(name: str, structure: str) -> None:
    """Buying NO where YES was bought, books mirrored: the same contracts for the same money, to the last unit."""
    params, venue = default_parameters(name), market(structure)
    results = []
    for outcome, shown in ((Outcome.YES, SHOWN), (Outcome.NO, SHOWN.mirrored())):
        started = Started(at=T0, parent=parent(4_000, outcome=outcome), market=venue, rules=Rules())
        found = expect(name, params, started, BookChanged(at=T0, book=shown, confirmed_at=T0), THIN)
        assert found is not None
        results.append(found.result)
    yes, no = results
    assert (yes.filled, yes.paid, yes.fees, yes.maker_filled, yes.walks, yes.shortfall) == (
        no.filled, no.paid, no.fees, no.maker_filled, no.walks, no.shortfall,
    )  # fmt: skip


def _levels(low: int, high: int) -> st.SearchStrategy[list[tuple[Price, Quantity]]]:
    return st.lists(st.tuples(st.integers(low, high).map(cents), st.integers(1, 90).map(contracts)), min_size=1, max_size=5)


@pytest.mark.parametrize("name", ALGORITHMS)
@given(
    bids=_levels(2, 48),
    asks=_levels(50, 97),
    quantity=st.integers(1, 300),
    outcome=st.sampled_from(Outcome),
    action=st.sampled_from(Action),
    flow=st.sampled_from([NOBODY, *PRIORS.values()]),
    data=st.data(),
)
@settings(max_examples=20)
def test_what_is_expected_is_possible(
    name: str,
    bids: list[tuple[Price, Quantity]],
    asks: list[tuple[Price, Quantity]],
    quantity: int,
    outcome: Outcome,
    action: Action,
    flow: Flow,
    data: st.DataObject,
) -> None:
    """Any sound book, both sides: it ends by itself, no more than asked for, nothing beyond the cap, never a fault."""
    shown = Book.of_levels(bids=bids, asks=asks)
    end = data.draw(st.sampled_from(EndAction))
    order = parent(contracts(quantity), outcome=outcome, action=action)
    found = _expected(replace(default_parameters(name), end_action=end), name=name, order=order, shown=shown, flow=flow)
    assert found is not None
    result = found.result
    assert result.finish.reason in (Reason.FILLED, Reason.HORIZON)
    assert 0 <= result.filled <= order.quantity
    assert (Reason.FILLED is result.finish.reason) == (result.filled == order.quantity)
    assert result.arrival is not None
    if result.filled:
        worse = result.paid - result.arrival.cap * result.filled
        assert (worse if action is Action.BUY else -worse) <= 0
    if flow is NOBODY:
        offered = shown.asks if order.side is Side.BUY else shown.bids
        assert 0 == result.maker_filled
        assert result.filled <= sum(size for _, size in offered)

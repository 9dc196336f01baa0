"""Which algorithms `--algo auto` chooses between, on which class of book, and what it refuses before anything is read."""

import asyncio
from dataclasses import replace
from itertools import product

import httpx
import pytest

from depthwalk.analysis.routing import draw_of
from depthwalk.assembly.routing import Arms, Routed, arms_of, class_seen, prospect, route
from depthwalk.clock import ManualClock
from depthwalk.config import ClassShares, Config, ExecutionConfig, RolloutConfig
from depthwalk.domain.book import Book
from depthwalk.domain.messages import BookChanged, ForeignOrder, LiquidityRule, Rules, Started, SubmitOrder
from depthwalk.domain.order import Action, Outcome, ParentOrder, Side, TimeInForce
from depthwalk.domain.result import LiquidityClass
from depthwalk.domain.routing import Routing
from depthwalk.domain.units import CONTRACT, Instant, Price, Quantity, seconds
from depthwalk.errors import UsageError
from depthwalk.executors.registry import ALGORITHMS
from depthwalk.executors.state import EndAction
from depthwalk.kalshi.client import KalshiClient
from depthwalk.paper.app import create_app
from tests.support import paper
from tests.support.books import book, cents, market
from tests.support.kalshi_client import CountingKey, client
from tests.support.venue import T0, parent

WALKER = "dynamic_depth_walker"
MODERATE = "40x1000 | 44x60 45x30"


def _config(**rollout: object) -> Config:
    return Config(rollout=RolloutConfig(**rollout))  # type: ignore[arg-type]


def _arms(config: Config | None = None, **overrides: object) -> Arms:
    return arms_of(config or Config(), "auto", None, overrides)


def _seen(shown: str | Book, *foreign: ForeignOrder, age: float = 0) -> BookChanged:
    known = book(shown) if isinstance(shown, str) else shown
    return BookChanged(at=T0, book=known, confirmed_at=Instant(T0 - seconds(age)), foreign=foreign)


def _class(shown: str | Book, *foreign: ForeignOrder, order: ParentOrder | None = None, age: float = 0) -> object:
    started = Started(at=T0, parent=order or parent(), market=market(), rules=Rules())
    found = class_seen(started, _seen(shown, *foreign, age=age), Config().params_for())
    return found.liquidity.value if found.liquidity else found.why_not


# --- what may be drawn ---


def test_a_named_algorithm_is_alone() -> None:
    """By name, by a method, as configured: no second arm."""
    for name, method, expected in ((None, None, "simple_limit"), (WALKER, None, WALKER), (None, "urgent", WALKER)):
        arms = arms_of(Config(), name, method, {"timeout_seconds": 9})
        assert (expected, None) == (arms.control.name, arms.candidate)
        assert Config().params_for(name, method, {"timeout_seconds": 9}) == arms.control.params


def test_auto_is_between_the_configured_and_the_one_that_is_tried() -> None:
    """What the request sets holds for both; all else is each one's own."""
    arms = _arms(timeout_seconds=9, end_action="cancel")
    assert arms.candidate is not None
    assert ("simple_limit", WALKER) == (arms.control.name, arms.candidate.name)
    for name, params in (arms.control, arms.candidate):
        assert (9, EndAction.CANCEL) == (params.timeout_seconds, params.end_action)
        assert Config().params_for(name, None, {"timeout_seconds": 9, "end_action": "cancel"}) == params


@pytest.mark.parametrize(
    ("config", "method", "overrides", "words"),
    [
        (Config(execution=ExecutionConfig(algorithm=WALKER)), None, {}, f"rollout.algorithm are both {WALKER}"),
        (Config(), "aggressive_nfl_advanced", {}, f"'aggressive_nfl_advanced' is of {WALKER}, and --algo auto draws"),
        (Config(), "slow", {}, "unknown method 'slow'"),
        (Config(), None, {"max_walks": 3}, "simple_limit, which --algo auto may draw, has no max_walks"),
        (Config(), None, {"limit_rule": "bid"}, f"{WALKER}, which --algo auto may draw, has no limit_rule"),
        (Config(), None, {"timeout_seconds": -1}, "simple_limit.timeout_seconds: found -1"),
    ],
)
def test_what_cannot_be_drawn_is_refused(config: Config, method: str | None, overrides: dict[str, object], words: str) -> None:
    """One line, exit 2: two arms that are one, a method, an override that one of the two does not know or take."""
    with pytest.raises(UsageError, match=words):
        arms_of(config, "auto", method, overrides)


def test_auto_is_no_algorithm() -> None:
    """The name is taken."""
    assert "auto" not in ALGORITHMS


# --- the class ---


@pytest.mark.parametrize(("outcome", "action"), list(product(Outcome, Action)))
def test_the_class_is_that_of_the_side_he_takes_from(outcome: Outcome, action: Action) -> None:
    """The same for all four intents on the book each sees: the queue on his own side is no liquidity."""
    order = parent(outcome=outcome, action=action)
    for shown, expected in (
        ("40x1000 | 44x60 47x40", "liquid"),
        ("40x1000 | 44x60 48x400", "moderate"),
        ("40x1000 | 44x49 47x0.99", "thin"),
    ):
        leg = book(shown) if order.side is Side.BUY else book(shown).mirrored()
        assert expected == _class(leg, order=order)


def test_the_classes_are_as_configured() -> None:
    """Other thresholds, other classes."""
    rules = Rules(liquidity=LiquidityRule(liquid=Quantity(90 * CONTRACT)))
    started = Started(at=T0, parent=parent(), market=market(), rules=rules)
    assert LiquidityClass.LIQUID is class_seen(started, _seen(MODERATE), Config().params_for()).liquidity


def test_our_own_orders_are_no_liquidity() -> None:
    """Taken out before the book is classed; a book that lacks them is older than they and has no class."""
    own = ForeignOrder(side=Side.SELL, price=cents(44), quantity=Quantity(45 * CONTRACT))
    assert ("moderate", "thin") == (_class(MODERATE), _class(MODERATE, own))
    assert "the book is older than our orders in it" == _class("40x1000 | 45x90", own)


@pytest.mark.parametrize(
    ("shown", "age", "why"),
    [
        ("| 44x60", 0, "the book has one side only"),
        ("40x60 |", 0, "the book has one side only"),
        ("|", 0, "the book is empty"),
        ("45x60 | 44x60", 0, "the book is crossed"),
        ("44x60 | 44x60", 0, "the book is locked"),
        (MODERATE, 10.1, "the book took too long to come"),
    ],
)
def test_a_book_that_nothing_is_decided_on_has_no_class(shown: str, age: float, why: str) -> None:
    """As an execution would not begin on it, or could not have both arms do well; with the reason."""
    assert why == _class(shown, age=age)


# --- the decision ---


def _routed(
    config: Config, *, shown: str = MODERATE, arms: Arms | None = None, own: tuple[int, int] | None = None
) -> tuple[Routed, int]:
    """Route on a paper exchange, perhaps with an ask of our own resting there; return the number of reads too."""
    clock, key = ManualClock(paper.START), CountingKey()
    app = create_app(paper.exchange(book(shown)), clock, {"key-id": key.key.public_key()})
    reader = client(clock=clock, key=key, transport=httpx.ASGITransport(app), writes_enabled=own is not None)

    async def work() -> tuple[Routed, int]:
        if own is not None:
            await _rest(reader, *own)
        asked = clock.now()
        seen = BookChanged(at=clock.now(), book=await reader.book(paper.TICKER), confirmed_at=asked)
        order = replace(parent(), ticker=paper.TICKER)
        started = Started(at=clock.now(), parent=order, market=await reader.market(paper.TICKER), rules=config.rules())
        before = reader.usage.calls
        found = await route(reader, started, seen, arms=arms or _arms(config), rollout=config.rollout)
        return found, reader.usage.calls - before

    return asyncio.run(work())


async def _rest(writer: KalshiClient, price: int, contracts: int) -> None:
    order = SubmitOrder(
        client_id="by-hand-1",
        split=0,
        side=Side.SELL,
        price=Price(price * 100),
        quantity=Quantity(contracts * CONTRACT),
        time_in_force=TimeInForce.GOOD_TILL_CANCELED,
    )
    await writer.submit(await writer.market(paper.TICKER), order)


def test_the_share_of_the_class_decides() -> None:
    """With the draw of this very execution; class, share, draw and both names are in the decision, and a note says it."""
    draw = draw_of(parent().parent_id)
    for share, name in ((0, "simple_limit"), (draw, "simple_limit"), (draw + 1, WALKER), (1_000_000, WALKER)):
        config = _config(share=1.0 - share / 1_000_000, shares=ClassShares(moderate=share / 1_000_000))
        found, reads = _routed(config)
        arms = _arms(config)
        assert 1 == reads
        assert (arms.control if name == "simple_limit" else arms.candidate) == found.arm
        expected = Routing(control="simple_limit", candidate=WALKER, liquidity=LiquidityClass.MODERATE, share=share, draw=draw)
        assert expected == found.routing
        assert [True] == [each.startswith(f"auto: {name}, as the draw 0.") for each in found.notes]


def test_the_accounts_orders_are_read_and_taken_out() -> None:
    """110 contracts with 50 of our own among them are no liquid book; the book goes on with its orders known."""
    config = _config(share=1.0, shares=ClassShares(liquid=0.0))
    assert LiquidityClass.LIQUID is getattr(_routed(config, shown="40x9 | 44x110")[0].routing, "liquidity", None)

    found, _ = _routed(config, shown="40x9 | 44x60", own=(45, 50))
    assert Quantity(110 * CONTRACT) == sum(quantity for _, quantity in found.seen.book.asks)
    assert (ForeignOrder(side=Side.SELL, price=cents(45), quantity=Quantity(50 * CONTRACT)),) == found.seen.foreign
    assert (WALKER, LiquidityClass.MODERATE) == (found.arm.name, getattr(found.routing, "liquidity", None))


def test_without_a_class_the_control_runs() -> None:
    """Share 1 or not; the reason is noted, the draw kept, no share claimed."""
    found, _ = _routed(_config(share=1.0), shown="| 44x60")
    assert ("simple_limit", ("auto: simple_limit, as the book has one side only",)) == (found.arm.name, found.notes)
    routing = found.routing
    assert routing is not None
    assert (None, None, draw_of(parent().parent_id)) == (routing.liquidity, routing.share, routing.draw)


def test_a_named_algorithm_costs_no_read() -> None:
    """Nothing is drawn, nothing noted, the book goes on as it came."""
    arms = arms_of(Config(), WALKER, None, {})
    found, reads = _routed(Config(), arms=arms)
    assert (0, arms.control, None, ()) == (reads, found.arm, found.routing, found.notes)
    assert () == found.seen.foreign


def test_a_plan_says_what_would_be_drawn_from() -> None:
    """The share of the class, or that it would not be drawn; nothing for a named algorithm."""
    config = _config(share=0.5, shares=ClassShares(moderate=0.25))
    started = Started(at=T0, parent=parent(), market=market(), rules=config.rules())
    words = prospect(_arms(config), config.rollout, started, _seen(MODERATE))
    assert f"auto: in a moderate book {WALKER} has the share 0.25, simple_limit the rest; each run draws" == words
    assert "auto: simple_limit, as the book is empty" == prospect(_arms(config), config.rollout, started, _seen("|"))
    assert "" == prospect(arms_of(config, WALKER, None, {}), config.rollout, started, _seen(MODERATE))

"""What signals do to a run: which are heard, whose side they are on, how they add up; that they only hurry or slow it down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.domain.messages import Look, PublicTrade, TapeRead, WakeAt
from depthwalk.domain.order import Action, Outcome, Side
from depthwalk.domain.units import Instant, Price, seconds
from depthwalk.executors.registry import ALGORITHMS, default_parameters, make_executor
from depthwalk.executors.signals import Momentum, SignalParams, Signals
from depthwalk.executors.spread_walker import SpreadWalkerParams
from depthwalk.executors.state import EndAction
from tests.support.books import book, cents, contracts, market
from tests.support.scene import sight
from tests.support.venue import T0, Venue, parent

SIGNALED = [name for name, spec in ALGORITHMS.items() if issubclass(spec.params, SignalParams)]
SILENT: dict[str, object] = dict.fromkeys(
    ("trade_imbalance", "order_flow_imbalance", "touch_imbalance", "micro_price", "dry_up"), False
)


def params(**overrides: object) -> SignalParams:
    """Return parameters with every signal off but what is said; the newest sample is all that counts."""
    return SpreadWalkerParams(**(SILENT | {"ema_alpha": 1.0} | overrides))  # type: ignore[arg-type] # real fields


def see(signals: Signals, text: str, at: float = 0, cap: float = 50) -> Signals:
    """Show a buyer's book."""
    signals.observe(Instant(T0 + seconds(at)), sight(book(text)), cents(cap))
    return signals


def trade(taker: Side, size: float, at: float = 0) -> PublicTrade:
    """Return a trade of others."""
    return PublicTrade(
        trade_id=f"{at}", at=Instant(T0 + seconds(at)), price=Price(4_200), quantity=contracts(size), taker=taker
    )


# --- one by one -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("switches", "momentum"),
    [
        ({}, 0.0),
        ({"order_flow_imbalance": True}, 4 / 11),  # the bid has grown by 4; the mean touch is 11
        ({"touch_imbalance": True}, 4 / 24),  # 14 against 10
        ({"micro_price": True}, 4 / 24 * 2),  # two cents of half a spread
        ({"trade_imbalance": True}, 9 / (15 + 12)),  # 12 bought, 3 sold; the touch is 12 on average
        ({"touch_imbalance": True, "micro_price": True}, 4 / 24 * 1.5),
        (dict.fromkeys(("order_flow_imbalance", "trade_imbalance"), True), (4 / 11 + 9 / 27) / 2),
    ],
)
def test_momentum_is_the_mean_of_what_is_on(switches: dict[str, object], momentum: float) -> None:
    """Each by hand; a buyer, so what pushes the price up is against it."""
    signals = see(Signals(params(**switches)), "40x10 | 44x10")
    signals.read_tape([trade(Side.BUY, 12), trade(Side.SELL, 3)], Side.BUY)

    assert pytest.approx(momentum) == see(signals, "40x14 | 44x10", 4).adverse


@pytest.mark.parametrize(("side", "sign"), [(Side.BUY, 1), (Side.SELL, -1)])
def test_takers_on_our_side_run_against_us(side: Side, sign: int) -> None:
    """Others that buy are bad for a buyer of the YES leg and good for a seller."""
    signals = see(Signals(params(trade_imbalance=True)), "40x10 | 44x10")
    signals.read_tape([trade(Side.BUY, 10)], side)

    assert sign * 0.5 == see(signals, "40x10 | 44x10", 4).adverse


def test_trades_count_once_and_together() -> None:
    """Two readings before one book add up; the next book begins with none."""
    signals = see(Signals(params(trade_imbalance=True)), "40x10 | 44x10")
    signals.read_tape([trade(Side.BUY, 5)], Side.BUY)
    signals.read_tape([trade(Side.BUY, 5)], Side.BUY)

    assert 0.5 == see(signals, "40x10 | 44x10", 4).adverse
    assert 0.0 == see(signals, "40x10 | 44x10", 8).adverse


def test_trades_before_the_first_book_are_not_the_runs() -> None:
    """What was printed before anything was seen says nothing about what has changed since."""
    signals = Signals(params(trade_imbalance=True))
    signals.read_tape([trade(Side.BUY, 500)], Side.BUY)

    assert 0.0 == see(see(signals, "40x10 | 44x10"), "40x10 | 44x10", 4).adverse


def test_a_book_without_a_side_is_no_sample() -> None:
    """The trades meanwhile are kept for the next one with both, which is compared with the last one with both."""
    signals = see(Signals(params(trade_imbalance=True, order_flow_imbalance=True)), "40x10 | 44x10")
    signals.read_tape([trade(Side.BUY, 10)], Side.BUY)
    assert 0.0 == see(signals, "| 44x10", 4).adverse

    assert pytest.approx((10 / 22 + 4 / 11) / 2) == see(signals, "40x14 | 44x10", 8).adverse


def test_volume_is_the_notes_own_momentum() -> None:
    """Displayed volume from 20 to 26: 0.3, whichever side; to 14: 0.3 too; unsigned, so never for us."""
    for after in ("40x16 | 44x10", "40x10 39x6 | 44x10", "40x10 | 44x16", "40x4 | 44x10"):
        signals = see(Signals(params(momentum=Momentum.VOLUME)), "40x10 | 44x10")
        assert pytest.approx(0.3) == see(signals, after, 4).adverse


def test_volume_forgets_what_has_left_the_window() -> None:
    """Thirty seconds: 20 at 0 s is the base until 30 s, 40 at 20 s from then on."""
    signals = see(Signals(params(momentum=Momentum.VOLUME)), "40x10 | 44x10")
    see(signals, "40x30 | 44x10", 20)

    assert 1.0 == see(signals, "40x30 | 44x10", 30).adverse
    assert 0.0 == see(signals, "40x30 | 44x10", 31).adverse


def test_momentum_is_a_mean_over_time() -> None:
    """Alpha 0.3: two readings of 0.5 make 0.15 and 0.255."""
    signals = see(Signals(params(touch_imbalance=True, ema_alpha=0.3)), "40x30 | 44x10")
    assert pytest.approx(0.15) == signals.adverse

    assert pytest.approx(0.255) == see(signals, "40x30 | 44x10", 4).adverse


# --- drying up ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("left", "dry"), [(46, False), (45, True), (0, True)])
def test_depth_dries_up_by_half(left: int, dry: bool) -> None:
    """90 within the cap of 45: dry at 45 and below, whatever is offered beyond the cap."""
    signals = see(Signals(params(dry_up=True)), "40x10 | 44x30 45x60", cap=45)
    assert not signals.drying_up

    assert dry is see(signals, f"40x10 | 44x{left} 46x900", 4, cap=45).drying_up


def test_depth_that_stays_low_is_no_longer_dry() -> None:
    """The mean comes down to it: 90, 69, 54.3, 44.0, of which 20 is less than half; 36.8, of which it is more."""
    signals = see(Signals(params(dry_up=True, ema_alpha=0.3)), "40x10 | 44x90")
    dry = [see(signals, "40x10 | 44x20", 4 * k).drying_up for k in range(1, 6)]

    assert [True, True, True, True, False] == dry


def test_switched_off_nothing_dries_up() -> None:
    """Not even an ask side that has gone."""
    signals = see(Signals(params()), "40x10 | 44x90")

    assert not see(signals, "40x10 |", 4).drying_up


# --- what they do ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("books", "limit", "words"),
    [
        (("40x10 | 44x10",), 0.5, []),
        (("40x12 | 44x10",), 0.5, []),  # 0.09
        (("40x13 | 44x10",), 0.75, ["momentum +0.13 against us"]),
        (("40x16 | 44x10",), 1.5, ["momentum +0.23 against us"]),
        (("40x10 | 44x13",), 0.4, ["momentum -0.13 for us"]),
        (("40x10 | 44x90", "40x10 | 44x10"), 1.5, ["depth dries up"]),
        (("40x10 | 44x90", "40x10 | 44x13"), 1.5, ["momentum -0.13 for us", "depth dries up"]),
    ],
)
def test_they_set_how_far_a_step_may_go(books: tuple[str, ...], limit: float, words: list[str]) -> None:
    """Half a cent; three quarters from 0.10 against us, one and a half from 0.20 or when depth dries up; 0.4 for us."""
    signals = Signals(params(touch_imbalance=True, dry_up=True))
    for number, text in enumerate(books):
        see(signals, text, 4 * number)

    assert pytest.approx(limit) == signals.limit
    assert words == signals.words()


BOOKS = st.tuples(*[st.integers(1, 60)] * 4).map(lambda n: f"40x{n[0]} 39x{n[1]} | 44x{n[2]} 45x{n[3]}")


@given(
    shown=st.lists(BOOKS, min_size=1, max_size=6),
    taken=st.lists(st.tuples(st.sampled_from(Side), st.integers(1, 400)), max_size=6),
    on=st.sets(st.sampled_from(sorted(SILENT))),
    kind=st.sampled_from(Momentum),
)
def test_they_are_bounded(shown: list[str], taken: list[tuple[Side, int]], on: set[str], kind: Momentum) -> None:
    """Whatever is seen: momentum from -1 to 1, and a step that is one of the four there are."""
    signals = Signals(params(momentum=kind, ema_alpha=0.3, **dict.fromkeys(on, True)))
    for number, text in enumerate(shown):
        if number < len(taken):
            signals.read_tape([trade(*taken[number])], Side.BUY)
        see(signals, text, 4 * number)

        assert -1 <= signals.adverse <= 1
        assert round(signals.limit, 9) in (0.4, 0.5, 0.75, 1.5)


# --- in a run -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", SIGNALED)
@pytest.mark.parametrize(
    ("switches", "look"),
    [
        ({}, Look.BOOK),
        ({"trade_imbalance": True}, Look.TAPE),
        ({"trade_imbalance": True, "momentum": Momentum.VOLUME}, Look.BOOK),
    ],
)
def test_the_tape_is_read_where_it_is_listened_to(algorithm: str, switches: dict[str, object], look: Look) -> None:
    """One more request a step only where a signal is made of it; the last look before the end needs none."""
    venue = tape_run(algorithm, (), Outcome.YES, **switches)
    asked = [intent.look for at, intent in venue.sent if isinstance(intent, WakeAt) and 0 < at < 34]

    assert look in asked
    assert {look, Look.BOOK} >= set(asked)
    assert (look is Look.TAPE) is any(isinstance(event, TapeRead) for event in venue.events)


def tape_run(algorithm: str, taken: tuple[tuple[Side, float], ...], outcome: Outcome, **switches: object) -> Venue:
    """Run on a standing book of tenths while others take a trade before each step."""
    tape = [trade(side, size, 4 * k + 2) for k, (side, size) in enumerate(taken)]
    chosen = {"end_action": EndAction.CANCEL} | SILENT | switches
    venue = Venue(
        make_executor(algorithm, ALGORITHMS[algorithm].params(**chosen)),  # type: ignore[arg-type] # real fields
        parent(outcome=outcome, action=Action.BUY),
        {0: book("40x50 | 48x500") if outcome is Outcome.YES else book("52x500 | 60x50")},
        tape=tape,
        venue_market=market("deci_cent"),
    )
    venue.run()
    return venue


@pytest.mark.parametrize(("outcome", "with_us"), [(Outcome.YES, Side.SELL), (Outcome.NO, Side.BUY)])
def test_a_tape_against_us_hurries_and_one_for_us_slows_down(outcome: Outcome, with_us: Side) -> None:
    """Buying YES others' buying is against us, buying NO their selling is: 1.5, 0.5 and 0.4 cents at the first step."""
    against = Side.SELL if with_us is Side.BUY else Side.BUY
    steps = []
    for side, size in ((against, 5_000), (with_us, 0.01), (with_us, 5_000)):
        venue = tape_run("spread_walker", ((side, size),), outcome, trade_imbalance=True)
        first, second = (float(text.split()[2]) for text in venue.story[:2])
        steps.append(round(abs(second - first), 6))

    assert [1.5, 0.5, 0.4] == steps


def test_thin_overrides_start_the_signals_anew() -> None:
    """A volume is no imbalance: what was taken from the first book by other rules is not kept."""
    thin = {"thin": {"momentum": Momentum.FLOW}, "momentum": Momentum.VOLUME}
    venue = Venue(
        make_executor("dynamic_depth_walker", ALGORITHMS["dynamic_depth_walker"].params(**thin)),  # type: ignore[arg-type] # real fields
        parent(),
        {0: book("40x50 | 44x9")},
    )
    venue.run()

    assert 0.0 == venue.executor.adverse_momentum


@pytest.mark.parametrize("algorithm", [name for name in ALGORITHMS if name not in SIGNALED])
def test_the_others_have_no_momentum(algorithm: str) -> None:
    """Absent, not zero."""
    assert make_executor(algorithm, default_parameters(algorithm)).adverse_momentum is None

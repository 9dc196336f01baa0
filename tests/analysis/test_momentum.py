"""Every signal on books made by hand, its bounds and its mirror; and what is kept of it."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.analysis.ema import ema
from depthwalk.analysis.momentum import (
    Sample,
    displayed,
    micro_price_lead,
    momentum,
    order_flow_imbalance,
    remember,
    touch_imbalance,
    trade_imbalance,
    volume_change,
)
from depthwalk.domain.book import Book, Touch
from depthwalk.domain.units import Duration, Instant, Price, Quantity, seconds
from tests.support.books import book, contracts

sizes = st.integers(1, 5_000).map(Quantity)
imbalances = st.floats(-1.0, 1.0)


@st.composite
def two_sided(draw: st.DrawFn) -> Book:
    """Draw a two-sided book near 50 cents, so that pairs often share a price."""
    bid = draw(st.integers(46, 50))
    ask = draw(st.integers(51, 55))
    deeper = [(Price(100 * (bid - 3)), draw(sizes))] if draw(st.booleans()) else []
    return Book.of_levels(bids=[(Price(100 * bid), draw(sizes)), *deeper], asks=[(Price(100 * ask), draw(sizes))])


def touch(shown: Book) -> Touch:
    """Best bid and best ask."""
    return shown.bids[0], shown.asks[0]


def flow(before: Book, after: Book) -> float:
    """The imbalance between two books."""
    return order_flow_imbalance(touch(before), touch(after))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # The price moves on one side: a higher bid counts its new size, a lower one the size that left; asks mirrored.
        ("40x10 | 42x10", "41x5 | 42x10", 5 / 8.75),
        ("40x4 | 42x20", "39x4 | 42x20", -4 / 12),
        ("40x20 | 42x4", "40x20 | 43x6", 4 / 12.5),
        ("40x20 | 42x10", "40x20 | 41x4", -4 / 13.5),
        # Only sizes move: the difference.
        ("40x10 | 42x10", "40x14 | 42x10", 4 / 11),
        ("40x14 | 42x10", "40x10 | 42x10", -4 / 11),
        ("40x10 | 42x10", "40x10 | 42x14", -4 / 11),
        ("40x10 | 42x14", "40x10 | 42x10", 4 / 11),
        # Both sides.
        ("40x10 | 42x10", "40x12 | 42x8", 4 / 10),
        ("40x10 | 43x10", "41x6 | 42x6", 0.0),
        ("40x10 | 42x10", "40x10 | 42x10", 0.0),
        # Both prices move by whole touches: more than the mean touch flows, clipped.
        ("40x10 | 42x10", "41x10 | 43x10", 1.0),
        ("41x10 | 43x10", "40x10 | 42x10", -1.0),
    ],
)
def test_imbalance_by_hand(before: str, after: str, expected: float) -> None:
    """Flow into the bid minus flow into the ask, over the mean of the four touch sizes."""
    assert pytest.approx(expected) == flow(book(before), book(after))


def test_only_the_touch_speaks() -> None:
    """Size behind the best prices comes and goes unheard: change of total volume is noise."""
    assert 0.0 == flow(book("40x10 39x5 | 42x10"), book("40x10 39x900 | 42x10 43x700"))


@given(before=two_sided(), after=two_sided())
def test_the_other_outcome_sees_the_opposite(before: Book, after: Book) -> None:
    """Mirrored books give the opposite imbalance: what pushes YES up pushes NO down, against a buyer of either alike."""
    assert flow(before.mirrored(), after.mirrored()) == -flow(before, after)


@given(before=two_sided(), after=two_sided())
def test_the_way_back_is_the_opposite(before: Book, after: Book) -> None:
    """Played backwards, the same pair flows the other way."""
    assert flow(after, before) == -flow(before, after)


@given(before=two_sided(), after=two_sided())
def test_an_imbalance_is_clipped(before: Book, after: Book) -> None:
    """Never beyond -1 and 1, and none where nothing changed."""
    assert -1.0 <= flow(before, after) <= 1.0
    assert 0.0 == flow(before, before)


# --- signals of one book --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "imbalance", "lead"),
    [
        # Half a spread of two cents, of one, of six (clipped), of a tenth.
        ("40x30 | 44x10", 0.5, 1.0),
        ("40x10 | 44x30", -0.5, -1.0),
        ("40x30 | 42x10", 0.5, 0.5),
        ("40x30 | 41x10", 0.5, 0.25),
        ("40x30 39x900 | 52x10 53x5", 0.5, 1.0),
        ("40x10 | 52x30", -0.5, -1.0),
        ("40x30 | 40.2x10", 0.5, 0.05),
        ("40x10 | 44x10", 0.0, 0.0),
        ("40x99 | 41x1", 0.98, 0.49),
    ],
)
def test_touch_imbalance_and_micro_price_by_hand(text: str, imbalance: float, lead: float) -> None:
    """(30 - 10) / 40 at the touch; the micro-price is above the mid by half the spread times that, at most a cent."""
    shown = book(text)

    assert pytest.approx(imbalance) == touch_imbalance(touch(shown))
    assert pytest.approx(lead) == micro_price_lead(touch(shown))


def test_the_micro_price_is_the_touch_weighted_by_the_other_side() -> None:
    """(44 x 30 + 40 x 10) / 40 = 43, which is one above the mid of 42."""
    assert pytest.approx((44 * 30 + 40 * 10) / 40 - 42) == micro_price_lead(touch(book("40x30 | 44x10")))


@pytest.mark.parametrize(
    ("bought", "sold", "imbalance"),
    [(0, 0, 0.0), (20, 0, 0.5), (0, 20, -0.5), (12, 4, 8 / 36), (7, 7, 0.0), (980, 0, 0.98), (0.01, 0, 0.01 / 20.01)],
)
def test_trade_imbalance_by_hand(bought: float, sold: float, imbalance: float) -> None:
    """Over what was taken and the mean touch of 20, so that one small trade is no sweep."""
    shown = book("40x30 39x500 | 44x10")

    assert pytest.approx(imbalance) == trade_imbalance(contracts(bought), contracts(sold), touch(shown))


@given(shown=two_sided(), bought=sizes, sold=sizes)
def test_signals_of_one_book_are_bounded_and_mirrored(shown: Book, bought: Quantity, sold: Quantity) -> None:
    """Within -1 and 1; the other outcome, whose buyers are the sellers here, sees the opposite."""
    other = shown.mirrored()
    for one, mirror in (
        (touch_imbalance(touch(shown)), touch_imbalance(touch(other))),
        (micro_price_lead(touch(shown)), micro_price_lead(touch(other))),
        (trade_imbalance(bought, sold, touch(shown)), trade_imbalance(sold, bought, touch(other))),
    ):
        assert -1 <= one <= 1
        assert one == -mirror


@given(shown=two_sided(), more=sizes)
def test_more_on_the_bid_pushes_up(shown: Book, more: Quantity) -> None:
    """A larger best bid never lowers the pressure on the price; nor does more buying."""
    (price, size), *deeper = shown.bids
    larger = Book.of_levels(bids=[(price, Quantity(size + more)), *deeper], asks=shown.asks)

    assert touch_imbalance(touch(shown)) < touch_imbalance(touch(larger))
    assert micro_price_lead(touch(shown)) <= micro_price_lead(touch(larger))
    assert flow(shown, larger) > 0
    assert trade_imbalance(0, 0, touch(shown)) < trade_imbalance(more, 0, touch(shown))


# --- the notes' own -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("volumes", "change"),
    [
        ([], 0.0),
        ([20], 0.0),
        ([20, 26], 0.3),
        ([20, 14], 0.3),  # unsigned: less counts as more does
        ([20, 900, 20], 0.0),  # from the oldest to the newest, whatever was between
        ([20, 60], 1.0),
        ([20, 900], 1.0),
        ([0, 900], 0.0),  # there is nothing to compare with
    ],
)
def test_change_of_volume_by_hand(volumes: list[float], change: float) -> None:
    """Relative to the oldest, without a sign, at most 1."""
    assert pytest.approx(change) == volume_change([(_at(k), float(volume)) for k, volume in enumerate(volumes)])


@given(shown=two_sided())
def test_displayed_volume_is_all_there_is_on_both_sides(shown: Book) -> None:
    """The same for either outcome."""
    assert sum(size for _, size in (*shown.bids, *shown.asks)) == displayed(shown) == displayed(shown.mirrored())


# --- the window -----------------------------------------------------------------------------------------------------


def _at(moment: float) -> Instant:
    return Instant(1_000_000_000 + seconds(moment))


def test_the_window_forgets() -> None:
    """30 seconds: a sample exactly that old is kept, one a microsecond older is gone; the new one is always last."""
    window, first, second = seconds(30), (_at(0), 0.5), (_at(10), -0.25)

    for moment, kept in ((30, [first, second]), (30.000001, [second]), (99, [])):
        samples, new = deque([first, second]), (_at(moment), 1.0)
        remember(samples, new, window)
        assert [*kept, new] == list(samples)


@given(steps=st.lists(st.tuples(st.integers(0, 20_000_000), imbalances), max_size=20), window=st.integers(1, 60_000_000))
def test_only_what_is_in_the_window_is_remembered(steps: list[tuple[int, float]], window: int) -> None:
    """After any sequence: exactly the samples at most *window* older than the last, in order."""
    everything, kept, now = [], deque[Sample](), _at(0)
    for step, imbalance in steps:
        now = Instant(now + step)
        everything.append((now, imbalance))
        remember(kept, (now, imbalance), Duration(window))

    assert list(kept) == [sample for sample in everything if sample[0] >= now - window]


# --- the mean -------------------------------------------------------------------------------------------------------


def test_momentum_starts_from_calm() -> None:
    """Alpha 0.3: nothing is 0, one full push 0.3, two 0.51, and a push back takes 0.51 to 0.057."""
    up, down = (_at(0), 1.0), (_at(4), -1.0)

    assert 0.0 == momentum((), 0.3)
    assert pytest.approx(0.3) == momentum((up,), 0.3)
    assert pytest.approx(0.51) == momentum((up, up), 0.3)
    assert pytest.approx(0.057) == momentum((up, up, down), 0.3)


def test_old_pressure_is_gone_with_its_samples() -> None:
    """A push that has left the window leaves no trace in the momentum."""
    samples = deque([(_at(0), 1.0), (_at(1), 1.0)])
    remember(samples, (_at(60), 0.0), seconds(30))

    assert 0.0 == momentum(samples, 0.3)


@given(pushes=st.lists(imbalances, min_size=50, max_size=200), alpha=st.floats(0.05, 0.9))
def test_what_weighs_nothing_is_not_looked_at(pushes: list[float], alpha: float) -> None:
    """The mean is that of all samples, to a millionth, however many there are."""
    mean = 0.0
    for push in pushes:
        mean = ema(mean, push, alpha)

    assert pytest.approx(mean, abs=1e-6) == momentum([(_at(k), push) for k, push in enumerate(pushes)], alpha)


@given(pushes=st.lists(imbalances, max_size=12), alpha=st.floats(0.01, 1.0))
def test_momentum_is_bounded_and_signed(pushes: list[float], alpha: float) -> None:
    """Never beyond -1 and 1; opposite pushes give the opposite momentum."""
    samples = [(_at(k), push) for k, push in enumerate(pushes)]
    value = momentum(samples, alpha)

    assert -1.0 <= value <= 1.0
    assert -value == momentum([(at, -push) for at, push in samples], alpha)

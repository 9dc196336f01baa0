"""Which public trades are news, whatever the venue lists, when and in which order."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from depthwalk.domain.units import SECOND, Instant, seconds
from depthwalk.runtime.unseen import OVERLAP, Unseen

START = Instant(1_800_000_000_400_000)  # not on a whole second


@dataclass(frozen=True)
class Printed:
    """A trade, and when the venue lists it."""

    trade_id: str
    at: Instant
    listed_at: Instant


def printed(name: str, after: float, late: float = 0.0) -> Printed:
    """Return a trade so many seconds after START, listed *late* seconds later."""
    return Printed(name, Instant(START + seconds(after)), Instant(START + seconds(after + late)))


# Tenths of seconds: many trades at the same time, and at the same second; when they happen, and how late they are listed.
_LATEST = OVERLAP * 10 // SECOND
_TRADES = st.lists(st.tuples(st.integers(-80, 200), st.sampled_from([0, 0, 1, _LATEST // 2, _LATEST])), min_size=4, max_size=40)
_LOOKS = st.lists(st.integers(0, 250), min_size=2, max_size=12)


@given(times=_TRADES, looks=_LOOKS, whole=st.booleans())
def test_every_trade_comes_once(times: list[tuple[int, int]], looks: list[int], whole: bool) -> None:
    """Listed late, at equal times, asked for by whole seconds or not: none twice, none lost, none from before, in order."""
    trades = [printed(f"t-{number}", at / 10, late / 10) for number, (at, late) in enumerate(times)]
    unseen, found = Unseen(START), []
    for look in [*sorted(looks), 300]:
        now, since = START + seconds(look / 10), unseen.ask_from
        since = Instant(since // SECOND * SECOND) if whole else since
        newest_first = sorted((each for each in trades if each.listed_at <= now and each.at >= since), key=lambda t: -t.at)
        news = unseen.news(newest_first)
        assert sorted(news, key=lambda trade: trade.at) == news
        found += news
    wanted = {trade.trade_id for trade in trades if trade.at >= START}
    assert sorted(wanted) == sorted(trade.trade_id for trade in found)


def test_a_trade_listed_behind_later_ones_is_news() -> None:
    """However much was seen meanwhile, up to the overlap."""
    unseen = Unseen(START)
    assert ["later"] == [trade.trade_id for trade in unseen.news([printed("later", 20)])]
    late = printed("late", 20 - OVERLAP / SECOND)
    assert unseen.ask_from <= late.at
    assert ["late"] == [trade.trade_id for trade in unseen.news([printed("later", 20), late])]


def test_what_a_venue_lists_beyond_the_question_is_no_news() -> None:
    """A filter that is not obeyed brings what was forgotten long ago: it does not count again."""
    unseen = Unseen(START)
    everything = [printed(str(number), number) for number in range(60)]
    assert everything[:30] == unseen.news(everything[:30])
    assert everything[30:] == unseen.news(everything)
    assert [] == unseen.news(everything)


def test_what_is_known_from_before_is_no_news() -> None:
    """Known trades count as seen, and move the question on."""
    old = [printed("a", 3), printed("b", 20)]
    unseen = Unseen(START, {trade.trade_id: trade.at for trade in old})
    assert START + seconds(20) - OVERLAP == unseen.ask_from
    assert ["c"] == [trade.trade_id for trade in unseen.news([*old, printed("c", 20)])]

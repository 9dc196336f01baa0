from dataclasses import replace

from depthwalk.domain.messages import Finish, Reason, Record
from depthwalk.domain.order import Action, OrderStatus, Outcome
from depthwalk.domain.result import SplitView
from depthwalk.domain.units import Money, Quantity, parse_price
from depthwalk.reports.plain_lines import decision_words, lines
from tests.support import results

_NOW = results.snapshot()


def _with_first(split: SplitView) -> list[str]:
    return lines(_NOW, replace(_NOW, splits=(split, *_NOW.splits[1:])), [])


def test_a_walk_names_time_split_prices_and_reason() -> None:
    """One line a decision."""
    record = Record(what="walk", why="behind by 12 %", split=1, price=parse_price("0.43"), previous=parse_price("0.42"))
    assert lines(_NOW, _NOW, [record]) == ["   14.6 s  split 1  walk 0.4200 -> 0.4300  behind by 12 %"]


def test_prices_are_the_users() -> None:
    """A decision carries YES prices; who trades NO reads prices of NO."""
    order = results.parent(outcome=Outcome.NO, action=Action.BUY)
    record = Record(what="place", why="at the bid", split=2, price=parse_price("0.43"))
    assert decision_words(order, record) == ("split 2", "place 0.5700  at the bid")


def test_the_first_call_says_what_was_asked() -> None:
    """Side, count, ticker, algorithm, time allowed, and the id to look it up by."""
    expected = f"BUY YES 100.00 PAPER-LIQUID, dynamic_depth_walker, 40.0 s, execution {_NOW.parent.parent_id}"
    assert lines(None, results.before_arrival(), [])[0].endswith(expected)


def test_the_arrival_is_told_once() -> None:
    """Bid, ask, mid, target, cap and its origin, class."""
    words = "arrival  bid 0.4100, ask 0.4200, mid 0.4150, target 0.4200, cap 0.4300 (from max_slippage), liquid"
    assert lines(results.before_arrival(), _NOW, [])[0].endswith(words)
    assert lines(_NOW, _NOW, []) == []


def test_an_empty_side_is_called_none() -> None:
    """A one-sided arrival has no mid."""
    one_sided = replace(_NOW, arrival=results.arrival(bid=None))
    assert "bid none, ask 0.4200, mid none" in lines(results.before_arrival(), one_sided, [])[0]


def test_a_fill_is_the_difference_of_two_snapshots() -> None:
    """Quantity and average price of what came in between."""
    second = _NOW.splits[1]
    more = replace(second, filled=Quantity(700), paid=Money(second.paid + 4_100 * 500))
    assert lines(
        _NOW, replace(_NOW, splits=(_NOW.splits[0], more), filled=Quantity(6_700), paid=Money(_NOW.paid + 4_100 * 500)), []
    ) == ["   14.6 s  split 2  filled 5.00 at 0.4100, 7.00 of 40.00"]


def test_a_quantity_told_before_its_fills_has_no_price_yet() -> None:
    """The venue's reply may say how much was filled before the fills say at what price."""
    more = replace(_NOW.splits[1], filled=Quantity(700))
    now = replace(_NOW, splits=(_NOW.splits[0], more), filled=Quantity(6_700))
    assert lines(_NOW, now, []) == ["   14.6 s  split 2  filled 5.00, 7.00 of 40.00"]


def test_a_take_at_the_end_is_a_fill_too() -> None:
    """What no split accounts for was crossed."""
    more = replace(_NOW, filled=Quantity(6_700), paid=Money(_NOW.paid + 4_300 * 500))
    assert lines(_NOW, more, []) == ["   14.6 s  cross    filled 5.00 at 0.4300"]


def test_a_state_that_lasts_is_told() -> None:
    """Canceled, expired, rejected, in doubt: one line."""
    gone = replace(_NOW.splits[0], order_status=OrderStatus.CANCELED, status="canceled")
    assert _with_first(gone) == ["   14.6 s  split 1  state filled -> canceled"]


def test_requests_on_their_way_are_no_news() -> None:
    """Amending passes by itself; the walk has its own line."""
    assert _with_first(replace(_NOW.splits[0], order_status=OrderStatus.AMENDING, status="amending")) == []


def test_doubt_that_ends_well_is_told() -> None:
    """Resting is news after doubt, and only then."""
    doubtful = replace(_NOW.splits[0], order_status=OrderStatus.IN_DOUBT, status="in doubt")
    before = replace(_NOW, splits=(doubtful, *_NOW.splits[1:]))
    resting = replace(_NOW.splits[0], order_status=OrderStatus.RESTING, status="resting")
    after = replace(_NOW, splits=(resting, *_NOW.splits[1:]))
    assert lines(before, after, []) == ["   14.6 s  split 1  state in doubt -> resting"]


def test_a_hold_is_told_once_however_it_is_learned() -> None:
    """From the decision where there is one, else from the snapshot."""
    held = replace(_NOW, hold="the book is crossed")
    record = Record(what="hold", why="the book is crossed")
    assert lines(_NOW, held, [record]) == ["   14.6 s  run      hold  the book is crossed"]
    assert lines(_NOW, held, []) == ["   14.6 s  hold     the book is crossed"]
    assert lines(held, _NOW, []) == ["   14.6 s  resume   over: the book is crossed"]


def test_the_end_says_why_and_what_came_of_it() -> None:
    """The last line of a run."""
    over = replace(_NOW, finish=Finish(reason=Reason.MARKET_CLOSED, detail="paused"))
    assert lines(_NOW, over, []) == ["   14.6 s  end      market closed: paused; 62.00 of 100.00 filled at 0.4197 on average"]


def test_nothing_filled_has_no_average() -> None:
    """An end without fills names none."""
    before = results.before_arrival()
    assert lines(before, replace(before, finish=Finish(reason=Reason.NO_BOOK)), [])[0].endswith("0.00 of 100.00 filled")


def test_lines_are_single_and_ascii() -> None:
    """Whatever a venue's text holds, a line stays one line of ASCII."""
    record = Record(what="refused", why="a\nb\x1b[2J ≤")
    (line,) = lines(_NOW, _NOW, [record])
    assert line.isascii()
    assert line.isprintable()

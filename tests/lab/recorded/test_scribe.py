from hypothesis import given

from depthwalk.domain.book import Book
from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.order import Side
from depthwalk.domain.units import Price, seconds
from depthwalk.lab.recorded.scribe import Scribe, Terms
from depthwalk.lab.recorded.tape import Kind, Tape, Tapes, differences
from tests.support.domain_strategies import BOOKS
from tests.support.paper import START, at, book
from tests.support.taped import tapes

USUAL = book([(48, 10)], [(52, 5)])
BID, ASK = Kind.BID, Kind.ASK


class Writing:
    """A scribe with one market on one stream; frames are numbered by themselves."""

    def __init__(self) -> None:
        self.scribe = Scribe("a test", patience=seconds(1))
        self.number = 0

    def frame(self, second: float, *, skip: int = 0) -> None:
        self.number += 1 + skip
        self.now = self.scribe.frame("s", self.number, at(second), f"line {self.number}")

    def snapshot(self, second: float, shown: Book, *, skip: int = 0) -> "Writing":
        self.frame(second, skip=skip)
        self.scribe.snapshot("s", self.now, "T", shown, f"line {self.number}")
        return self

    def change(self, second: float, kind: Kind, cents: int, contracts: int, *, skip: int = 0) -> "Writing":
        self.frame(second, skip=skip)
        self.scribe.change(self.now, "T", kind, cents * 100, contracts * 100, stream="s", where=f"line {self.number}")
        return self

    def finish(self) -> Tapes:
        return self.scribe.finish()


def _last(tape: Tape) -> Book:
    return list(tape.books())[-1][1]


def _cuts(tapes: Tapes) -> list[str]:
    return [f"{cut.where}: {cut.reason}" for cut in tapes.cuts]


def test_an_unbroken_stretch_is_one_tape() -> None:
    """It begins with the snapshot, has every change, and lasts until the last frame."""
    found = Writing().snapshot(0, USUAL).change(1, BID, 48, -4).change(3, ASK, 51, 2).finish()
    (only,) = found.tapes
    assert (START, at(3), USUAL, ()) == (only.start, only.until, only.first, found.cuts)
    assert [(at(1), BID, 4_800, -400), (at(3), ASK, 5_100, 200)] == list(only.rows())
    assert book([(48, 6)], [(51, 2), (52, 5)]) == _last(only)


def test_a_missing_number_cuts_until_the_next_snapshot() -> None:
    """The tape ends at the last frame before it; what comes until the next snapshot is passed over."""
    writing = Writing().snapshot(0, USUAL).change(1, BID, 48, -4).change(2, BID, 48, -4, skip=3).change(3, BID, 40, 1)
    found = writing.snapshot(4, USUAL).change(5, BID, 48, 1).finish()
    assert [(START, at(1)), (at(4), at(5))] == [(tape.start, tape.until) for tape in found.tapes]
    assert ["line 6: frame 2 of the feed is followed by 6"] == _cuts(found)
    assert [1, 1] == [len(tape) for tape in found.tapes]


def test_another_market_of_the_stream_is_cut_as_well() -> None:
    """A missing number may have been anybody's."""
    writing = Writing().snapshot(0, USUAL)
    writing.frame(1)
    writing.scribe.snapshot("s", writing.now, "OTHER", USUAL, "line 2")
    writing.change(2, BID, 48, 1, skip=1)
    assert [("T", at(1)), ("OTHER", at(1))] == [(tape.ticker, tape.until) for tape in writing.finish().tapes]


def test_another_stream_is_not_cut() -> None:
    """Its numbers are its own."""
    writing = Writing().snapshot(0, USUAL)
    writing.scribe.snapshot("other", writing.scribe.frame("other", 7, START, "here"), "OTHER", USUAL, "here")
    writing.change(2, BID, 48, 1, skip=1)
    writing.scribe.frame("other", 8, at(3), "here")
    assert [("T", START), ("OTHER", at(3))] == [(tape.ticker, tape.until) for tape in writing.finish().tapes][::-1]


def test_less_than_nothing_cuts_until_the_next_snapshot() -> None:
    """A level that would fall below nothing shows that a change was missed."""
    found = Writing().snapshot(0, USUAL).change(1, BID, 48, -11).change(2, BID, 48, -1).snapshot(3, USUAL).finish()
    assert [0, 0] == [len(tape) for tape in found.tapes]
    assert ["line 2: -11 contracts at 0.4800 leave less than nothing"] == _cuts(found)


def test_a_trade_in_parts_may_cross_for_a_moment() -> None:
    """Crossed for less than the patience is no reason to cut."""
    found = Writing().snapshot(0, USUAL).change(1, ASK, 48, 2).change(1.9, BID, 48, -10).finish()
    assert ([2], []) == ([len(tape) for tape in found.tapes], _cuts(found))


def test_a_book_that_stays_crossed_is_cut_out() -> None:
    """The tape ends before it crossed, and another begins where it uncrosses: the book was known all the time."""
    writing = Writing().snapshot(0, USUAL).change(1, BID, 47, 1).change(2, ASK, 48, 2).change(3.5, BID, 40, 1)
    found = writing.change(4, BID, 48, -10).change(5, BID, 46, 3).finish()
    assert [(START, at(2), 1), (at(4), at(5), 1)] == [(tape.start, tape.until, len(tape)) for tape in found.tapes]
    assert book([(47, 1), (40, 1)], [(48, 2), (52, 5)]) == found.tapes[1].first
    assert ["line 3: it stays crossed for more than 1 s"] == _cuts(found)


def test_what_is_crossed_from_the_start_or_at_the_end_is_left_out() -> None:
    """Neither leaves a tape of crossed books."""
    crossed = book([(53, 1)], [(52, 5)])
    found = Writing().snapshot(0, crossed).change(2, BID, 53, -1).change(3, BID, 53, 1).finish()
    assert [(at(2), at(3), 0)] == [(tape.start, tape.until, len(tape)) for tape in found.tapes]
    assert ["line 1: it stays crossed for more than 1 s", "line 3: it is still crossed at the end"] == _cuts(found)


def test_a_snapshot_in_the_middle_carries_the_tape_on() -> None:
    """Nothing was missed, so what it says is changes, if anything."""
    later = book([(48, 7), (47, 1)], [(53, 5)])
    found = Writing().snapshot(0, USUAL).snapshot(1, later).finish()
    assert [(1, 4)] == [(len(found.tapes), len(found.tapes[0]))]
    assert later == _last(found.tapes[0])


def test_changes_before_any_snapshot_are_passed_over() -> None:
    """They are said once."""
    found = Writing().change(0, BID, 48, 1).change(1, BID, 48, 1).snapshot(2, USUAL).finish()
    assert ["line 1: changes before any snapshot are passed over"] == _cuts(found)
    assert [at(2)] == [tape.start for tape in found.tapes]


def test_two_streams_of_one_market_are_not_added_up() -> None:
    """A second subscription carries the market on; the first still tells every change, which is old news."""
    scribe = Scribe("a test")
    for number, stream in ((1, "a"), (1, "b")):
        scribe.snapshot(stream, scribe.frame(stream, number, START, "here"), "T", USUAL, "here")
    for stream in ("a", "b"):
        scribe.change(scribe.frame(stream, 2, at(1), "here"), "T", BID, 4_800, -600, stream=stream, where="here")
    *_, last = scribe.finish().tapes
    assert book([(48, 4)], [(52, 5)]) == _last(last)


def test_time_never_runs_backwards() -> None:
    """A clock that steps back is held still."""
    found = Writing().snapshot(5, USUAL).change(4, BID, 48, 1).change(6, BID, 48, 1).finish()
    assert [at(5), at(6)] == found.tapes[0].at.tolist()


def test_all_tapes_of_a_market_share_a_grid() -> None:
    """The smallest published one that has every price; what is known better holds."""
    writing = Writing().snapshot(0, book([(48, 1)], [(52, 1)])).snapshot(1, USUAL, skip=2)
    writing.frame(2)
    writing.scribe.change(writing.now, "T", BID, 450, 100, stream="s", where="line")
    assert [STRUCTURES["center_whole_edge_half_cent"]] * 2 == [tape.grid for tape in writing.finish().tapes]
    known = Terms(grid=STRUCTURES["deci_cent"], close_time=at(9))
    scribe = Scribe("a test")
    scribe.snapshot("s", scribe.frame("s", None, START, "here"), "T", USUAL, "here")
    (only,) = scribe.finish({"T": known}).tapes
    assert (STRUCTURES["deci_cent"], at(9)) == (only.grid, only.close_time)


@given(BOOKS, BOOKS)
def test_differences_turn_one_book_into_the_other(before: Book, after: Book) -> None:
    """Applied one after the other, no level ever less than nothing, they leave the second book."""
    now = before
    for kind, price, change in differences(before, after):
        now = now.with_change(Side.BUY if kind is BID else Side.SELL, price, change)
    assert after == now


@given(tapes(trading=False))
def test_a_tape_written_down_again_is_the_same(recording: Tape) -> None:
    """Frames of its rows make the same tape, or, where it stays crossed, tapes of the same books."""
    scribe = Scribe("again", patience=seconds(10_000))
    scribe.snapshot("s", scribe.frame("s", 1, recording.start, "first"), "T", recording.first, "first")
    for number, (time, kind, price, change) in enumerate(recording.rows(), 2):
        scribe.change(scribe.frame("s", number, time, "row"), "T", kind, Price(price), change, stream="s", where="row")
    again = scribe.finish().tapes
    kept = list(again[0].rows()) if again else []
    assert list(recording.rows())[: len(kept)] == kept
    books = [book for _, book in recording.books()]
    assert all(book in books for tape in again for _, book in tape.books())

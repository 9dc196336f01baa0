from depthwalk.domain.messages import PublicTrade
from depthwalk.domain.order import Side
from depthwalk.domain.units import Price, Quantity, seconds
from depthwalk.lab.recorded.books import tapes_of_books
from depthwalk.lab.recorded.queues import PROBABILISTIC
from depthwalk.lab.recorded.tape import Kind
from tests.support.paper import START, at, book, order
from tests.support.taped import played

USUAL, LATER = book([(48, 10)], [(52, 5)]), book([(48, 10)], [(52, 9)])


def _spans(*rows: float, **more: object) -> list[tuple[float, float]]:
    books = [(at(second), USUAL if index % 2 else LATER) for index, second in enumerate(rows)]
    found = tapes_of_books("T", books, source="rows", **more)
    return [((tape.start - START) / 1e6, (tape.until - START) / 1e6) for tape in found.tapes]


def test_a_long_silence_is_a_gap() -> None:
    """The tape ends with the last book before it; its length is said."""
    assert [(0, 70), (131, 140)] == _spans(0, 60, 70, 131, 140, silence=seconds(60))
    books = [(at(0), USUAL), (at(61), LATER)]
    assert ["nothing is known for 61 s"] == [cut.reason for cut in tapes_of_books("T", books, source="rows").cuts]


def test_a_heartbeat_confirms_a_book_that_does_not_change() -> None:
    """A book holds as long as it was confirmed, until the next or alone; outside it counts as before."""
    beats = [(at(0), at(298)), (at(400), at(500))]
    assert [(0, 300), (400, 500)] == _spans(0, 300, 400, confirmed=beats, silence=seconds(10))


def test_a_gap_that_was_noticed_is_one_however_short() -> None:
    """The tape ends where the gap begins; a book inside one stands alone."""
    assert [(0, 12), (20, 24)] == _spans(0, 10, 20, 24, confirmed=[(at(0), at(15))], gaps=[(at(12), at(19))])
    assert [(0, 0), (10, 10), (20, 20)] == _spans(0, 10, 20, gaps=[(at(8), at(19))])
    assert [(0, 20)] == _spans(0, 10, 20, gaps=[(at(20), at(25))])
    beats = [(at(0), at(40))]
    assert [(0, 25)] == _spans(0, 10, 20, confirmed=beats, gaps=[(at(25), at(30))])
    assert [(0, 15), (20, 20)] == _spans(0, 10, 20, confirmed=beats, gaps=[(at(15), at(22))])


def test_trades_stand_before_the_book_that_shows_them() -> None:
    """In their order; one before the first book or after the last is not known where."""
    trades = [
        PublicTrade(trade_id=str(second), at=at(second), price=Price(5_200), quantity=Quantity(200), taker=taker)
        for second, taker in ((-1, Side.BUY), (1, Side.BUY), (2, Side.SELL), (9, Side.BUY))
    ]
    (tape,) = tapes_of_books("T", [(START, LATER), (at(2), USUAL)], source="rows", trades=trades).tapes
    assert [
        (at(1), Kind.BOUGHT, 5_200, 200),
        (at(2), Kind.SOLD, 5_200, 200),
        (at(2), Kind.ASK, 5_200, -400),
    ] == list(tape.rows())
    assert tape.has_trades


def test_where_trades_are_told_none_means_none() -> None:
    """A stretch of a market in which nobody traded: what its level loses is canceled, and nothing is guessed to have traded."""
    trade = PublicTrade(trade_id="1", at=at(200), price=Price(5_200), quantity=Quantity(200), taker=Side.BUY)
    books = [(START, LATER), (at(2), USUAL), (at(190), LATER), (at(210), USUAL)]
    quiet, busy = tapes_of_books("T", books, source="rows", trades=[trade]).tapes
    assert ([True, True], [1, 2]) == ([quiet.has_trades, busy.has_trades], [len(quiet), len(busy)])
    assert not any(tape.has_trades for tape in tapes_of_books("T", books, source="rows").tapes)
    replay = played(quiet, PROBABILISTIC)
    replay.submit(START, order(-1, Side.SELL, 51, 1))
    replay.advance(at(1))
    assert [] == replay.advance(at(2))

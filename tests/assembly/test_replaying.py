"""Recordings for a replay, whatever they lie in."""

from pathlib import Path

import pytest

from depthwalk.assembly.replaying import recordings
from depthwalk.domain.order import Side
from depthwalk.domain.units import Price, Quantity
from depthwalk.errors import UsageError
from depthwalk.lab.recorded.tape import Kind
from depthwalk.ports import RecordedBook, RecordedTrade, RecordingSource
from depthwalk.storage.database import open_database
from depthwalk.storage.recordings import RecordingStore
from tests.support.paper import START, at, book
from tests.support.recorded import book_line, written

POLL = RecordingSource.POLL
USUAL, LATER = book([(48, 10)], [(52, 5)]), book([(48, 10)], [(52, 9)])


def _recorded(path: Path) -> Path:
    """Record two books and two trades of a live market, confirmed for five minutes, then a gap and another book."""

    def row(second: float, shown: object, **more: object) -> RecordedBook:
        fields = {"ticker": "T", "environment": "live", "source": POLL, "event_time": at(second), "receipt_time": at(second)}
        return RecordedBook(**{**fields, "book": shown, **more})

    def trade(number: str, second: float, **more: object) -> RecordedTrade:
        fields = {"ticker": "T", "environment": "live", "source": POLL, "price": Price(5_200), "quantity": Quantity(100)}
        return RecordedTrade(**{"trade_id": number, "at": at(second), "taker": Side.BUY, **fields, **more})

    with open_database(path) as database:
        store = RecordingStore(database)
        store.write_books([row(0, LATER), row(100, USUAL), row(330, LATER), row(5, USUAL, environment="demo")])
        store.write_trades([trade("a", 50), trade("b", 60, is_block=True)])
        store.heartbeat(["T"], environment="live", source=POLL, since=START, until=at(300))
        store.gap(["T"], environment="live", source=POLL, since=at(300), until=at(330), detail="unreachable")
    return path


def test_a_database_is_a_recording(tmp_path: Path) -> None:
    """Each market of each exchange has its tapes; heartbeats confirm, gaps cut, trades are there, block trades are not."""
    path = _recorded(tmp_path / "kept.db")
    found = recordings([path])
    assert [
        (f"{path}, live, poll", START, at(300)),
        (f"{path}, demo, poll", at(5), at(5)),
        (f"{path}, live, poll", at(330), at(330)),
    ] == [(tape.source, tape.start, tape.until) for tape in found.tapes]
    expected = [(at(50), Kind.BOUGHT, 5_200, 100), (at(100), Kind.ASK, 5_200, -400)]
    assert expected == list(found.tapes[0].rows())
    assert ["nothing is known for 30 s"] == [cut.reason for cut in found.cuts]


def test_of_a_database_one_exchange_may_be_asked_for(tmp_path: Path) -> None:
    """Demo books are no evidence for live ones."""
    path = _recorded(tmp_path / "kept.db")
    assert [f"{path}, demo, poll"] == [tape.source for tape in recordings([path], environment="demo").tapes]


def test_a_database_with_nothing_of_that_exchange_is_refused(tmp_path: Path) -> None:
    """With the exchange and the flag; else it would seem that the recordings were too short."""
    path = _recorded(tmp_path / "kept.db")
    with pytest.raises(UsageError, match=r"kept\.db: nothing was recorded in paper") as caught:
        recordings([path], environment="paper")
    assert "--env" in str(caught.value.hint)
    lines = [book_line(yes=[("0.4800", "10.00")], no=[("0.4800", "5.00")])]
    assert 1 == len(recordings([path, written(tmp_path / "books.jsonl", lines)], environment="paper").tapes)


def test_files_and_databases_together(tmp_path: Path) -> None:
    """In order of time, whatever they lie in."""
    lines = [book_line(yes=[("0.4800", "10.00")], no=[("0.4800", "5.00")])]
    found = recordings([written(tmp_path / "books.jsonl", lines), _recorded(tmp_path / "kept.db")])
    assert ["T"] * 4 == [tape.ticker for tape in found.tapes]
    assert sorted(tape.start for tape in found.tapes) == [tape.start for tape in found.tapes]


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    """By the reader of files, in one line."""
    with pytest.raises(UsageError, match="nowhere: cannot be read"):
        recordings([tmp_path / "nowhere"])

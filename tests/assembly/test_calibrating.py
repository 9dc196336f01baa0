"""Recordings for a calibration, from files and from the database, and what is refused before any simulation."""

from pathlib import Path

import pytest

from depthwalk.assembly.calibrating import CalibrateRequest, Calibrating, calibrate
from depthwalk.domain.result import LiquidityClass
from depthwalk.domain.units import CONTRACT, Quantity
from depthwalk.errors import UsageError
from depthwalk.lab.class_files import load_class
from depthwalk.ports import RecordedBook, RecordingSource
from depthwalk.storage.database import open_database
from depthwalk.storage.importing import import_file
from depthwalk.storage.recordings import RecordingStore
from tests.support.paper import START, book
from tests.support.recorded import book_line, trade_line, written

LITTLE = 0.01


def _shapes(path: Path, ticker: str = "T") -> Path:
    """Write 24 markets that were looked at every hour, with one to three levels a side."""
    lines = []
    for number in range(24):
        for hour in range(10):
            size, bid = 20 + 7 * number + hour, 48 - number % 3
            lines.append(
                book_line(
                    f"2026-07-01T{hour:02d}:00:00Z",
                    f"{ticker}{number}",
                    [(f"0.{bid}00", f"{size}.00"), (f"0.{bid - 2}00", f"{2 * size}.00")],
                    [("0.4900", f"{size + 5}.00"), ("0.4700", "9.00"), ("0.4500", "40.00")],
                )
            )
    return written(path, lines)


def _request(*sources: Path, **more: object) -> CalibrateRequest:
    fields: dict[str, object] = {"sources": sources, "name": "mine", "assume": "moderate", "effort": LITTLE}
    return CalibrateRequest(**{**fields, **more})


def test_a_database_tells_what_its_files_told(tmp_path: Path) -> None:
    """Imported rows make the class that the file makes, and where the file lay is in neither."""
    path, told = _shapes(tmp_path / "shapes.jsonl"), list[Calibrating]()
    database = tmp_path / "d.sqlite"
    with open_database(database) as store:
        import_file(RecordingStore(store), path, environment="live")
    of_file, of_database = calibrate(_request(path), told.append), calibrate(_request(database))
    assert of_file.moments == of_database.moments
    assert of_file.parameters == of_database.parameters
    assert (f"{tmp_path.name}/shapes.jsonl",) == of_file.sources
    assert str(tmp_path) not in of_file.text
    assert "reading shapes.jsonl" == told[0].doing
    assert ("fitting", True) == (told[-1].doing, told[-1].done > 1)
    with pytest.raises(UsageError, match="nothing was recorded in demo"):
        calibrate(_request(database, environment="demo"))
    with pytest.raises(UsageError, match="nothing of NONE was recorded in live"):
        calibrate(_request(database, tickers=("NONE",)))
    with pytest.raises(UsageError, match="a database and files cannot make one class"):
        calibrate(_request(database, path))
    out = tmp_path / "mine.yaml"
    out.write_text(of_file.text, encoding="utf-8")
    assert "mine" == load_class(str(out)).name


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"assume": "none"}, "unknown class 'none'"),
        ({"assume": None}, "the recording does not identify provider_rate"),
        ({"name": "thin"}, "name 'thin' is that of a class that comes with depthwalk"),
        ({"name": "Mine"}, "name: found 'Mine'; allowed: a small letter"),
        ({"only": LiquidityClass.THIN}, "too few books"),
        ({"tickers": ("NONE",)}, "nothing of NONE is in"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, more: dict[str, object], said: str) -> None:
    """A class that there is not, a name that is taken, too few books: each in one line."""
    with pytest.raises(UsageError, match=said):
        calibrate(_request(_shapes(tmp_path / "shapes.jsonl"), **more))


def test_a_name_that_cannot_be_is_refused_with_where_it_is_from(tmp_path: Path) -> None:
    """Nobody typed it who named a file alone."""
    with pytest.raises(UsageError) as caught:
        calibrate(_request(tmp_path / "none", name="My class"))
    assert "--out" in str(caught.value.hint)


def test_what_is_named_twice_counts_once(tmp_path: Path) -> None:
    """A file, and a market of a database: else a class would seem twice as sure."""
    path, tickers = _shapes(tmp_path / "shapes.jsonl"), tuple(f"T{number}" for number in range(22))
    found = calibrate(_request(path, path, tickers=tickers * 2))
    assert (22, 220, 1) == (found.markets, found.books, len(found.sources))


def test_of_a_market_recorded_in_two_ways_the_fuller_counts(tmp_path: Path) -> None:
    """Both together would tell the same twice; and the order is as large as was asked for."""
    database = tmp_path / "d.sqlite"
    with open_database(database) as store:
        recordings = RecordingStore(store)
        import_file(recordings, _shapes(tmp_path / "shapes.jsonl"), environment="live")
        polled = RecordedBook(
            ticker="T0",
            environment="live",
            source=RecordingSource.POLL,
            event_time=START,
            receipt_time=START,
            book=book([(48, 10)], [(52, 5)]),
        )
        recordings.write_books([polled])
    found = calibrate(_request(database, quantity=Quantity(30 * CONTRACT)))
    assert (24, 240, 30) == (found.markets, found.books, found.contracts)


def test_trades_beside_the_books_are_taken_from_the_database_too(tmp_path: Path) -> None:
    """A market with trades and books of another kind of time: both count."""
    path = _shapes(tmp_path / "shapes.jsonl")
    trades = [
        trade_line(f"2026-07-02T{n // 60:02d}:{n % 60:02d}:00Z", "T0", yes_price="0.5000", count=f"{1 + n % 9}.00")
        for n in range(300)
    ]
    path.write_text(path.read_text(encoding="utf-8") + "".join(f"{line}\n" for line in trades), encoding="utf-8")
    database = tmp_path / "d.sqlite"
    with open_database(database) as store:
        import_file(RecordingStore(store), path, environment="live")
    with pytest.raises(UsageError) as caught:
        calibrate(_request(database, assume=None))
    assert "taker_rate" not in caught.value.message
    assert "provider_life" in caught.value.message

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.units import Instant, parse_instant
from depthwalk.errors import UsageError
from depthwalk.lab.recorded.reading import read_tapes, together
from depthwalk.lab.recorded.tape import Kind, Tapes
from tests.support.paper import book

T0 = parse_instant("2026-05-13T21:00:00Z")
USUAL = book([(48, 10)], [(52, 5)])


def _kept(kind: str, second: float, seq: int, payload: dict[str, object], *, connection: str = "c") -> dict[str, object]:
    return {
        "event_type": kind,
        "local_recv_ns": (T0 + round(second * 1e6)) * 1_000 + 7,
        "sequence_number": seq,
        "connection_id": connection,
        "payload_json": {"market_ticker": "KX-1", **payload},
    }


SNAPSHOT: dict[str, object] = {"yes_dollars_fp": [["0.4800", "10.00"]], "no_dollars_fp": [["0.4800", "5.00"]]}


def _delta(side: str, price: str, change: str) -> dict[str, object]:
    return {"side": side, "price_dollars": price, "delta_fp": change, "ts": "2026-05-13T21:00:01Z"}


def _write(path: Path, lines: Sequence[object]) -> Path:
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def _run(folder: Path) -> Path:
    folder.mkdir()
    _write(folder / "orderbook_snapshot.ndjson.gz", [_kept("orderbook_snapshot", 0, 1, SNAPSHOT)])
    deltas = [
        _kept("orderbook_delta", 2, 3, _delta("no", "0.4900", "2.00")),
        _kept("orderbook_delta", 1, 2, _delta("yes", "0.4800", "-4.00")),
    ]
    _write(folder / "orderbook_delta.ndjson", deltas)
    closing = {"payload_json": {"market_ticker": "KX-1", "close_time": "2026-05-13T21:15:00Z"}}
    _write(folder / "watch_market.ndjson", [closing])
    return folder


def _rows(tapes: Tapes) -> list[list[tuple[int, int, int, int]]]:
    return [[(time - T0, kind, price, change) for time, kind, price, change in tape.rows()] for tape in tapes.tapes]


EXPECTED = [[(1_000_000, Kind.BID, 4_800, -400), (2_000_000, Kind.ASK, 5_100, 200)]]


def test_a_recorders_run(tmp_path: Path) -> None:
    """Both files are put in order; a NO bid is a YES ask; times are those of receipt; the close is known."""
    found = read_tapes(_run(tmp_path / "run"))
    assert EXPECTED == _rows(found)
    (tape,) = found.tapes
    assert ("KX-1", USUAL, T0) == (tape.ticker, tape.first, tape.start)
    assert parse_instant("2026-05-13T21:15:00Z") == tape.close_time
    assert STRUCTURES["linear_cent"] == tape.grid


def test_recorders_lines_in_one_file(tmp_path: Path) -> None:
    """The same lines need no folder; the recorder's other lines are passed over."""
    lines = [
        {"event_type": "ws_connected", "local_recv_ns": 1, "sequence_number": None, "payload_json": {}},
        _kept("orderbook_snapshot", 0, 1, SNAPSHOT),
        _kept("orderbook_delta", 1, 2, _delta("yes", "0.4800", "-4.00")),
        _kept("orderbook_delta", 2, 3, _delta("no", "0.4900", "2.00")),
    ]
    assert EXPECTED == _rows(read_tapes(_write(tmp_path / "lines.jsonl", lines)))


def test_a_reconnect_is_a_gap(tmp_path: Path) -> None:
    """The new connection's snapshot begins another tape."""
    lines = [
        _kept("orderbook_snapshot", 0, 1, SNAPSHOT),
        _kept("orderbook_delta", 1, 2, _delta("yes", "0.4800", "-4.00")),
        _kept("orderbook_snapshot", 9, 1, SNAPSHOT),
    ]
    found = read_tapes(_write(tmp_path / "lines.jsonl", lines))
    assert [(0, 1_000_000), (9_000_000, 9_000_000)] == [(tape.start - T0, tape.until - T0) for tape in found.tapes]
    assert [f"{tmp_path}/lines.jsonl, line 3: KX-1 at 2026-05-13T21:00:01.000000Z: the feed begins anew"] == [
        *map(str, found.cuts)
    ]


def test_another_connection_is_a_gap(tmp_path: Path) -> None:
    """Even where its numbers would fit."""
    lines = [
        _kept("orderbook_snapshot", 0, 1, SNAPSHOT),
        _kept("orderbook_snapshot", 9, 2, SNAPSHOT, connection="d"),
    ]
    assert ["another connection carries it on"] == [cut.reason for cut in read_tapes(_write(tmp_path / "l.jsonl", lines)).cuts]


def _frame(kind: str, seq: int, message: dict[str, object], sid: int = 1) -> dict[str, object]:
    return {"type": kind, "sid": sid, "seq": seq, "msg": message}


def test_raw_frames(tmp_path: Path) -> None:
    """Acknowledgements have numbers as well; a snapshot has no time and gets that of the next change; fills are passed over."""
    lines = [
        {"type": "subscribed", "id": 1, "msg": {"channel": "orderbook_delta", "sid": 1}},
        _frame("ok", 1, {"market_tickers": ["KX-1"]}),
        _frame("orderbook_snapshot", 2, {"market_ticker": "KX-1", **SNAPSHOT}),
        "",
        {"type": "fill", "sid": 2, "msg": {"side": "yes", "ts": 1782873388}},
        _frame("orderbook_delta", 3, {"market_ticker": "KX-1", **_delta("yes", "0.4800", "-4.00")}),
        _frame("orderbook_delta", 4, {"market_ticker": "KX-1", **_delta("no", "0.4900", "2.00")}),
    ]
    found = read_tapes(_write(tmp_path / "frames.jsonl.gz", lines))
    assert [[(1_000_000, *row[1:]) for row in EXPECTED[0]]] == _rows(found)
    assert ([T0 + 1_000_000], ()) == ([tape.start for tape in found.tapes], found.cuts)


def test_newer_frames_tell_the_time_in_milliseconds(tmp_path: Path) -> None:
    """`ts` is being given up."""
    told = _delta("yes", "0.4800", "-4.00")
    del told["ts"]
    lines = [
        _frame("orderbook_snapshot", 1, {"market_ticker": "KX-1", **SNAPSHOT}),
        _frame("orderbook_delta", 2, {"market_ticker": "KX-1", **told, "ts_ms": T0 // 1_000 + 1_250}),
    ]
    found = read_tapes(_write(tmp_path / "frames.jsonl", lines))
    assert [[(1_250_000, Kind.BID, 4_800, -400)]] == _rows(found)


def test_frames_without_any_time_are_refused(tmp_path: Path) -> None:
    """They would be an empty recording without a word."""
    path = _write(tmp_path / "frames.jsonl", [_frame("orderbook_snapshot", 1, {"market_ticker": "KX-1", **SNAPSHOT})])
    with pytest.raises(UsageError, match="no frame of an order book in it says its time"):
        read_tapes(path)


CENTS = """type,sid,seq,market_id,market_ticker,side,price,qty,ts
snapshot,1,2,m,KX-1,yes,48,10,2026-05-13T21:00:00+00:00
snapshot,1,2,m,KX-1,no,48,5,2026-05-13T21:00:00+00:00
delta,1,3,,A-DEFAULT,yes,48,-4,2026-05-13T21:00:01+00:00
delta,1,4,,A-DEFAULT,no,49,2,2026-05-13T21:00:02+00:00
"""


def test_whole_cent_rows(tmp_path: Path) -> None:
    """Cents and contracts; changes belong to the snapshot of their sid, whatever ticker the recorder wrote."""
    found = read_tapes(_write(tmp_path / "rows.csv", [CENTS.rstrip()]))
    assert EXPECTED == _rows(found)
    assert [("KX-1", USUAL)] == [(tape.ticker, tape.first) for tape in found.tapes]


def _books(*rows: tuple[int, str, str]) -> list[object]:
    return [
        {"ts": f"2026-05-13T21:00:{second:02}Z", "ticker": ticker, "yes": [["0.4800", size]], "no": [["0.4800", "5.00"]]}
        for second, ticker, size in rows
    ]


def test_books_become_changes(tmp_path: Path) -> None:
    """Each market of the file has its own tapes."""
    lines = _books((0, "KX-1", "10.00"), (1, "KX-2", "3.00"), (2, "KX-1", "6.00"))
    found = read_tapes(_write(tmp_path / "books.jsonl", lines))
    assert [("KX-1", 0), ("KX-2", 1_000_000)] == [(tape.ticker, tape.start - T0) for tape in found.tapes]
    assert [[(2_000_000, Kind.BID, 4_800, -400)], []] == _rows(found)


def test_trades_among_books_are_trades(tmp_path: Path) -> None:
    """In their time, wherever they stand in the file; first or not."""
    trade = {"ts": "2026-05-13T21:00:01Z", "ticker": "KX-1", "yes_price": "0.4800", "count": "3.00", "taker_side": "no"}
    found = read_tapes(_write(tmp_path / "books.jsonl", [trade, *_books((2, "KX-1", "6.00"), (0, "KX-1", "10.00"))]))
    assert [[(1_000_000, Kind.SOLD, 4_800, 300), (2_000_000, Kind.BID, 4_800, -400)]] == _rows(found)


def test_a_market_without_a_book_of_two_sides_does_not_refuse_the_others(tmp_path: Path) -> None:
    """It has no moment to decide at, and that is all."""
    one_sided = {"ts": "2026-05-13T21:00:00Z", "ticker": "KX-2", "yes": None, "no": [["0.4800", "5.00"]]}
    found = read_tapes(_write(tmp_path / "books.jsonl", [one_sided, *_books((0, "KX-1", "10.00"))]))
    assert ["KX-1", "KX-2"] == [tape.ticker for tape in found.tapes]


def test_what_is_known_beside_the_books_is_taken(tmp_path: Path) -> None:
    """Grid, fees and close from the sidecar that paper reads as well."""
    path = _write(tmp_path / "books.jsonl", _books((0, "KX-1", "10.00")))
    ranges = [{"start": "0.0000", "end": "1.0000", "step": "0.0010"}]
    sidecar = {"price_ranges": ranges, "fee_multiplier": "0.5", "close_time": "2026-05-13T21:15:00Z"}
    _write(tmp_path / "books.jsonl.market.json", [sidecar])
    (tape,) = read_tapes(path).tapes
    assert (STRUCTURES["deci_cent"].bands, parse_instant("2026-05-13T21:15:00Z")) == (tape.grid.bands, tape.close_time)
    assert 0.5 == tape.fees.multiplier


def test_several_recordings_come_in_order_of_time(tmp_path: Path) -> None:
    """Whichever is named first."""
    later = _write(tmp_path / "later.jsonl", _books((5, "KX-2", "1.00")))
    found = together([read_tapes(later), read_tapes(_run(tmp_path / "run"))])
    assert [Instant(T0), Instant(T0 + 5_000_000)] == [tape.start for tape in found.tapes]


BROKEN = {
    "not json": ("frames.jsonl", ["{"], "line 1: not a recording of order books"),
    "nothing known": ("frames.jsonl", ['{"a": 1}'], "line 1: not a recording of order books"),
    "a frame": ("frames.jsonl", [_frame("ok", 1, {}), "{"], "line 2: not a frame of an order book: Input data was truncated"),
    "a side": (
        "frames.jsonl",
        [_frame("orderbook_delta", 1, {"market_ticker": "T", **_delta("maybe", "0.48", "1.00")})],
        "line 1: not a frame of an order book: Invalid enum value 'maybe'",
    ),
    "a price": (
        "lines.jsonl",
        [_kept("orderbook_snapshot", 0, 1, SNAPSHOT), _kept("orderbook_delta", 1, 2, _delta("yes", "1.0000", "1.00"))],
        "line 2: not a frame of an order book: no book has a level at 1.0000",
    ),
    "a count": (
        "lines.jsonl",
        [_kept("orderbook_snapshot", 0, 1, {"yes_dollars_fp": [["0.48", "many"]]})],
        "line 1: not a frame of an order book: count 'many' is not a plain decimal number",
    ),
    "whose level": (
        "frames.jsonl",
        [
            _frame("orderbook_snapshot", 1, {"market_ticker": "T", **SNAPSHOT}),
            _frame("orderbook_delta", 2, {"market_ticker": "T", **_delta("yes", "0.48", "1.00"), "side": None}),
        ],
        "line 2: not a frame of an order book: a change without a side",
    ),
    "an older form": (
        "frames.jsonl",
        [
            _frame("orderbook_snapshot", 1, {"market_ticker": "T", "yes": [[48, 10]], "no": [[48, 5]]}),
            _frame("orderbook_delta", 2, {"market_ticker": "T", **_delta("yes", "0.48", "1.00")}),
        ],
        "line 1: not a frame of an order book: a snapshot without yes_dollars_fp and no_dollars_fp, in an older form",
    ),
    "a time": (
        "lines.jsonl",
        [_kept("orderbook_snapshot", 1e20, 1, SNAPSHOT)],
        "line 1: not a frame of an order book: Expected `int` <= 9",
    ),
    "a column": ("rows.csv", ["type,sid,seq,side"], "line 1: no column market_ticker"),
    "a row": (
        "rows.csv",
        [CENTS + "trade,1,5,,T,yes,48,1,2026-05-13T21:00:00Z"],
        "line 6: type 'trade' is neither snapshot nor",
    ),
    "a line end in a cell": (
        "rows.csv",
        [CENTS + "delta,1,5,,T,yes,4\r8,1,2026-05-13T21:00:00Z"],
        "line 6: not a frame of an order book: new-line character seen",
    ),
    "a row after blank lines": (
        "rows.csv",
        [CENTS + "\n\ndelta,1,5,,T,yes,48,1"],
        "line 8: 8 cells where the header has 9",
    ),
    "a book at the end": (
        "rows.csv",
        [CENTS + "snapshot,2,1,m,KX-2,yes,48,-10,2026-05-13T21:00:09Z"],
        "line 6: not a frame of an order book: no book has -10 contracts at 0.4800",
    ),
    "a number": (
        "rows.csv",
        [CENTS + "delta,1,x,,T,yes,48,1,2026-05-13T21:00:00Z"],
        "line 6: not a frame of an order book: inv",
    ),
}


@pytest.mark.parametrize(("name", "lines", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_what_cannot_be_read_is_refused_with_its_place(tmp_path: Path, name: str, lines: list[object], said: str) -> None:
    """One line: which file, which line of it, what is wrong."""
    with pytest.raises(UsageError) as refused:
        read_tapes(_write(tmp_path / name, lines))
    assert str(refused.value).startswith(f"{tmp_path / name}, {said}")


def test_a_folder_without_a_recording_is_refused(tmp_path: Path) -> None:
    """What is missing is named; so is a file that is not there."""
    with pytest.raises(UsageError, match=r"no orderbook_snapshot.ndjson \(or .gz\) in it"):
        read_tapes(tmp_path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_tapes(tmp_path / "nowhere.jsonl")

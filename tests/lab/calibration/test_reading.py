"""Files to calibrate from: books and trades mixed in lines, a recorder's run with its ticker frames, and what is refused."""

import json
from pathlib import Path

import pytest

from depthwalk.domain.result import LiquidityClass
from depthwalk.errors import UsageError
from depthwalk.lab.calibration.moments import values
from depthwalk.lab.calibration.observed import Observed
from depthwalk.lab.calibration.reading import observe_files
from tests.support.recorded import book_line, trade_line, written


def _time(second: int) -> str:
    return f"2026-07-01T12:{second // 60:02d}:{second % 60:02d}Z"


def _books(ticker: str = "T", size: str = "200.00", count: int = 2_999) -> list[str]:
    return [
        book_line(_time(second), ticker, [("0.4900" if second % 2 else "0.4800", size)], [("0.5000", size)])
        for second in range(count)
    ]


def _trades(ticker: str = "T") -> list[str]:
    return [trade_line(_time(second), ticker, yes_price="0.5000") for second in range(5, 2_900, 10)]


def _observed(*paths: Path, only: LiquidityClass | None = None, tickers: tuple[str, ...] = ()) -> Observed:
    return observe_files(paths, only=only, tickers=tickers)


def test_books_and_trades_in_one_file_or_in_two(tmp_path: Path) -> None:
    """How they are spread over files makes no difference, packed or not, in order or not."""
    together = written(tmp_path / "all.jsonl", [*_trades(), *reversed(_books())])
    books = written(tmp_path / "books.jsonl.gz", _books(), packed=True)
    trades = written(tmp_path / "trades.jsonl", _trades())
    assert _observed(together).table == _observed(books, trades).table
    shown = values(_observed(together).table)
    assert (8.0, 1.5) == (shown["trade_size"], pytest.approx(shown["spread"], rel=0.01))


def test_markets_are_chosen_by_their_usual_book_and_by_name(tmp_path: Path) -> None:
    """A thin market and a liquid one in a file: each can be had alone."""
    path = written(tmp_path / "both.jsonl", [*_books("THIN", "20.00"), *_books("DEEP", "900.00")])
    assert 2 == _observed(path).markets
    assert 20 == pytest.approx(values(_observed(path, only=LiquidityClass.THIN).table)["touch"])
    assert 900 == pytest.approx(values(_observed(path, only=LiquidityClass.LIQUID).table)["touch"])
    assert 900 == pytest.approx(values(_observed(path, tickers=("DEEP",)).table)["touch"])
    with pytest.raises(UsageError, match="too few books: 0 in 0 stretches"):
        _observed(path, only=LiquidityClass.MODERATE)
    with pytest.raises(UsageError, match="nothing of NONE is in"):
        _observed(path, tickers=("NONE",))


def _kept(kind: str, number: int, second: float, **payload: object) -> str:
    line = {
        "event_type": kind,
        "connection_id": "c",
        "sequence_number": number,
        "local_recv_ns": round(second * 1e9),
        "payload_json": {"market_ticker": "T", **payload},
    }
    return json.dumps(line)


def _run(folder: Path, *, tickers: bool = True) -> Path:
    folder.mkdir()
    levels = {"yes_dollars_fp": [["0.4900", "50.00"]], "no_dollars_fp": [["0.4900", "50.00"]]}
    written(folder / "orderbook_snapshot.ndjson", [_kept("orderbook_snapshot", 1, 0.0, **levels)])
    deltas = [
        _kept("orderbook_delta", 2 + n, 1.0 + n, side="yes", price_dollars="0.4800", delta_fp="4.00" if n % 2 == 0 else "-4.00")
        for n in range(2_700)
    ]
    written(folder / "orderbook_delta.ndjson", deltas)
    frames = [
        _kept("ticker", 0, n, ts_ms=1_000 * n, volume_fp=f"{30 * n}.00", last_trade_size_fp="6.00", price_dollars=price)
        for n, price in enumerate(["0.5000"] * 101 + ["0.9000"] * 100)
    ]
    # Nothing was traded since: its size was told before.
    frames.insert(
        50, _kept("ticker", 0, 49.5, ts_ms=49_500, volume_fp="1470.00", last_trade_size_fp="600.00", price_dollars="0.5")
    )
    if tickers:
        written(folder / "ticker.ndjson.gz", frames, packed=True)
    return folder


def test_a_run_of_a_recorder_with_its_ticker_frames(tmp_path: Path) -> None:
    """Every second change is an order of four; thirty contracts a second in sixes, while the price was in range."""
    shown = values(_observed(_run(tmp_path / "run")).table)
    assert (4.0, 1.0) == (shown["add_size"], shown["add_offset"])
    assert (6.0, 30 / 6 / 2) == (pytest.approx(shown["trade_size"]), pytest.approx(shown["trade_rate"]))
    assert "trade_rate" not in values(_observed(_run(tmp_path / "without", tickers=False)).table)


def test_recordings_of_two_kinds_make_no_class(tmp_path: Path) -> None:
    """What was seen at every change and what was looked at now and then cannot be counted together."""
    run, books = _run(tmp_path / "run"), written(tmp_path / "books.jsonl", _books())
    with pytest.raises(UsageError, match="cannot make one class"):
        _observed(run, books)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"ts": "2026-07-01T12:00:00Z", "ticker": "T"}', "neither a book .* nor a trade"),
        (book_line("yesterday"), "time 'yesterday' is not RFC 3339"),
        (book_line(yes=[("0.4", "1.00"), ("0.40001", "1.00")]), "price '0.40001' is finer than"),
        (trade_line(count="many"), "count 'many' is not a plain decimal number"),
        (trade_line(count="0.00"), "a trade of 0.00 contracts"),
        (trade_line(count="-1.00"), "a trade of -1.00 contracts"),
        (trade_line(taker_side="both"), "taker_side"),
        ("{", "not a recorded book or trade"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    """One line that is not what it should be refuses the file, with its number."""
    path = written(tmp_path / "bad.jsonl", [book_line(), line])
    with pytest.raises(UsageError, match=rf"bad\.jsonl, line 2: .*{said}"):
        _observed(path)


def test_a_bad_ticker_frame_is_named(tmp_path: Path) -> None:
    """So it is beside the changes of a run."""
    run = _run(tmp_path / "run")
    written(run / "ticker.ndjson.gz", [_kept("ticker", 0, 1.0)], packed=True)
    with pytest.raises(UsageError, match=r"ticker\.ndjson\.gz, line 1: not a ticker frame"):
        _observed(run)


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    """Another file, and none at all."""
    with pytest.raises(UsageError, match="not a recording of order books"):
        _observed(written(tmp_path / "other.txt", ["hello"]))
    with pytest.raises(UsageError, match="cannot be read"):
        _observed(tmp_path / "none.jsonl")

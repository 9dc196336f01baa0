import gzip
import json
from fractions import Fraction
from pathlib import Path

import pytest

from depthwalk.domain.book import BookState
from depthwalk.domain.market import FeeType
from depthwalk.domain.units import parse_instant
from depthwalk.errors import UsageError
from depthwalk.simulation.replay import read_recording
from tests.support.paper import START, book

HOURLY = "rest-depth-hourly/converted.books.jsonl.gz"


def _row(second: int, yes: object, no: object, ticker: str = "T") -> str:
    return json.dumps({"ts": f"2026-05-13T20:20:{second:02}Z", "ticker": ticker, "yes": yes, "no": no})


USUAL = _row(10, [["0.4800", "10.00"]], [["0.5000", "3.00"]])
CROSSED = _row(11, [["0.6000", "1.00"]], [["0.6000", "1.00"]])
EMPTY = _row(9, None, [])


def _file(folder: Path, *lines: str, packed: bool = False) -> Path:
    path = folder / "books.jsonl"
    content = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    return path


@pytest.mark.parametrize("packed", [False, True])
def test_rows_of_the_ticker_from_the_first_two_sided_one(tmp_path: Path, *, packed: bool) -> None:
    """Plain or gzip, other tickers passed over, strange rows kept, sorted by time, bids of NO as asks of YES."""
    other = _row(5, [["0.1", "1"]], [], ticker="U")
    recording = read_recording(_file(tmp_path, CROSSED, other, EMPTY, "", USUAL, packed=packed), "T")
    assert [BookState.TWO_SIDED, BookState.CROSSED] == [shown.state for _, shown in recording.rows]
    assert (parse_instant("2026-05-13T20:20:10Z"), book([(48, 10)], [(50, 3)])) == recording.rows[0]


@pytest.mark.parametrize(("second", "state"), [(9, BookState.EMPTY), (10, BookState.TWO_SIDED), (59, BookState.CROSSED)])
def test_starting_at_a_time(tmp_path: Path, second: int, state: BookState) -> None:
    """The last row at or before the time, whatever it is like."""
    recording = read_recording(_file(tmp_path, EMPTY, USUAL, CROSSED), "T", parse_instant(f"2026-05-13T20:20:{second:02}.5Z"))
    assert state is recording.rows[0][1].state


def test_times_are_shifted_together(tmp_path: Path) -> None:
    """The first row comes to the start, distances stay."""
    moved = read_recording(_file(tmp_path, USUAL, CROSSED), "T").starting(START)
    assert [START, START + 1_000_000] == [at for at, _ in moved.rows]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([USUAL, "{not json"], "line 2: not a recorded book"),
        ([USUAL, '{"ts": "2026-05-13T20:20:10Z", "ticker": "T", "yes": []}'], "line 2.*`no`"),
        ([USUAL, '{"ts": "2026-05-13T20:20:10Z", "ticker": "U", "no": []}'], "line 2.*`yes`"),
        ([_row(1, [["0.4800", 10]], [])], "line 1"),
        ([_row(1, [["0.48001", "10.00"]], [])], r"line 1.*0\.48001.*finer"),
        ([_row(1, [["1.4800", "10.00"]], [])], "line 1.*no book has"),
        ([_row(1, [["0.4800", "-1.00"]], [])], "line 1.*no book has"),
        ([USUAL.replace("T20:20:10Z", " noon")], "line 1.*RFC 3339"),
        (["\xff\xfe"], "line 1"),
        ([CROSSED, EMPTY], r"no usable \(two-sided\) row for ticker T"),
        ([_row(1, [], [], ticker=f"U{n}") for n in range(7)], r"unknown ticker T \(the file has: U0, U1, U2, U3, U4, …\)"),
        ([""], "the file has no books"),
    ],
)
def test_what_is_not_a_recording_is_refused(tmp_path: Path, lines: list[str], words: str) -> None:
    """One line that names the file, the line and what is wrong."""
    path = _file(tmp_path, *lines)
    with pytest.raises(UsageError, match=words) as refused:
        read_recording(path, "T")
    assert str(path) in refused.value.message
    assert "\n" not in refused.value.message


def test_a_time_before_the_recording_is_refused(tmp_path: Path) -> None:
    """`--at` before the first row has no row to start from."""
    with pytest.raises(UsageError, match="begin at 2026-05-13T20:20:10"):
        read_recording(_file(tmp_path, USUAL), "T", parse_instant("2026-05-13T20:20:00Z"))


def test_damaged_and_missing_files_are_refused(tmp_path: Path) -> None:
    """A truncated gzip names the line it broke at; a missing file and a folder say so."""
    path = _file(tmp_path, *[USUAL] * 50, packed=True)
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    with pytest.raises(UsageError, match=r"line \d+: the gzip file is damaged or cut short"):
        read_recording(path, "T")
    path.write_bytes(whole[:20] + b"\x00\xff" + whole[22:])
    with pytest.raises(UsageError, match=r"damaged|not a recorded book"):
        read_recording(path, "T")
    for strange in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(UsageError, match="cannot be read"):
            read_recording(strange, "T")


def test_defaults_of_what_a_recording_lacks(tmp_path: Path) -> None:
    """The smallest published grid with every price, quadratic fees, no close."""
    market = read_recording(_file(tmp_path, USUAL, _row(12, [["0.0450", "1.00"]], [])), "T").market
    assert ("center_whole_edge_half_cent", FeeType.QUADRATIC, None) == (
        market.structure,
        market.fees.fee_type,
        market.close_time,
    )


def test_a_sidecar_says_what_the_recording_lacks(tmp_path: Path) -> None:
    """Grid, fees, title and close come from `FILE.market.json`."""
    path = _file(tmp_path, USUAL)
    sidecar = {
        "title": "A title",
        "price_ranges": [{"start": "0.0000", "end": "1.0000", "step": "0.0010"}],
        "fee_type": "quadratic_with_maker_fees",
        "fee_multiplier": 0.5,
        "close_time": "2026-05-13T20:30:00Z",
    }
    Path(f"{path}.market.json").write_text(json.dumps(sidecar))
    market = read_recording(path, "T").market
    assert ("A title", FeeType.QUADRATIC_WITH_MAKER_FEES, Fraction(1, 2), parse_instant("2026-05-13T20:30:00Z")) == (
        market.title,
        market.fees.fee_type,
        market.fees.multiplier,
        market.close_time,
    )
    assert 4_801 not in market.grid
    assert 4_810 in market.grid


@pytest.mark.parametrize(
    ("sidecar", "words"),
    [
        ("{", "market.json"),
        ('{"colour": 1}', "colour"),
        ('{"fee_type": "flat"}', "flat"),
        ('{"fee_multiplier": "-1"}', "fee_multiplier"),
        ('{"fee_multiplier": "1/3"}', "fee_multiplier"),
        ('{"fee_multiplier": "1e999999999"}', "fee_multiplier"),
        ('{"close_time": "soon"}', "RFC 3339"),
        ('{"price_ranges": []}', "at least one band"),
        ('{"price_ranges": [{"start": "0.0000", "end": "1.0000", "step": "0.0500"}]}', "0.4800"),
    ],
)
def test_a_bad_sidecar_is_refused(tmp_path: Path, sidecar: str, words: str) -> None:
    """A sidecar that cannot be used names itself."""
    path = _file(tmp_path, USUAL)
    Path(f"{path}.market.json").write_text(sidecar)
    with pytest.raises(UsageError, match=words) as refused:
        read_recording(path, "T")
    assert "market.json" in refused.value.message


def test_one_market_is_picked_from_a_large_recording(shared: Path) -> None:
    """19,813 books of 1,458 markets: only the rows of the one asked for."""
    recording = read_recording(shared / HOURLY, "KXAFLGAME-26JUL090610SYDFRE-FRE")
    assert (11, "linear_cent") == (len(recording.rows), recording.market.structure)

"""Files of recorded order books, in the forms that recorders keep, read into tapes. What a form is, and nothing else, is here.

* a recorder's run: a folder of `orderbook_snapshot` and `orderbook_delta` files (`.ndjson`, plain or gzip; `watch_market`
  tells closes), or one file with such lines: Kalshi's frame under `payload_json`, its `seq` under `sequence_number`, the time
  it was received under `local_recv_ns`, which is what the tape's times are;
* raw frames as received, one JSON object a line: `{"type": "orderbook_delta", "sid": 1, "seq": 9, "msg": {…}}`. Their time is
  the exchange's (`ts`, else `ts_ms`); snapshots have none and get that of the next change;
* rows of the older whole-cent format as CSV: `cents.py`;
* books, one a line, and trades among them: `books.py`.

Frames are those of Kalshi's channel `orderbook_delta` (kalshi-api.md section 10.5), NO levels in NO prices: frames that were
asked for with `use_yes_price` look alike and would be read wrongly. Anything that is not one of these, or does not say what it
must, is refused with file and line.
"""

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from depthwalk.domain.book import Book, Level
from depthwalk.domain.units import ONE, Instant, parse_instant, parse_quantity
from depthwalk.errors import DomainError, UsageError
from depthwalk.lab.recorded.books import read_books
from depthwalk.lab.recorded.cents import CENTS_HEADER, read_cents
from depthwalk.lab.recorded.rows import is_row
from depthwalk.lab.recorded.scribe import Scribe, Terms, refused
from depthwalk.lab.recorded.tape import Kind, Tapes
from depthwalk.simulation.replay import lines
from depthwalk.wire.scalars import PRICES

_RUN_FILES: Final = ("orderbook_snapshot", "orderbook_delta")
_CLOSES: Final = "watch_market"
_ENDINGS: Final = (".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz")
_MICROSECOND_NS: Final = 1_000
_MILLISECOND: Final = 1_000

_Levels = list[tuple[str, str]]
_Older = msgspec.Raw | msgspec.UnsetType
_Time = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class _Message(msgspec.Struct):
    """A frame's `msg`: a snapshot's or a change's."""

    market_ticker: str = ""
    side: Literal["yes", "no"] | None = None
    price_dollars: str = ""
    delta_fp: str = ""
    ts: str | int | None = None
    ts_ms: Annotated[int, msgspec.Meta(ge=0, le=2**53)] | None = None
    yes_dollars_fp: _Levels | None = None
    no_dollars_fp: _Levels | None = None
    yes: _Older = msgspec.UNSET
    yes_dollars: _Older = msgspec.UNSET
    no: _Older = msgspec.UNSET
    no_dollars: _Older = msgspec.UNSET

    @property
    def is_older(self) -> bool:
        """Whether levels are told in a form that was given up only: to pass them over would make an empty book of them."""
        known, older = (self.yes_dollars_fp, self.no_dollars_fp), (self.yes, self.yes_dollars, self.no, self.no_dollars)
        return known == (None, None) and any(levels is not msgspec.UNSET for levels in older)

    @property
    def told(self) -> Instant | None:
        """The exchange's time of a change."""
        if isinstance(self.ts, str):
            return parse_instant(self.ts)
        return None if self.ts_ms is None else Instant(self.ts_ms * _MILLISECOND)


class _Kept(msgspec.Struct):
    """A recorder's line."""

    event_type: str
    local_recv_ns: _Time
    payload_json: _Message
    sequence_number: int | None = None
    connection_id: str = ""


class _Frame(msgspec.Struct):
    """A raw frame. *msg* is decoded where it is ours: others have other forms."""

    type: str
    sid: int | None = None
    seq: int | None = None
    msg: msgspec.Raw = msgspec.Raw(b"{}")


class _Watched(msgspec.Struct):
    market_ticker: str
    close_time: str | None = None


class _Control(msgspec.Struct):
    payload_json: _Watched


class _Shape(msgspec.Struct):
    """Just enough of a line to tell what it is."""

    type: str | None = None
    event_type: str | None = None


def read_tapes(path: Path) -> Tapes:
    """Read a recording, whichever of the known forms it has.

    Raises:
        UsageError: it cannot be read, is none of them, or a line does not say what it must.

    """
    if path.is_dir():
        return _read_run(path)
    number, first = next(lines(path), (0, b""))
    if first.startswith(CENTS_HEADER):
        return _reading(path, read_cents)
    try:
        shape = msgspec.json.decode(first, type=_Shape)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        shape = _Shape()
    if shape.event_type is not None:
        return _reading(path, lambda scribe, path: _take_kept(scribe, _sorted(_decoded(path))))
    if shape.type is not None:
        return _reading(path, _read_frames)
    if is_row(first):
        return read_books(path)
    raise UsageError(
        f"{path}, line {number}: not a recording of order books",
        hint="known: a recorder's folder, raw WebSocket frames, whole-cent CSV rows, books one a line",
    )


def together(found: Sequence[Tapes]) -> Tapes:
    """Return several recordings as one, their tapes in order of time."""
    tapes = sorted((tape for one in found for tape in one.tapes), key=attrgetter("start", "ticker"))
    return Tapes(tapes=tuple(tapes), cuts=tuple(cut for one in found for cut in one.cuts))


def _reading(path: Path, read: Callable[[Scribe, Path], None]) -> Tapes:
    scribe = Scribe(str(path))
    read(scribe, path)
    return scribe.finish()


def _levels(levels: _Levels | None) -> list[Level]:
    return [(PRICES[price], parse_quantity(quantity)) for price, quantity in levels or ()]


def _book(message: _Message) -> Book:
    if message.is_older:
        raise DomainError("a snapshot without yes_dollars_fp and no_dollars_fp, in an older form")
    return Book.of_bids(yes=_levels(message.yes_dollars_fp), no=_levels(message.no_dollars_fp))


_CHANGES: Final[dict[str, int]] = {}
_REMEMBERED: Final = 100_000


def _size(text: str) -> int:
    """Read a signed count; a recording repeats most of them."""
    found = _CHANGES.get(text)
    if found is None:
        found = parse_quantity(text)
        if len(_CHANGES) < _REMEMBERED:
            _CHANGES[text] = found
    return found


def _take_change(scribe: Scribe, stream: str, message: _Message, at: Instant, where: str) -> None:
    if message.side is None:
        raise DomainError("a change without a side")
    price = PRICES[message.price_dollars]
    if message.side == "yes":
        scribe.change(at, message.market_ticker, Kind.BID, price, _size(message.delta_fp), stream=stream, where=where)
    else:
        scribe.change(at, message.market_ticker, Kind.ASK, ONE - price, _size(message.delta_fp), stream=stream, where=where)


# --- a recorder's run ---


class _Line(msgspec.Struct):
    """A recorder's line and where it stands."""

    kept: _Kept
    where: str


def _read_run(folder: Path) -> Tapes:
    files = {name: _find(folder, name) for name in (*_RUN_FILES, _CLOSES)}
    missing = [name for name in _RUN_FILES if files[name] is None]
    if missing:
        raise UsageError(f"{folder}: no {missing[0]}{_ENDINGS[0]} (or .gz) in it", hint="name a recorder's run folder")
    found = [line for name in _RUN_FILES for line in _decoded(files[name])]
    scribe = Scribe(str(folder))
    _take_kept(scribe, _sorted(found))
    return scribe.finish(_closes(files[_CLOSES]))


def _find(folder: Path, name: str) -> Path | None:
    return next((path for ending in _ENDINGS if (path := folder / (name + ending)).exists()), None)


def _decoded(path: Path | None) -> Iterator[_Line]:
    decode = msgspec.json.Decoder(_Kept).decode
    for number, line in lines(path) if path is not None else ():
        try:
            yield _Line(decode(line), f"{path}, line {number}")
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise refused(f"{path}, line {number}", error) from None


def _sorted(found: Iterator[_Line] | list[_Line]) -> list[_Line]:
    numbered = [line for line in found if line.kept.sequence_number is not None]
    return sorted(numbered, key=attrgetter("kept.local_recv_ns", "kept.sequence_number"))


def _take_kept(scribe: Scribe, found: list[_Line]) -> None:
    for line in found:
        kept, message = line.kept, line.kept.payload_json
        if kept.event_type not in _RUN_FILES or kept.sequence_number is None:
            continue
        try:
            received = Instant(kept.local_recv_ns // _MICROSECOND_NS)
            at = scribe.frame(kept.connection_id, kept.sequence_number, received, line.where)
            if kept.event_type == "orderbook_delta":
                _take_change(scribe, kept.connection_id, message, at, line.where)
            else:
                scribe.snapshot(kept.connection_id, at, message.market_ticker, _book(message), line.where)
        except DomainError as error:
            raise refused(line.where, error) from None


def _closes(path: Path | None) -> dict[str, Terms]:
    terms: dict[str, Terms] = {}
    decode = msgspec.json.Decoder(_Control).decode
    for number, line in lines(path) if path is not None else ():
        try:
            watched = decode(line).payload_json
            if watched.close_time is not None:
                terms[watched.market_ticker] = Terms(close_time=parse_instant(watched.close_time))
        except (msgspec.MsgspecError, UnicodeDecodeError, DomainError) as error:
            raise UsageError(f"{path}, line {number}: not a recorder's line: {error}") from None
    return terms


# --- raw frames ---


def _read_frames(scribe: Scribe, path: Path) -> None:
    """Read frames as received. A snapshot waits for the next time that is told."""
    decode, decode_message = msgspec.json.Decoder(_Frame).decode, msgspec.json.Decoder(_Message).decode
    waiting: list[tuple[_Frame, _Message | None, str]] = []
    begun = False
    for number, line in lines(path):
        where = f"{path}, line {number}"
        try:
            frame = decode(line)
            if frame.sid is None or frame.seq is None:
                continue
            message = decode_message(frame.msg) if frame.type in _RUN_FILES else None
            waiting.append((frame, message, where))
            at = None if message is None else message.told
        except (msgspec.MsgspecError, UnicodeDecodeError, DomainError) as error:
            raise refused(where, error) from None
        if at is not None:
            begun = True
            for each in waiting:
                _take_frame(scribe, *each, at)
            waiting.clear()
    if not begun and any(message is not None for _, message, _ in waiting):
        raise UsageError(f"{path}: no frame of an order book in it says its time")


def _take_frame(scribe: Scribe, frame: _Frame, message: _Message | None, where: str, at: Instant) -> None:
    stream = str(frame.sid)
    try:
        now = scribe.frame(stream, frame.seq, at, where)
        if frame.type == "orderbook_delta" and message is not None:
            _take_change(scribe, stream, message, now, where)
        elif message is not None:
            scribe.snapshot(stream, now, message.market_ticker, _book(message), where)
    except DomainError as error:
        raise refused(where, error) from None

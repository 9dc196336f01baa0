"""Files that a class can be calibrated from, as recorded markets and tapes. What is in a file decides how it is read.

* JSON lines of books and public trades (`lab/recorded/rows.py`), which may stand in files of their own;
* recordings of every change, as `lab/recorded` reads them; beside the changes of a run folder its `ticker` frames, which say
  how much was traded and the sizes of single trades.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from depthwalk.analysis.depth import liquidity_class, within
from depthwalk.domain.book import Book
from depthwalk.domain.messages import LiquidityRule
from depthwalk.domain.result import LiquidityClass
from depthwalk.domain.units import CENT, CONTRACT, SECOND, Quantity, parse_price, parse_quantity
from depthwalk.errors import DomainError, UsageError
from depthwalk.lab.calibration.observed import Observed, Prints, RecordedMarket, Taker, observe, observe_tapes
from depthwalk.lab.calibration.sums import PRICES
from depthwalk.lab.recorded.reading import read_tapes
from depthwalk.lab.recorded.rows import is_row, read_rows
from depthwalk.lab.recorded.tape import Tape
from depthwalk.simulation.replay import lines

Told = Callable[[Path], None]
"""Is told of a file before it is read."""

_MILLISECONDS: Final = 1_000
_MINUTE: Final = 60 * SECOND
_TICKERS: Final = ("ticker.ndjson", "ticker.ndjson.gz")


class _Ticker(msgspec.Struct):
    market_ticker: str
    ts_ms: int
    volume_fp: str
    last_trade_size_fp: str
    price_dollars: str


class _Kept(msgspec.Struct):
    payload_json: _Ticker


def observe_files(
    paths: Sequence[Path],
    *,
    only: LiquidityClass | None = None,
    tickers: Sequence[str] = (),
    told: Told = lambda _: None,
) -> Observed:
    """Read recordings and boil them down; they are of one kind, but trades may stand in files of their own.

    Args:
        paths: files, and folders of a recorder's runs.
        only: take only the markets whose typical book is of this class.
        tickers: take only these markets; empty: all.
        told: see `Told`.

    Raises:
        UsageError: a file cannot be read, is of no known form, or all of them together have too few books.

    """
    markets: dict[str, RecordedMarket] = {}
    tapes: list[Tape] = []
    prints: list[Prints] = []
    for path in paths:
        told(path)
        if not path.is_dir() and _is_rows(path):
            _take_rows(path, markets)
        else:
            tapes += read_tapes(path).tapes
            prints += _read_prints(path)
    if tapes and markets:
        raise UsageError("recordings of every change and of books now and then cannot make one class", hint="name one kind")
    known = {tape.ticker for tape in tapes} | set(markets)
    missing = [ticker for ticker in tickers if ticker not in known]
    if missing:
        raise UsageError(f"nothing of {missing[0]} is in {', '.join(map(str, paths))}")
    if tapes:
        wanted = [tape for tape in tapes if not tickers or tape.ticker in tickers]
        # What was traded is told of a run, not of a market of a certain class.
        of_all = not tickers and only is None
        return observe_tapes(
            [tape for tape in wanted if only is None or class_of(_now_and_then(tape)) is only], prints if of_all else ()
        )
    markets = {ticker: market for ticker, market in markets.items() if not tickers or ticker in tickers}
    for market in markets.values():
        market.rows.sort(key=lambda row: row[0])
        market.takers.sort(key=lambda taker: taker.at)
    return observe(chosen(list(markets.values()), only))


def chosen(markets: Sequence[RecordedMarket], only: LiquidityClass | None) -> Sequence[RecordedMarket]:
    """Return the markets whose typical book is of a class (None: all), and those of which only trades are known."""
    if only is None:
        return markets
    return [each for each in markets if not each.rows or class_of([book for _, book in each.rows if book]) is only]


def class_of(books: Sequence[Book]) -> LiquidityClass | None:
    """Return the class of the typical book among those that count: by the median depth of its worse side."""
    rule = LiquidityRule()
    depths = [
        min(within(book.bids, rule.within), within(book.asks, rule.within))
        for book in books
        if book.bids and book.asks and PRICES[0] <= (book.bids[0][0] + book.asks[0][0]) / (2 * CENT) <= PRICES[1]
    ]
    if not depths:
        return None
    return liquidity_class(((CENT, Quantity(round(median(depths)))),), rule)


def _now_and_then(tape: Tape) -> list[Book]:
    """Return a tape's book about once a minute."""
    last, found = 0, list[Book]()
    for at, book in tape.books():
        if at - last >= _MINUTE:
            last = at
            found.append(book)
    return found


def _is_rows(path: Path) -> bool:
    _, first = next(lines(path), (0, b""))
    return is_row(first)


def _take_rows(path: Path, markets: dict[str, RecordedMarket]) -> None:
    for ticker, rows in read_rows(path).items():
        market = markets.setdefault(ticker, RecordedMarket(ticker=ticker))
        market.rows += rows.books
        market.takers += [Taker(trade.at, trade.taker.sign, trade.price, trade.quantity) for trade in rows.trades]


def _read_prints(folder: Path) -> list[Prints]:
    """Read what the ticker frames of a run say of trading while the price was in range, market by market."""
    path = next((folder / name for name in _TICKERS if (folder / name).is_file()), None) if folder.is_dir() else None
    if path is None:
        return []
    decode = msgspec.json.Decoder(_Kept).decode
    last: dict[str, tuple[int, int]] = {}
    seen: dict[str, tuple[int, int, list[float]]] = {}
    for number, line in lines(path):
        try:
            frame = decode(line).payload_json
            volume, size = parse_quantity(frame.volume_fp), parse_quantity(frame.last_trade_size_fp)
            in_range = PRICES[0] <= parse_price(frame.price_dollars) / CENT <= PRICES[1]
        except (msgspec.MsgspecError, DomainError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}, line {number}: not a ticker frame: {error}") from None
        before = last.get(frame.market_ticker)
        last[frame.market_ticker] = frame.ts_ms, volume
        if before is not None and in_range:
            passed, traded, sizes = seen.get(frame.market_ticker, (0, 0, []))
            if volume > before[1]:
                sizes.append(size / CONTRACT)
            seen[frame.market_ticker] = passed + frame.ts_ms - before[0], traded + volume - before[1], sizes
    return [
        Prints(passed / _MILLISECONDS, traded / CONTRACT, tuple(sizes)) for passed, traded, sizes in seen.values() if passed > 0
    ]

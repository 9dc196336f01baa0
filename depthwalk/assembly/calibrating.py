"""One `depthwalk lab calibrate`: recordings are found in files or the database, and a class is made of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from depthwalk.assembly.replaying import is_database, named
from depthwalk.errors import UsageError

if TYPE_CHECKING:
    from depthwalk.analysis.calibrated import Calibrated
    from depthwalk.domain.result import LiquidityClass
    from depthwalk.domain.units import Quantity
    from depthwalk.lab.calibration.observed import Observed, RecordedMarket
    from depthwalk.storage.coverage import Coverage
    from depthwalk.storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrateRequest:
    """One calibration, parsed. *assume* names the class for what is not identified; *quantity* None: the typical touch.

    *tickers* empty: all of them. *environment* is that of the rows in a database. *effort*: how much to simulate, 1 as usual.
    """

    sources: tuple[Path, ...]
    name: str
    assume: str | None = None
    only: "LiquidityClass | None" = None
    tickers: tuple[str, ...] = ()
    quantity: "Quantity | None" = None
    environment: str = "live"
    effort: float = 1.0


@dataclass(frozen=True, slots=True)
class Calibrating:
    """How far a calibration is: *done* of at most *total* looks at a class, the nearest *off* deviations from the recording."""

    doing: str
    done: int = 0
    total: int = 0
    off: float = 0.0


def calibrate(request: CalibrateRequest, watch: Callable[[Calibrating], None] = lambda _: None) -> "Calibrated":
    """Make a class of recordings. *watch* is told how far it is.

    Raises:
        UsageError: a source cannot be read, has too little in it, or does not identify a parameter that no class is named for;
            or there is no such class.

    """
    from depthwalk.lab.calibration.calibrate import Wish
    from depthwalk.lab.calibration.calibrate import calibrate as calibrated
    from depthwalk.lab.class_files import check_name, load_class

    try:
        check_name(request.name)
    except UsageError as error:
        raise UsageError(error.message, hint="--name says it; else it is that of the file of --out") from None
    # Named twice is not recorded twice.
    request = replace(request, sources=tuple(dict.fromkeys(request.sources)), tickers=tuple(dict.fromkeys(request.tickers)))
    assumed = None if request.assume is None else load_class(request.assume)
    observed = _observed(request, watch)
    wish = Wish(
        name=request.name,
        sources=tuple(map(named, request.sources)),
        assume=assumed,
        quantity=request.quantity,
    )
    return calibrated(
        observed,
        wish,
        effort=request.effort,
        progress=lambda done, total, off: watch(Calibrating("fitting", done, total, off)),
    )


def _observed(request: CalibrateRequest, watch: Callable[[Calibrating], None]) -> "Observed":
    from depthwalk.lab.calibration.observed import observe
    from depthwalk.lab.calibration.reading import chosen, observe_files

    databases = [path for path in request.sources if is_database(path)]
    if databases and len(databases) < len(request.sources):
        raise UsageError("a database and files cannot make one class", hint="`db import` takes files into the database")
    if not databases:
        return observe_files(
            request.sources,
            only=request.only,
            tickers=request.tickers,
            told=lambda path: watch(Calibrating(f"reading {path.name}")),
        )
    markets: list[RecordedMarket] = []
    for path in databases:
        watch(Calibrating(f"reading {path.name}"))
        markets += _recorded(path, request)
    return observe(chosen(markets, request.only))


def _recorded(path: Path, request: CalibrateRequest) -> "list[RecordedMarket]":
    from depthwalk.storage.coverage import read_coverage
    from depthwalk.storage.database import open_database

    with open_database(path) as database:
        # Of a market that was recorded in several ways the fullest counts: together they would tell everything twice.
        fullest: dict[str, Coverage] = {}
        for each in read_coverage(database):
            if each.environment == request.environment and each.books + each.trades:
                known = fullest.get(each.ticker)
                fullest[each.ticker] = each if known is None or each.books > known.books else known
        missing = [ticker for ticker in request.tickers if ticker not in fullest]
        if missing or not fullest:
            what = f"nothing of {missing[0]}" if missing else "nothing"
            raise UsageError(f"{path}: {what} was recorded in {request.environment}", hint="--env names another environment")
        return [_market(database, fullest[ticker]) for ticker in request.tickers or fullest]


def _market(database: "Database", coverage: "Coverage") -> "RecordedMarket":
    from depthwalk.lab.calibration.observed import RecordedMarket, Taker, confirmed_rows
    from depthwalk.storage.recorded_rows import recorded_rows

    found = recorded_rows(database, coverage)
    rows = confirmed_rows([(row.event_time, row.book) for row in found.books], found.confirmed, found.gaps)
    takers = [Taker(row.at, row.taker.sign, row.price, row.quantity) for row in found.trades]
    return RecordedMarket(ticker=coverage.ticker, rows=rows, takers=takers)

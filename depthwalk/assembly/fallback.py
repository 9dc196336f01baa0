"""Whether the API budget holds the algorithm that was asked for; where it does not, `simple_limit` instead, or nothing.

Decided before anything is sent, and recorded: an algorithm never changes under way (algorithms.md, fault 44).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from depthwalk.errors import Refused

if TYPE_CHECKING:
    from depthwalk.assembly.token_price import Rates
    from depthwalk.config import Config
    from depthwalk.domain.book import Book
    from depthwalk.domain.messages import BookChanged, Started
    from depthwalk.executors.state import BaseParams

SIMPLEST: Final = "simple_limit"


class Chosen(NamedTuple):
    """The algorithm that will run, its parameters, and why it is not the one that was asked for."""

    name: str
    params: "BaseParams"
    note: str | None = None


def chosen_within_budget(
    name: str,
    params: "BaseParams",
    *,
    config: "Config",
    overrides: Mapping[str, object],
    started: "Started",
    seen: "BookChanged",
    rates: "Rates",
    running: int = 1,
) -> Chosen:
    """Return the algorithm asked for, or the simplest one where the buckets do not hold the most that it may spend.

    Args:
        name: the algorithm asked for.
        params: its parameters.
        config: has the parameters of the simplest one.
        overrides: what the request itself sets (`--timeout`, `--end`): that holds for the simplest one as well.
        started: the first event of the run.
        seen: the book that it would begin on.
        rates: the prices of requests and the account's buckets.
        running: how many executions share these buckets now, this one counted.

    Raises:
        Refused: not even the simplest one fits.

    """
    share = replace(rates, allowance=rates.allowance.shared_by(running))
    lacking = _lacking(name, params, started, seen, share)
    if lacking is None:
        return Chosen(name, params)
    said = f"no API budget for {name}: {lacking}"
    if name != SIMPLEST:
        simple = config.params_for(SIMPLEST, None, config.applicable(SIMPLEST, overrides))
        short = _lacking(SIMPLEST, simple, started, seen, share)
        if short is None:
            return Chosen(SIMPLEST, simple, f"{said}; {SIMPLEST} instead")
        said += f"; nor for {SIMPLEST}: {short}"
    raise Refused(said, hint=_where(config, running))


def _lacking(name: str, params: "BaseParams", started: "Started", seen: "BookChanged", rates: "Rates") -> str | None:
    """Return what the buckets lack for a run, None where it fits, or would be refused on this book anyway."""
    from depthwalk.analysis.budget import exceeded
    from depthwalk.assembly.token_price import first_decision, token_price

    first = first_decision(name, params, started, seen)
    if first.executor.arrival is None and first.executor.finish is None:
        # On a book that cannot be traded on it waits, and decides later: priced as on a plain one.
        seen = replace(seen, book=_plain_book(started), confirmed_at=seen.at, foreign=())
        first = first_decision(name, params, started, seen)
    if first.executor.arrival is None or first.executor.finish is not None:
        return None
    return exceeded(token_price(first, seen, rates, opening=rates.first_look))


def _plain_book(started: "Started") -> "Book":
    """Return a book with two sides, each of the whole quantity, in the middle of the market's grid."""
    from depthwalk.domain.book import Book
    from depthwalk.domain.units import ONE, Price

    grid, quantity = started.market.grid, started.parent.quantity
    low, high = grid.floor(ONE // 2), grid.above(ONE // 2)
    return Book.of_levels(bids=[] if low is None else [(low, quantity)], asks=[] if high is None else [(Price(high), quantity)])


def _where(config: "Config", running: int) -> str:
    tier = "the account's own limits" if config.rate_limit.tier.value == "auto" else f"tier {config.rate_limit.tier.value}"
    shared = f"; {running} executions share it" if running > 1 else ""
    return f"rate_limit ({tier}) is set in {config.origin or 'the built-in defaults'}{shared}"

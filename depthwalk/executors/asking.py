"""Asking an algorithm: what it answers is checked, and what it raises is its own fault, after which the run only cancels.

Algorithms may come from other packages. Whatever one does wrong must end in the shared layer's way out, on record.
"""

import re
import traceback
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from depthwalk.domain.messages import Look
from depthwalk.domain.units import Duration, Quantity, seconds
from depthwalk.errors import DomainError
from depthwalk.executors.algorithm import Algorithm
from depthwalk.executors.state import Quote, Situation

SHORTEST_CADENCE: Final = seconds(0.1)
"""Steps come no closer than this, whatever an algorithm says: each costs requests."""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
"""What no file can hold."""

T = TypeVar("T")


class Faulty(DomainError):
    """An algorithm failed, or said what cannot be."""

    @classmethod
    def of(cls, error: BaseException) -> "Faulty":
        """Return it for what an algorithm has raised, with where it did."""
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = "".join(traceback.format_exception_only(error)).strip()  # also where the error itself cannot say
        place = f"{where.filename.rpartition('/')[2]}, line {where.lineno}"
        return cls(f"the algorithm failed: {said} ({place})".encode("ascii", "backslashreplace").decode())


def asked(question: Callable[[], T]) -> T:
    """Return the answer. Raises Faulty for whatever the algorithm raises, with where it did."""
    try:
        return question()
    except (Exception, SystemExit) as error:
        raise Faulty.of(error) from error


def division(algorithm: Algorithm, situation: Situation) -> Sequence[Quantity]:
    """Return the quantities of the splits. Raises Faulty unless they are more than 0 and add up to the order."""
    parts = asked(lambda: tuple(algorithm.divide(situation)))
    if not all(type(part) is int and part > 0 for part in parts) or sum(parts) != situation.quantity:
        raise Faulty(f"the algorithm's splits {list(parts)} do not add up to the order of {situation.quantity}")
    return parts


def quotations(algorithm: Algorithm, situation: Situation) -> Sequence[Quote]:
    """Return what the splits want, one quote a split at most. Raises Faulty for what is no quote, or of no split."""
    quotes = asked(lambda: tuple(algorithm.quotes(situation)))
    for quote in quotes:
        if not isinstance(quote, Quote) or not _sound(quote):
            raise Faulty(f"the algorithm said {quote!r}: a Quote is wanted, its numbers whole, its reason text")
        if not 0 <= quote.split < len(situation.splits):
            raise Faulty(f"the algorithm said {quote!r}, and there are {len(situation.splits)} splits")
    if len({quote.split for quote in quotes}) < len(quotes):
        raise Faulty("the algorithm said two quotes for one split")
    return quotes


def _sound(quote: Quote) -> bool:
    """Say whether a quote is what its types say: it goes into the journal, which has to be readable."""
    release = 0 if quote.release is None else quote.release
    numbers = type(quote.split) is type(quote.price) is type(release) is int
    return numbers and type(quote.take) is bool and type(quote.why) is str and not _SURROGATE.search(quote.why)


def momentum(algorithm: Algorithm) -> float | None:
    """Return the momentum against us, for the record: None where there is none, or where it cannot be said."""
    try:
        return asked(lambda: None if algorithm.adverse_momentum is None else float(algorithm.adverse_momentum))
    except Faulty:
        return None


def bounds(algorithm: Algorithm) -> tuple[int | None, int | None]:
    """Return how often it walks and creates at most. Raises Faulty for what is neither a whole number nor None."""
    said = asked(lambda: (algorithm.walks_at_most, algorithm.creates_at_most))
    if not all(bound is None or (type(bound) is int and bound >= 0) for bound in said):
        raise Faulty(f"the algorithm's walks_at_most and creates_at_most are {said!r}: whole numbers or None are wanted")
    return said


def cadence(algorithm: Algorithm) -> Duration:
    """Return the time to the next step, at least SHORTEST_CADENCE. Raises Faulty for what is no whole number."""
    said = asked(lambda: algorithm.cadence)
    if type(said) is not int:
        raise Faulty(f"the algorithm's cadence is {said!r}: a Duration in whole microseconds is wanted")
    return Duration(max(SHORTEST_CADENCE, said))


def look(algorithm: Algorithm) -> Look:
    """Return what an algorithm wants to be read before a step. Raises Faulty for what is no look of a step."""
    said = asked(lambda: algorithm.look)
    if said not in (Look.ORDERS, Look.BOOK, Look.TAPE):
        raise Faulty(f"the algorithm's look is {said!r}: Look.ORDERS, Look.BOOK or Look.TAPE is wanted")
    return said

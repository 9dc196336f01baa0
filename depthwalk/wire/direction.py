"""Direction on the wire: one bit under four names. `bid` is `yes`, `ask` is `no`; prices never flip with it.

Only the two new fields are read; the legacy pair is written for old clients alone. Source: kalshi-api.md section 3.2.
"""

from depthwalk.domain.order import Action, Outcome, Side
from depthwalk.wire.scalars import Json, WireError


def outcome_of(side: Side) -> Outcome:
    """Return the outcome an order of *side* is exposed to."""
    return Outcome.YES if side is Side.BUY else Outcome.NO


def side_of(book: Side | None, outcome: Outcome | None, path: str) -> Side:
    """Return the side that `book_side` and `outcome_side` state. Raises WireError where both are missing or they disagree."""
    if book is None:
        if outcome is None:
            raise WireError(path, "missing")
        return Side.BUY if outcome is Outcome.YES else Side.SELL
    if outcome is not None and outcome_of(book) is not outcome:
        raise WireError(path, f"says {book.value}, but the outcome side says {outcome.value}")
    return book


def directions(side: Side, *, legacy: bool = True) -> Json:
    """Write the direction of an order or a fill; *legacy* adds the deprecated `side` and `action`, always of the YES leg."""
    written: Json = {"outcome_side": outcome_of(side).value, "book_side": side.value}
    if legacy:
        written["side"] = Outcome.YES.value
        written["action"] = (Action.BUY if side is Side.BUY else Action.SELL).value
    return written

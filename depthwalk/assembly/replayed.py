"""The other source of `depthwalk lab compare`: recordings in place of invented markets, as pieces of work."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

from depthwalk.assembly.replaying import named, recordings

if TYPE_CHECKING:
    from depthwalk.analysis.replays import Replay, ReplayWindow
    from depthwalk.domain.units import Duration, Quantity
    from depthwalk.lab.recorded.tape import Cut, Tape, Tapes
    from depthwalk.lab.recorded.task import ReplayTask
    from depthwalk.lab.running import Arm, Order

_CUTS: Final = 10
"""So many cuts are told one by one; some recordings have thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BooksRequest:
    """Recordings to be replayed: at which pace is decided, about how much, and how much of a level may be taken.

    The size is *of_touch* times what the best price offers at the decision or, where it is given, *quantity*. From a database
    the rows of *environment* are taken.
    """

    paths: tuple[Path, ...]
    every: "Duration"
    of_touch: Fraction
    quantity: "Quantity | None"
    share: float
    strict: bool
    environment: str


def replay_of(
    books: BooksRequest, arms: tuple["Arm", ...], order: "Order", warn: Callable[[str], None]
) -> tuple[list["ReplayTask"], "Replay"]:
    """Read the recordings and find the moments to decide at. *warn* is told of every cut and of what was passed over.

    Raises:
        UsageError: a recording cannot be read or is none, or nowhere in them is a moment to decide at.
        StorageError: a database cannot be used.

    """
    from depthwalk.analysis.replays import Replay
    from depthwalk.lab.recorded.task import replay_tasks
    from depthwalk.lab.recorded.windows import Size

    found = _once(recordings(books.paths, environment=books.environment))
    for cut in found.cuts[:_CUTS]:
        warn(str(cut))
    if len(found.cuts) > _CUTS:
        warn(f"and {len(found.cuts) - _CUTS:,} more")
    size = Size(of_touch=books.of_touch, quantity=books.quantity)
    pieces = replay_tasks(found.tapes, arms, every=books.every, size=size, order=order, share=books.share, strict=books.strict)
    return pieces, Replay(
        recordings=tuple(dict.fromkeys(map(named, books.paths))),
        windows=_windows(pieces),
        every=books.every,
        of_touch=None if books.quantity is not None else float(books.of_touch),
        quantity=books.quantity,
        share=books.share,
        strict=books.strict,
    )


def _once(found: "Tapes") -> "Tapes":
    """Return tapes of which no two of a market share a time, else its windows would count twice: those with more changes.

    What is a gap in one recording and none in another is no cut.
    """
    from depthwalk.lab.recorded.tape import Cut

    kept: defaultdict[str, list[Tape]] = defaultdict(list)
    passed: dict[tuple[str, str, str], None] = {}
    for tape in sorted(found.tapes, key=len, reverse=True):
        twin = next((each for each in kept[tape.ticker] if each.start < tape.until and tape.start < each.until), None)
        if twin is None:
            kept[tape.ticker].append(tape)
        else:
            passed[tape.source, tape.ticker, twin.source] = None
    chosen = {id(tape) for tapes in kept.values() for tape in tapes}
    cuts = [cut for cut in found.cuts if not any(_covers(tape, cut) for tape in kept[cut.ticker])]
    cuts += [
        Cut(ticker=ticker, at=None, where=source, reason=f"passed over where {other} tells more of the same time")
        for source, ticker, other in passed
    ]
    return replace(found, tapes=tuple(tape for tape in found.tapes if id(tape) in chosen), cuts=tuple(cuts))


def _covers(tape: "Tape", cut: "Cut") -> bool:
    """Whether a tape of another recording has what is missing."""
    return cut.at is not None and tape.start <= cut.at < tape.until and not cut.where.startswith(tape.source)


def _windows(pieces: list["ReplayTask"]) -> tuple["ReplayWindow", ...]:
    """Return the windows by their number; every queue model has the same ones."""
    from depthwalk.analysis.replays import ReplayWindow

    found = {
        window.number: ReplayWindow(
            ticker=piece.tape.ticker,
            event=piece.tape.market.event_ticker,
            at=window.at,
            class_name=piece.setting.class_name,
        )
        for piece in pieces
        for window in piece.moments
    }
    return tuple(found[number] for number in range(len(found)))

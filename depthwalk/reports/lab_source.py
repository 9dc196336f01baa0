"""What a report says of where its markets come from: invented, or recorded and replayed. Words only; pure."""

from collections.abc import Sequence
from typing import Final

from depthwalk.analysis.paired import FEWEST_EVENT_DAYS, FEWEST_SEEDS, ArmFigures, Asked, Cell
from depthwalk.analysis.replays import Replay
from depthwalk.analysis.trials import STEPS
from depthwalk.domain.units import in_seconds
from depthwalk.reports import wording

_NAMES: Final = 6
"""How many recordings are named; the object of --json names all."""

MEASURED: Final = (
    "Slippage: what was filled, against the mid at the decision, without fees. Shortfall: the same of the whole order, its"
    f" unfilled rest completed through the book {in_seconds(STEPS[-1]):g} s after the decision."
)

_INVENTED: Final = (
    "Invented markets: which algorithm is ahead, and by how much, is what this is for; absolute levels are not to be quoted"
    " for Kalshi."
)


def named(asked: Asked, count: int) -> str:
    """Return so many seeds, or windows, in words."""
    return f"{count:,} {noun(asked)}{'' if count == 1 else 's'}"


def noun(asked: Asked) -> str:
    """Return what a trial of every arm is made on."""
    return "seed" if asked.replay is None else "window"


def paired(asked: Asked) -> str:
    """Say what two arms have in common."""
    return "on the same seeds" if asked.replay is None else "in the same windows"


def cell_title(asked: Asked, cell: Cell) -> str:
    """Return what a cell is called."""
    return f"{cell.class_name} in world {cell.world}" if asked.replay is None else f"{cell.class_name} books, {cell.world}"


def replay_words(replay: Replay) -> str:
    """Say what was replayed, in which steps, and for how much."""
    more = len(replay.recordings) - _NAMES
    names = ", ".join(replay.recordings[:_NAMES]) + (f" and {more} more" if more > 0 else "")
    return (
        f"Replay of {names}: {_count(len(replay.windows), 'window')}, {in_seconds(replay.every):g} s apart, on"
        f" {_count(replay.event_days, 'event-day')}; each asks for {size_words(replay)}."
    )


def size_words(replay: Replay) -> str:
    """Say how much a window asks for."""
    if replay.quantity is not None:
        return f"{wording.contracts(replay.quantity)} contracts"
    return f"{replay.of_touch:g} times the touch"


def takes_words(replay: Replay, cell: Cell, arms: Sequence[ArmFigures]) -> str:
    """Say which of a cell's trials a replay cannot vouch for: what they took, or asked for, would have moved the market."""
    above = f"Windows that asked for more than the touch: {cell.above_touch:,}."
    share = f"{100 * replay.share:g} % of a level as displayed"
    if replay.strict:
        return f"No trial was given more than {share}. {above}"
    beyond = ", ".join(f"{arm.arm} {arm.takes_beyond:,}" for arm in arms)
    worst = max((arm.worst_take for arm in arms if arm.worst_take is not None), default=None)
    most = "" if worst is None else f"; the most was {100 * worst:.0f} %"
    return f"Trials that took more than {share}: {beyond} of {cell.seeds:,} each{most}. {above}"


def deep_words(cell: Cell) -> str:
    """Say how often the final book did not hold the whole rest, at worst: it flatters who leaves much. Empty where never."""
    most = max(cell.arms, key=lambda arm: arm.depth_short)
    if not most.depth_short:
        return ""
    trials = _count(most.depth_short, "trial")
    return f"Rests deeper than the final book, priced on at its last level: at most {trials} ({most.arm})."


def unpriced_words(cell: Cell) -> str:
    """Say how often the final book had no price at all: these trials are in no mean of a shortfall. Empty where never."""
    found = ", ".join(f"{arm.arm} {arm.unpriced:,}" for arm in cell.arms if arm.unpriced)
    return f"Rests that no book could price, in no shortfall: {found}." if found else ""


def caution(asked: Asked) -> str:
    """Say what may be concluded from markets of this kind."""
    replay = asked.replay
    if replay is None:
        return _INVENTED
    return (
        "Recorded books do not answer to our orders. Where an order stands in the queue is not recorded either: both readings"
        " of it, risk-averse and probabilistic, are shown as a bracket, and an arm is ahead where it is under both. Windows of"
        f" one event and day are not independent: resamples are of whole event-days, of which there are {replay.event_days:,};"
        f" no verdict is given on fewer than {FEWEST_EVENT_DAYS} of them, or on fewer than {FEWEST_SEEDS} windows."
    )


def _count(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"

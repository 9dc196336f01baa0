"""Replays made up by hand: as many windows as trials, so many to each day of an event."""

from typing import Any

from depthwalk.analysis.paired import Comparison
from depthwalk.analysis.pairing import compare
from depthwalk.analysis.replays import Replay, ReplayWindow
from depthwalk.analysis.trials import Trial
from depthwalk.domain.units import SECOND, Instant, seconds
from tests.support.trials import BASE, OTHER, THIN, asked, collected, trial

DAY = 86_400 * SECOND
MODEL = THIN._replace(world="replay, risk-averse")


def replay(windows: int, *, days: int, event: str = "EV", **changes: Any) -> Replay:
    """Return windows of one market in *days* days, as many in each."""
    fields: dict[str, Any] = {
        "recordings": ("kept/books.jsonl",),
        "windows": tuple(
            ReplayWindow(ticker=f"{event}-A", event=event, at=Instant(number % days * DAY), class_name="thin")
            for number in range(windows)
        ),
        "every": seconds(60),
        "of_touch": 0.25,
        "quantity": None,
        "share": 0.5,
        "strict": False,
    }
    return Replay(**fields | changes)


def replayed(trials: list[Trial], made_of: Replay, **changes: Any) -> Comparison:
    """Return the comparison of trials in the windows of a replay."""
    question = asked(
        dict.fromkeys(each.arm for each in trials),
        runs=len(made_of.windows),
        worlds=(MODEL.world,),
        replay=made_of,
        **changes,
    )
    return compare(question, collected({MODEL: trials}), resamples=200)


def pairs(windows: int, *, days: int, **changes: Any) -> list[Trial]:
    """Return a trial of each of two arms in every window: the other saves a cent, and a tenth more on every second day."""
    return [
        each
        for number in range(windows)
        for each in (
            trial(number, BASE, 2.0),
            trial(number, OTHER, 1.0 - number % days % 2 / 10, **changes),
        )
    ]

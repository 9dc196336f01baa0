"""The trials of a comparison as CSV, one row each: class, world, arm, then every column of `analysis/trial_columns.py`. Pure.

Names end in their unit: _e2 is 1/100 contract, _e4 1/10,000 dollar (a path: of twice the mid), _e6 1/1,000,000 dollar, _us a
millionth of a second; _percent, _cents (a contract ordered) and _seconds speak for themselves. What is not known is empty.
Prices are a buyer's: one who sells sees the mirrored book, and percents of what he sells. Rows stand in the order of classes,
worlds, arms, seeds. A replay's seeds are its windows: two more columns say of which market, and when in the
recording.
"""

import csv
from collections.abc import Iterable, Iterator
from math import isnan
from typing import Final, TextIO

from depthwalk.analysis.collection import Collection
from depthwalk.analysis.paired import Asked
from depthwalk.analysis.trial_columns import COLUMNS, PLACES, REASONS
from depthwalk.domain.units import format_instant

HEADER: Final = ("class", "world", "arm", *COLUMNS)
OF_REPLAYS: Final = ("market", "recorded_at")

_SEED: Final = PLACES["seed"]
_REASON: Final = PLACES["reason"]


def write_csv(asked: Asked, collection: Collection, file: TextIO) -> None:
    """Write all trials to *file*, which was opened with newline=""."""
    writer = csv.writer(file, lineterminator="\n")
    windows = None if asked.replay is None else asked.replay.windows
    writer.writerow(HEADER if windows is None else (*HEADER, *OF_REPLAYS))
    for cell in sorted(collection.cells, key=lambda key: (asked.worlds.index(key.world), asked.classes.index(key.class_name))):
        arms = collection.arms(cell)
        for arm in asked.arms:
            for row in arms[arm.name].rows():
                window = None if windows is None else windows[int(row[_SEED])]
                found = () if window is None else (window.ticker, format_instant(window.at))
                writer.writerow((cell.class_name, cell.world, arm.name, *_written(row), *found))


def _written(row: Iterable[float]) -> Iterator[str]:
    for place, value in enumerate(row):
        if isnan(value):
            yield ""
        elif place == _REASON:
            yield REASONS[int(value)].value
        else:
            text = f"{value:.6f}".rstrip("0").rstrip(".")
            yield "0" if text == "-0" else text

"""What a comparison looks like while it runs: the differences so far, as a table that is redrawn and as a line. Pure.

The intervals here are quick ones, to watch; those that are reported come at the end.
"""

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from depthwalk.analysis.collection import CellKey, Collection
from depthwalk.analysis.paired import Asked
from depthwalk.reports.lab_table import arm_name, halved
from depthwalk.reports.wording import Glyphs


def running_table(asked: Asked, collection: Collection, signs: Glyphs) -> RenderableType:
    """Return how much more or less each arm costs than the baseline so far, in the world that is at work."""
    if not collection.cells or len(asked.arms) == 1:
        return Text()
    world = collection.cells[-1].world
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(signs.text(f"net {signs.cents} against {asked.baseline}, so far, world {world}"), overflow="fold")
    for class_name in asked.classes:
        table.add_column(signs.text(class_name), justify="right", no_wrap=True)
    for arm in asked.arms:
        if arm.name != asked.baseline:
            found = (collection.running(CellKey(class_name, world), arm.name) for class_name in asked.classes)
            table.add_row(arm_name(arm.name, signs), *(halved(each, signs, signed=True) for each in found))
    return table


def running_line(asked: Asked, collection: Collection, signs: Glyphs) -> str:
    """Return the same of the class at work, on one line; empty where there is nothing yet."""
    if not collection.cells:
        return ""
    cell = collection.cells[-1]
    found = [(arm.name, collection.running(cell, arm.name)) for arm in asked.arms if arm.name != asked.baseline]
    words = ", ".join(f"{name} {halved(each, signs, signed=True)}" for name, each in found)
    return (
        signs.text(f"{cell.class_name} in {cell.world}, net {signs.cents} against {asked.baseline}: {words}") if found else ""
    )

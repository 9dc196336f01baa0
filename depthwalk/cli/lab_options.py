"""Options that the commands of the laboratory share, each declared once. Nothing is checked here that Typer does not check."""

from typing import Annotated

import typer

Classes = Annotated[str, typer.Option("--classes", metavar="NAMES", help="Market classes, or files of them (.yaml).")]
EVERY_CLASS = "thin,moderate,liquid"
Algos = Annotated[
    str, typer.Option("--algos", metavar="NAMES", help="Algorithms and methods, each as NAME or NAME:key=value,...")
]
World = Annotated[str, typer.Option("--world", metavar="NAMES", help="The stresses the classes are put under, or all.")]
Runs = Annotated[int, typer.Option("--runs", metavar="N", min=1, max=1_000_000, help="How many seeds in each class and world.")]
Seed = Annotated[int, typer.Option("--seed", metavar="S", min=0, help="The first seed; the others follow it.")]
Jobs = Annotated[int | None, typer.Option("--jobs", metavar="J", min=1, help="Processes; else one for each core.")]
Cluster = Annotated[
    str | None, typer.Option("--cluster", metavar="URL", help="A Dask scheduler in place of them, as tcp://host:8786.")
]

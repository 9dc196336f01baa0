"""The flags of `depthwalk lab compare` that replay recordings in place of invented markets, and which others they exclude."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from depthwalk.cli import values
from depthwalk.errors import UsageError

if TYPE_CHECKING:
    from depthwalk.assembly import BooksRequest
    from depthwalk.domain.units import Duration

_OF_INVENTED = ("classes", "world", "runs", "seed", "mark_outs")
_OF_RECORDED = ("every", "size_of_touch", "count", "take_share", "strict_takes")


def books_of(
    context: typer.Context,
    books: Sequence[Path],
    *,
    every: str,
    size_of_touch: str,
    count: str | None,
    take_share: str,
    strict: bool,
    environment: str,
) -> "BooksRequest | None":
    """Return what is to be replayed; None without --books. Raises UsageError for flags that make no sense together."""
    if not books:
        _refuse(context, _OF_RECORDED, "replays recordings, and --books names none")
        return None
    _refuse(context, _OF_INVENTED, "is for invented markets, and --books replays recorded ones")
    from depthwalk import assembly

    if count is not None:
        _refuse(context, ("size_of_touch",), "and --count exclude each other")
    share = values.share("--take-share", take_share)
    if not share:
        raise UsageError("--take-share: 0 would flag every order that takes", hint="more than 0, at most 1, as in 0.5")
    return assembly.BooksRequest(
        paths=tuple(books),
        every=cast("Duration", values.duration("--every", every)),
        of_touch=values.multiple("--size-of-touch", size_of_touch),
        quantity=None if count is None else values.count(count),
        share=share,
        strict=strict,
        environment=environment,
    )


def _refuse(context: typer.Context, names: Sequence[str], reason: str) -> None:
    for name in names:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise UsageError(f"--{name.replace('_', '-')} {reason}")

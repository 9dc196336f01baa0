"""`--algo auto`: which of two algorithms an execution gets, from the class of the book it finds and a draw of its id.

Decided once, before anything is sent, and written down with the execution: one that is carried on after a crash keeps its
algorithm. The draw itself is in `analysis/routing.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, NamedTuple

from depthwalk.analysis.depth import liquidity_class
from depthwalk.analysis.routing import draw_of, ratio_words, routing_words
from depthwalk.domain.book import BookState
from depthwalk.domain.messages import BookChanged, ForeignOrder, Started
from depthwalk.domain.routing import AUTO, Routing
from depthwalk.errors import UsageError

if TYPE_CHECKING:
    from depthwalk.config import Config
    from depthwalk.config.sections import RolloutConfig
    from depthwalk.domain.result import LiquidityClass
    from depthwalk.executors.state import BaseParams
    from depthwalk.kalshi.client import KalshiClient


class Arm(NamedTuple):
    """An algorithm with its parameters."""

    name: str
    params: "BaseParams"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arms:
    """What a request may run: *control*, and with `--algo auto` perhaps the *candidate* instead."""

    control: Arm
    candidate: Arm | None = None


class Seen(NamedTuple):
    """The class of a book, or why it has none."""

    liquidity: "LiquidityClass | None"
    why_not: str = ""


class Routed(NamedTuple):
    """The algorithm that shall run, the book that decided (own orders known), the decision to be stored and noted if any."""

    arm: Arm
    seen: BookChanged
    routing: Routing | None = None
    notes: tuple[str, ...] = ()


def arms_of(config: "Config", algorithm: str | None, method: str | None, overrides: Mapping[str, object]) -> Arms:
    """Return the algorithms that a request may run. *overrides* hold for each of them.

    Raises:
        UsageError: unknown algorithm or method, or parameters that cannot be; `auto` with a method, with an override that one
            of its two algorithms does not know, or where the two are one.

    """
    if algorithm != AUTO:
        name = config.algorithm_for(algorithm, method)
        return Arms(control=Arm(name, config.params_for(name, method, overrides)))
    control, candidate = config.execution.algorithm, config.rollout.algorithm
    if control == candidate:
        raise UsageError(
            f"--algo auto has nothing to draw: execution.algorithm and rollout.algorithm are both {control}",
            hint=f"they are set in {config.origin or 'the built-in defaults'}",
        )
    if method is not None:
        owner = config.method(method).algorithm
        raise UsageError(f"method {method!r} is of {owner}, and --algo auto draws the algorithm", hint="leave one of them out")
    return Arms(control=_arm(config, control, overrides), candidate=_arm(config, candidate, overrides))


def _arm(config: "Config", name: str, overrides: Mapping[str, object]) -> Arm:
    """Return an arm of `auto`. Raises UsageError for what it does not know before it could be drawn."""
    known = {each.name for each in fields(config.section(name))}
    for key, value in overrides.items():
        if value is not None and key not in known:
            raise UsageError(
                f"{name}, which --algo auto may draw, has no {key}", hint="leave it out, or name an algorithm that has it"
            )
    return Arm(name, config.params_for(name, None, overrides))


def class_seen(started: Started, seen: BookChanged, params: "BaseParams") -> Seen:
    """Return the class of the book *seen*, own orders removed: none where no run would begin on it, or a side is empty."""
    from depthwalk.executors.children import Children
    from depthwalk.executors.state import Run
    from depthwalk.executors.watch import Watch

    watch = Watch(Run.of(started, params), [])
    sight = watch.take(seen, Children(started.parent.quantity))
    if sight is None:
        return Seen(None, watch.hold or "no book could be read")
    book = sight.book
    if book.state is not BookState.TWO_SIDED:
        return Seen(None, "the book has one side only")
    return Seen(liquidity_class(book.asks, started.rules.liquidity))


def prospect(arms: Arms, rollout: "RolloutConfig", started: Started, seen: BookChanged) -> str:
    """Return what `auto` would decide on a book, as words for who does not execute: the draw is the execution's."""
    control, candidate = arms.control, arms.candidate
    if candidate is None:
        return ""
    liquidity, why_not = class_seen(started, seen, control.params)
    if liquidity is None:
        return f"auto: {control.name}, as {why_not}"
    share = ratio_words(rollout.millionths(liquidity))
    return f"auto: in a {liquidity.value} book {candidate.name} has the share {share}, {control.name} the rest; each run draws"


async def route(client: "KalshiClient", started: Started, seen: BookChanged, *, arms: Arms, rollout: "RolloutConfig") -> Routed:
    """Return the algorithm that shall run; with `auto` the account's orders are read first, to take them out of the book.

    Raises:
        ExchangeError: they could not be read.

    """
    if arms.candidate is None:
        return Routed(arms.control, seen)
    reports = await client.resting_orders(started.parent.ticker)
    foreign = tuple(ForeignOrder(side=each.side, price=each.price, quantity=each.remaining) for each in reports)
    seen = replace(seen, foreign=foreign)
    liquidity, why_not = class_seen(started, seen, arms.control.params)
    routing = Routing(
        control=arms.control.name,
        candidate=arms.candidate.name,
        liquidity=liquidity,
        share=None if liquidity is None else rollout.millionths(liquidity),
        draw=draw_of(started.parent.parent_id),
    )
    arm = arms.candidate if routing.algorithm == arms.candidate.name else arms.control
    words = routing_words(routing) if liquidity is not None else f"{arm.name}, as {why_not}"
    return Routed(arm, seen, routing, (f"auto: {words}",))

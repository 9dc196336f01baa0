"""The live table: one function that builds a whole Rich renderable from a snapshot, afresh each time. Pure.

Every price is in the traded side's prices, as the snapshot has them. Colors repeat what a word or a sign already says.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from depthwalk.domain.order import OrderStatus
from depthwalk.domain.result import ApiUsage, RunSnapshot, SplitView, WalkStep
from depthwalk.domain.units import Money, Quantity
from depthwalk.reports import wording
from depthwalk.reports.sparkline import sparkline
from depthwalk.reports.wording import UNICODE, Glyphs

WIDE = 132
"""From this width on there are two columns of facts and more columns of numbers."""

_LABEL = 8
_BAR = 24
_MAX_STEPS = 8
_MIN_SPLITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A walk of one split."""

    split: int
    walk: WalkStep


def latest_steps(snapshot: RunSnapshot) -> tuple[Step, ...]:
    """Return all walks of all splits, newest first; the higher split first where times are equal."""
    steps = [Step(split=split.level, walk=walk) for split in snapshot.splits for walk in split.history]
    return tuple(sorted(steps, key=lambda step: (step.walk.at, step.split), reverse=True))


def with_cross(snapshot: RunSnapshot) -> tuple[SplitView, ...]:
    """Return the splits, and a last one (level 0) for what was filled outside them, so that the rows add up."""
    filled = snapshot.filled - sum(split.filled for split in snapshot.splits)
    if filled <= 0:
        return snapshot.splits
    cross = SplitView(
        level=0,
        price=None,
        quantity=Quantity(filled),
        filled=Quantity(filled),
        paid=Money(snapshot.paid - sum(split.paid for split in snapshot.splits)),
        fees=Money(snapshot.fees - sum(split.fees for split in snapshot.splits)),
        walks=0,
        status="taken at the end",
    )
    return (*snapshot.splits, cross)


def render(
    snapshot: RunSnapshot,
    usage: ApiUsage,
    steps: Sequence[Step] | None = None,
    *,
    width: int,
    height: int | None = None,
    environment: str = "paper",
    signs: Glyphs = UNICODE,
) -> RenderableType:
    """Build the table for a terminal of *width* columns and, where given, *height* lines.

    *steps* are the walks to list, newest first; None takes them from the splits' histories. Walks give way first where the
    height does not suffice, then the earliest splits.
    """
    wide = width >= WIDE
    splits = with_cross(snapshot)
    notice = _notice(snapshot, signs)
    room = 1_000
    if height is not None:
        # One line stays free for the cursor; a block costs a blank line and a heading.
        room = height - 1 - 1 - (3 if wide else 6) - (notice is not None) - (2 if snapshot.mids else 0) - 2
    shown = splits[-max(_MIN_SPLITS, room - 1) :]
    room -= len(shown) + (len(shown) < len(splits)) + 2
    parts: list[RenderableType] = [_title(snapshot, environment, signs), *_facts(snapshot, usage, wide=wide, signs=signs)]
    if notice is not None:
        parts.append(notice)
    if splits:
        parts += [Text(), _splits(shown, hidden=len(splits) - len(shown), wide=wide, signs=signs)]
    listed = (latest_steps(snapshot) if steps is None else steps)[: max(0, min(_MAX_STEPS, room))]
    if listed:
        parts += [Text(), _walks(snapshot, listed, signs)]
    if snapshot.mids:
        parts += [Text(), _mid_line(snapshot, width, signs)]
    return Group(*parts)


def _title(snapshot: RunSnapshot, environment: str, signs: Glyphs) -> Text:
    parent = snapshot.parent
    text, style = wording.badge(environment)
    title = Text(no_wrap=True, overflow=signs.overflow)
    title.append(text if signs is UNICODE else f"[{text.strip()}]", style)
    title.append("  ")
    title.append(wording.side_words(parent), "bold")
    title.append("  ")
    title.append(signs.text(parent.ticker), "bold")
    title.append(f"  {snapshot.algorithm}")
    return title


def _facts(snapshot: RunSnapshot, usage: ApiUsage, *, wide: bool, signs: Glyphs) -> list[RenderableType]:
    """Return the lines about the parent order: six, or three of two columns where there is room."""
    filled = _line("filled", _filled(snapshot, signs), signs)
    average = _line("average", _average(snapshot, signs), signs)
    target = _line("target", _target(snapshot), signs)
    book = _line("book", _book(snapshot, signs), signs)
    time = _line("time", _time(snapshot), signs)
    api = _line("API", _api(snapshot, usage), signs)
    if not wide:
        return [filled, average, target, book, time, api]
    both = Table.grid(padding=(0, 3, 0, 0))
    both.add_column(min_width=66)
    both.add_column()
    for left, right in ((filled, time), (average, book), (target, api)):
        both.add_row(left, right)
    return [both]


def _notice(snapshot: RunSnapshot, signs: Glyphs) -> Text | None:
    """Return the line that says why nothing happens: the end, or a hold."""
    if snapshot.finish is not None:
        words = f"{wording.REASON_WORDS[snapshot.finish.reason]}: {snapshot.finish.detail}".removesuffix(": ")
        return _line("finished", Text(signs.text(words), "bold"), signs)
    if snapshot.hold is not None:
        return Text(f"HOLDING: {signs.text(snapshot.hold)}", "bold yellow", no_wrap=True, overflow=signs.overflow)
    return None


def _line(label: str, text: Text, signs: Glyphs) -> Text:
    line = Text(no_wrap=True, overflow=signs.overflow)
    line.append(f"{label:<{_LABEL}} ", "dim")
    line.append_text(text)
    return line


def _filled(snapshot: RunSnapshot, signs: Glyphs) -> Text:
    requested = snapshot.parent.quantity
    full = min(_BAR, _BAR * snapshot.filled // requested)
    text = Text()
    text.append(signs.full * full, "green")
    text.append(signs.empty * (_BAR - full), "dim")
    text.append(f" {wording.contracts(snapshot.filled)}", "bold")
    text.append(f" of {wording.contracts(requested)} contracts, ")
    return text.append(wording.share(snapshot.filled, requested))


def _average(snapshot: RunSnapshot, signs: Glyphs) -> Text:
    twice = None if snapshot.arrival is None else snapshot.arrival.mid_twice
    average = wording.average_price(snapshot.paid, snapshot.filled)
    worse = wording.worse_by(snapshot.parent.action, average, twice)
    text = Text(wording.dollars_of(average), "bold")
    if worse:
        style = "red" if worse > 0 else "green"
        text.append("  ").append(f"{wording.in_cents(worse, signs)} {wording.judgement(worse)}", style).append(" than", "dim")
    elif worse is not None:
        text.append("  even with")
    text.append("  arrival mid " if worse is None else " arrival mid ", "dim").append(wording.mid(twice))
    return text.append("  fees ", "dim").append(wording.money(snapshot.fees))


def _target(snapshot: RunSnapshot) -> Text:
    arrival = snapshot.arrival
    if arrival is None:
        return Text("waiting for the first usable book")
    text = Text(wording.dollars(arrival.target))
    text.append("  cap ", "dim")
    text.append(wording.dollars(arrival.cap), "bold")
    text.append(f" {wording.cap_words(arrival.cap_origin, snapshot.parent.action)}")
    return text.append(f"  {arrival.liquidity.value}", wording.CLASS_STYLES[arrival.liquidity])


def _book(snapshot: RunSnapshot, signs: Glyphs) -> Text:
    bid, ask = snapshot.bid, snapshot.ask
    text = Text()
    text.append("bid ", "dim").append(wording.dollars(bid))
    text.append("  ask ", "dim").append(wording.dollars(ask))
    if bid is not None and ask is not None:
        text.append("  spread ", "dim").append(f"{(ask - bid) / 100:.2f} {signs.cents}")
    return text.append("  age ", "dim").append(wording.elapsed(snapshot.book_age))


def _time(snapshot: RunSnapshot) -> Text:
    text = Text(f"{snapshot.phase}, ")
    if snapshot.started_at is None or snapshot.deadline is None:
        return text.append("not started")
    if snapshot.finish is not None:
        return text.append(f"after {wording.elapsed(snapshot.at - snapshot.started_at)}")
    left = max(0, snapshot.deadline - snapshot.at)
    text.append(wording.elapsed(left), "bold")
    return text.append(f" left of {wording.elapsed(snapshot.deadline - snapshot.started_at)}")


def _api(snapshot: RunSnapshot, usage: ApiUsage) -> Text:
    text = Text(f"{usage.calls:,} calls, {usage.read_tokens:,} read + {usage.write_tokens:,} write tokens")
    return text.append("  walks ", "dim").append(f"{snapshot.walks}")


def _splits(splits: Sequence[SplitView], *, hidden: int, wide: bool, signs: Glyphs) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", expand=False)
    table.add_column("split", justify="right", no_wrap=True)
    for heading in ("price", "quantity", "filled", *(("average", "fees") if wide else ()), "queue ahead", "walks"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("state")  # the one that gives way
    if hidden:
        table.add_row("...", *[""] * (7 if wide else 5), Text(f"{hidden} earlier", "dim"))
    for split in splits:
        more = (wording.dollars_of(wording.average_price(split.paid, split.filled)), wording.money(split.fees)) if wide else ()
        table.add_row(
            str(split.level) if split.level > 0 else "cross",
            wording.dollars(split.price),
            wording.contracts(split.quantity),
            wording.contracts(split.filled),
            *more,
            wording.ABSENT if split.ahead is None else f"{signs.at_most} {wording.contracts(split.ahead)}",
            str(split.walks),
            Text(signs.text(split.status), _state_style(split), no_wrap=True, overflow=signs.overflow),
        )
    return table


def _state_style(split: SplitView) -> str:
    match split.order_status:
        case OrderStatus.IN_DOUBT | OrderStatus.REJECTED:
            return "bold red"
        case OrderStatus.FILLED:
            return "green"
        case OrderStatus.RESTING:
            return "cyan"
        case _:
            return "green" if split.filled >= split.quantity else ""


def _walks(snapshot: RunSnapshot, steps: Sequence[Step], signs: Glyphs) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", expand=False)
    table.add_column("at", justify="right", no_wrap=True)
    table.add_column("split", justify="right", no_wrap=True)
    table.add_column("price, $", justify="right", no_wrap=True)
    table.add_column("last walks, and why")  # the one that gives way
    for step in steps:
        walk = step.walk
        table.add_row(
            wording.elapsed(wording.since_start(snapshot, walk.at)),
            str(step.split),
            wording.prices(walk.previous, walk.price, signs),
            Text(signs.text(walk.why), no_wrap=True, overflow=signs.overflow),
        )
    return table


def _mid_line(snapshot: RunSnapshot, width: int, signs: Glyphs) -> Text:
    values = [twice for _, twice in snapshot.mids]
    low, high, last = min(values), max(values), values[-1]
    words = f"  {wording.mid(last)}"
    words += " unchanged" if low == high else f"  low {wording.mid(low)}  high {wording.mid(high)}"
    room = min(60, width - _LABEL - 1 - len(words))
    return _line("mid", Text(sparkline(values, width=room, levels=signs.levels), "cyan").append(words, ""), signs)

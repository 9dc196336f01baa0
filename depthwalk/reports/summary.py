"""The end of a run, for people: one block of labeled lines. Pure. What programs read is in `result_json.py`."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from depthwalk.domain.order import Action
from depthwalk.domain.result import ExecutionResult
from depthwalk.domain.units import Money
from depthwalk.reports import wording
from depthwalk.reports.wording import UNICODE, Glyphs


def summary(result: ExecutionResult, *, signs: Glyphs = UNICODE) -> RenderableType:
    """Return what came of an execution. Everything is read left to right: what, at which price, at which cost, how."""
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for label, text in (
        ("because", _because(result, signs)),
        ("average", _average(result)),
        ("slippage", _slippage(result, signs)),
        ("shortfall", _shortfall(result)),
        ("of it", _parts(result)),
        ("fees", _fees(result)),
        ("time", _time(result)),
        ("walks", _walks(result)),
        ("API", _api(result)),
        ("basic", _basic(result)),
        ("execution", Text(result.execution_id)),
    ):
        if text is not None:
            facts.add_row(label, text)
    return Group(_headline(result, signs), facts)


def _headline(result: ExecutionResult, signs: Glyphs) -> Text:
    parent = result.parent
    text, style = wording.badge(result.environment)
    line = Text()
    line.append(text if signs is UNICODE else f"[{text.strip()}]", style)
    line.append("  ").append(result.status.value.upper(), wording.STATUS_STYLES[result.status])
    done = "bought" if parent.action is Action.BUY else "sold"
    line.append(f"  {done} {wording.contracts(result.filled)} of {wording.contracts(parent.quantity)}")
    line.append(f" {parent.outcome.value.upper()}  ", "bold")
    return line.append(signs.text(parent.ticker), "bold")


def _because(result: ExecutionResult, signs: Glyphs) -> Text:
    words = wording.REASON_WORDS[result.finish.reason]
    if result.finish.detail:
        words += f": {signs.text(result.finish.detail)}"
    return Text(words)


def _average(result: ExecutionResult) -> Text:
    arrival = result.arrival
    text = Text(wording.dollars_of(wording.average_price(result.paid, result.filled)), "bold")
    if arrival is None:
        return text
    for label, price in (
        ("arrival mid", wording.mid(arrival.mid_twice)),
        ("target", wording.dollars(arrival.target)),
        ("cap", wording.dollars(arrival.cap)),
    ):
        text.append(f"  {label} ", "dim").append(price)
    return text.append(f"  {arrival.liquidity.value}", wording.CLASS_STYLES[arrival.liquidity])


def _slippage(result: ExecutionResult, signs: Glyphs) -> Text:
    twice = None if result.arrival is None else result.arrival.mid_twice
    worse = wording.worse_by(result.parent.action, wording.average_price(result.paid, result.filled), twice)
    if worse is None or result.slippage_percent is None or result.slippage_bps is None:
        return Text(wording.ABSENT)
    style = "red" if worse > 0 else "green" if worse < 0 else ""
    text = Text()
    text.append(f"{wording.signed_number(result.slippage_percent, 2)} %", style)
    text.append(f"  {wording.signed_number(result.slippage_bps, 1)} bps  {wording.in_cents(worse, signs)} a contract")
    return text.append(f"  {wording.judgement(worse)} than the arrival mid" if worse else "  at the arrival mid", style)


def _shortfall(result: ExecutionResult) -> Text:
    shortfall = result.shortfall
    text = Text(wording.money(shortfall.total), "bold")
    if shortfall.total is not None:
        text.append(f"  {'cost' if shortfall.total >= 0 else 'gain'} against the arrival mid")
    if shortfall.depth_short:
        text.append("  (the book did not hold the rest)", "yellow")
    return text


def _parts(result: ExecutionResult) -> Text | None:
    shortfall = result.shortfall
    if shortfall.spread is None:
        return None
    parts = (
        ("spread", shortfall.spread),
        ("drift", shortfall.drift),
        ("unfilled", shortfall.opportunity),
        ("fees", shortfall.fees),
    )
    return Text("  ").join(
        Text(f"{label} ", "dim").append(wording.money(part, signed=True), "not dim") for label, part in parts
    )


def _walks(result: ExecutionResult) -> Text:
    count = sum(split.level > 0 for split in result.splits)
    return Text(f"{result.walks} in {count} split{'' if count == 1 else 's'}")


def _fees(result: ExecutionResult) -> Text:
    text = Text(f"{wording.money(result.fees)} paid")
    if result.filled:
        taker = result.filled - result.maker_filled
        text.append(f"  {wording.contracts(result.maker_filled)} as maker, {wording.contracts(taker)} as taker")
    return text


def _time(result: ExecutionResult) -> Text:
    text = Text(wording.elapsed(result.total_time))
    if result.time_to_first_fill is not None:
        text.append(f"  first fill after {wording.elapsed(result.time_to_first_fill)}")
    if result.time_to_full_fill is not None:
        text.append(f"  all after {wording.elapsed(result.time_to_full_fill)}")
    return text


def _api(result: ExecutionResult) -> Text:
    api = result.api
    return Text(f"{api.calls:,} calls, {api.read_tokens:,} read + {api.write_tokens:,} write tokens")


def _basic(result: ExecutionResult) -> Text | None:
    """Return what one order at the arrival book would have done, as an estimate; None where there was no book to tell."""
    basic = result.estimated_basic
    if basic is None:
        return None
    text = Text(f"estimate {wording.contracts(basic.filled)}")
    if basic.average_price is not None:
        text.append(f" at {wording.money(Money(round(basic.average_price * 1_000_000)))}")
    if basic.slippage_percent is not None:
        text.append(f", {wording.signed_number(basic.slippage_percent, 2)} %")
    if result.improvement_over_basic is not None:
        gain = result.improvement_over_basic
        words = f"{abs(gain):.2f} points {'better' if gain > 0 else 'worse'}" if gain else "the same"
        text.append(f"; this run is {words}")
    return text

"""A calibration as tables for people and as one object for programs: what fits, and where each parameter is from. Pure.

Nothing is told by color alone: every moment has its verdict in words.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from depthwalk.analysis.calibrated import NEAR, Calibrated, MomentFit, Origin, Parameter, Verdict
from depthwalk.domain.units import CONTRACT, Quantity, format_quantity
from depthwalk.reports.result_json import Json
from depthwalk.reports.wording import ABSENT, UNICODE, Glyphs

_STYLES: Final = {Verdict.OK: "green", Verdict.NEAR: "yellow", Verdict.OFF: "bold red"}
_VAGUE: Final = 4.0
"""A parameter that may as well be four times as large, or a quarter, is not told by the recording to speak of."""

UNITS: Final[Mapping[str, str]] = {
    "provider_rate": "/s, a side",
    "half_gap": "c",
    "provider_reach": "c",
    "provider_life": "s",
    "provider_size": "contracts",
    "taker_rate": "/s, a side",
    "taker_size": "contracts",
    "insensitive_share": "share",
    "taker_reach": "c",
    "informed_rate": "/s, a side",
    "informed_threshold": "c",
    "volatility": "c, in 1 s",
    "news_interval": "s",
    "news_size": "c",
    "provider_lag": "s",
    "impact_per_contract": "c",
    "impact_life": "s",
    "imbalance_weight": "c",
    "review_rate": "/s",
    "informed_size": "contracts",
    "insensitive_reach": "c",
    "branching": "followers",
    "cluster_seconds": "s",
    "provider_size_sigma": "log",
    "taker_size_sigma": "log",
}
"""What each parameter of a class is counted in."""

_TINY: Final = 5e-4
_DECIMALS: Final = ((100, 0), (10, 1), (1, 2))


def calibration_tables(found: Calibrated, *, signs: Glyphs = UNICODE) -> RenderableType:
    """Return the moments with their fit, the parameters with their origin, and how to read both."""
    head = Text(signs.text(f"{found.name}: {', '.join(found.sources)}"), "bold")
    counts = ((found.markets, "market"), (found.stretches, "stretch"), (found.books, "book"))
    counted = ", ".join(_count(many, name) for many, name in counts)
    seen = f"{found.looked}; {counted}; grid {found.structure}"
    return Group(
        head,
        Text(signs.text(seen), "dim"),
        _moments(found),
        Text(),
        _parameters(found),
        Text(),
        *(Text(signs.text(line), "dim") for line in _notes(found)),
    )


def _moments(found: Calibrated) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("moment", overflow="fold")
    for title in ("recording", "band", "class"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    table.add_column("fit", no_wrap=True)
    for moment in found.moments:
        band = f"[{number(moment.low)}, {number(moment.high)}]"
        fit = Text(moment.verdict.value, _STYLES[moment.verdict])
        table.add_row(moment.name, number(moment.data), band, number(moment.shown), moment.unit, fit)
    return table


def _parameters(found: Calibrated) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("parameter", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    table.add_column("from", overflow="fold")
    for each in found.parameters:
        style = "dim" if each.origin is Origin.ASSUMED else ""
        table.add_row(each.name, number(each.value), UNITS.get(each.name, ""), _origin(each), style=style)
    return table


def _origin(parameter: Parameter) -> str:
    match parameter.origin:
        case Origin.MEASURED:
            return "measured"
        case Origin.MATCHED:
            if parameter.factor is None or parameter.factor > _VAGUE:
                return "matched, but the recording hardly tells"
            return f"matched, within a factor {parameter.factor:.2f}"
        case Origin.ASSUMED:
            return f"assumed, as in {parameter.source}"


def _notes(found: Calibrated) -> Iterator[str]:
    counts = ", ".join(f"{found.count(verdict)} {verdict.value}" for verdict in Verdict)
    yield f"Fit: {counts}. ok: inside the recording's 95 % bootstrap band; near: at most {NEAR:.0%} off its value."
    off = found.count(Verdict.OFF)
    if 2 * off > len(found.moments):
        yield "Most moments are off: what is traded in this class is not that market. More --effort may find a nearer one."
    yield "The class was looked at as the recording was, in worlds of other seeds than those it was fitted in."
    yield "Books count while their mid is from 20 to 80 cents. Depths are typical ones: geometric means."
    assumed = [each.name for each in found.parameters if each.origin is Origin.ASSUMED]
    if assumed:
        yield f"The recording does not say {_count(len(assumed), 'parameter')}: assumed, in proportion."
    cluster = found.clustering
    if cluster is not None:
        held = "which chance allows" if cluster.distance <= cluster.allowed else f"where chance allows {cluster.allowed:.3f}"
        yield (
            f"Clusters of {cluster.takers:,} takers: {cluster.branching:.2f} followers each, after {cluster.delay:.2f} s;"
            f" rescaled time is off by {cluster.distance:.3f}, {held}."
        )
    yield f"The usual order is {found.contracts:,} contracts."


def _count(many: int, name: str) -> str:
    plural = "es" if name.endswith("ch") else "s"
    return f"{many:,} {name}{'' if many == 1 else plural}"


def number(value: float | None) -> str:
    """Write a number with as many digits as it deserves."""
    if value is None:
        return ABSENT
    size = abs(value)
    if size < _TINY:
        return "0" if not value else f"{value:.1e}"
    decimals = next((decimals for least, decimals in _DECIMALS if size >= least), 3)
    return f"{value:,.{decimals}f}"


def calibration_json(found: Calibrated) -> dict[str, Json]:
    """Return the object of `lab calibrate --json`; what is not known is null."""
    cluster = found.clustering
    return {
        "name": found.name,
        "sources": list(found.sources),
        "looked": found.looked,
        "markets": found.markets,
        "stretches": found.stretches,
        "books": found.books,
        "quantity": format_quantity(Quantity(found.contracts * CONTRACT)),
        "structure": found.structure,
        "parameters": {each.name: _parameter_json(each) for each in found.parameters},
        "moments": {each.key: _moment_json(each) for each in found.moments},
        "clustering": None
        if cluster is None
        else {
            "branching": cluster.branching,
            "delay_seconds": cluster.delay,
            "takers": cluster.takers,
            "distance": cluster.distance,
            "allowed": cluster.allowed,
        },
    }


def _parameter_json(parameter: Parameter) -> dict[str, Json]:
    return {
        "value": parameter.value,
        "unit": UNITS.get(parameter.name),
        "origin": parameter.origin.value,
        "assumed_from": parameter.source or None,
        "factor": parameter.factor,
    }


def _moment_json(moment: MomentFit) -> dict[str, Json]:
    return {
        "unit": moment.unit,
        "data": moment.data,
        "low": moment.low,
        "high": moment.high,
        "class": moment.shown,
        "verdict": moment.verdict.value,
    }

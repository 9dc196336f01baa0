"""A recording in, a class out: what is identified is measured or matched, the rest refused by name or assumed from a class.

The class's fit is shown in worlds of fresh seeds, never in those that it was fitted in.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from depthwalk.analysis.calibrated import Calibrated, ClusterFit, MomentFit, Origin, Parameter, Verdict
from depthwalk.domain.units import CONTRACT, Quantity
from depthwalk.errors import ConfigError, UsageError
from depthwalk.lab.calibration.clustering import Clustering, cluster
from depthwalk.lab.calibration.fitting import ROUNDS, WORK, Progress, Target, Worlds, fit, moments_of
from depthwalk.lab.calibration.moments import MOMENTS, Band, bands
from depthwalk.lab.calibration.observed import Observed
from depthwalk.lab.calibration.parameters import begin, in_motion, missing
from depthwalk.lab.class_files import SPANS, dump_class, parse_class
from depthwalk.lab.worlds import LabClass
from depthwalk.simulation.flow import MarketClass

FRESH: Final = 8_000_000
"""The first seed of the worlds that the fit is shown in."""

_SURER: Final = 8
"""How many times as much is simulated to show a fit as for one step of it: whoever reads it decides by it."""

_PACED: Final = "trade_rate"
"""The moment that brings a market to its pace."""

_DIGITS: Final = 4
_MOST: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for: the new class's *name*, the class for what is not identified, the usual order (None: the touch)."""

    name: str
    sources: tuple[str, ...]
    assume: LabClass | None = None
    quantity: Quantity | None = None


def calibrate(observed: Observed, wish: Wish, *, effort: float = 1.0, progress: Progress = lambda *_: None) -> Calibrated:
    """Return the class that a recording speaks for.

    *effort* is how much is simulated, 1 as usual: more is surer, and slower.

    Raises:
        UsageError: the recording does not identify some parameters, and no class is named to take them from; each is named
            with what would identify it. Or what comes of it is beyond what a class may be.

    """
    data = _usable(observed)
    unknown = missing(observed, data)
    if wish.assume is None:
        raise UsageError(refusal(unknown), hint="`--assume CLASS` takes those from a class, and writes them down as assumed")
    clustering = None if "branching" in unknown else cluster(observed.flows)
    beginning = begin(wish.name, wish.assume.market, observed, data, clustering)
    paced = "taker_rate" not in unknown and "provider_rate" in unknown
    shapes = {key: band for key, band in data.items() if not paced or key != _PACED}
    target = Target(bands=shapes, look=observed.look, structure=observed.structure, work=round(WORK * effort))
    rounds = max(1, round(ROUNDS * min(1.0, effort)))
    fitted = fit(beginning.market, beginning.matched, target, rounds=rounds, progress=progress)
    found = fitted.market
    shown = moments_of(found, target, Worlds.of(found, replace(target, work=target.work * _SURER), first=FRESH))
    errors, words = dict(fitted.errors), _looked(observed)
    if paced and _PACED in shown:
        pace = data[_PACED].value / shown[_PACED]
        found = in_motion(found, pace)
        shown[_PACED] *= pace
        errors["taker_rate"] = data[_PACED].deviation
        words += f"; what moves is {wish.assume.name} at {pace:.2g} times its pace"
    found = rounded(found)
    quantity = wish.quantity or usual_order(data["touch"].value)
    rows = [_row(key, data[key], shown.get(key)) for key in data]
    parameters = [_parameter(found, name, beginning.measured, errors, wish.assume.name) for name in SPANS]
    lab_class = LabClass(
        market=found, quantity=quantity, structure=observed.structure, source="; ".join((*wish.sources, words))
    )
    clusters = None if clustering is None else _cluster_fit(clustering)
    assumed = {each.name: each.source for each in parameters if each.origin is Origin.ASSUMED}
    text = dump_class(lab_class, assumed=assumed, fit=_fit(rows, clusters, observed, parameters))
    try:
        parse_class(text, f"class {wish.name}")
    except ConfigError as error:
        raise UsageError(
            f"nobody could trade in what comes of it: {error}",
            hint=f"assume a class that is nearer to it than {wish.assume.name}",
        ) from None
    return Calibrated(
        name=wish.name,
        sources=wish.sources,
        looked=words,
        markets=observed.markets,
        stretches=len(observed.table),
        books=round(observed.total("books")),
        contracts=quantity // CONTRACT,
        structure=observed.structure,
        parameters=tuple(parameters),
        moments=tuple(rows),
        clustering=clusters,
        text=text,
    )


def refusal(unknown: Mapping[str, str]) -> str:
    """Return in words what a recording does not identify, and what would."""
    by_need: dict[str, list[str]] = {}
    for name, need in unknown.items():
        by_need.setdefault(need, []).append(name)
    return "the recording does not identify " + "; ".join(
        f"{', '.join(names)} (needs {need})" for need, names in by_need.items()
    )


def usual_order(touch: float) -> Quantity:
    """Return an order of the size of the typical touch (contracts), to two digits: what a recording can speak for."""
    digits = 1 - math.floor(math.log10(max(1.0, touch)))
    return Quantity(max(1, round(round(touch, digits))) * CONTRACT)


def rounded(market: MarketClass) -> MarketClass:
    """Return a class whose numbers have no more digits than a fit can tell."""
    return replace(market, name=market.name, **{name: _short(getattr(market, name)) for name in SPANS})


def _short(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _usable(observed: Observed) -> dict[str, Band]:
    """Return the moments that a recording can speak of."""
    found = bands(observed.table)
    if observed.polled or observed.prints:
        # Single trades are not takers' orders, and a market brought to its pace clusters at another: nothing to compare with.
        found.pop("followed", None)
    if observed.polled:
        # Who looks now and then cannot tell an empty side from a market that is decided.
        found.pop("one_sided", None)
    return found


def _row(key: str, band: Band, shown: float | None) -> MomentFit:
    moment = MOMENTS[key]
    return MomentFit(key=key, name=moment.name, unit=moment.unit, data=band.value, low=band.low, high=band.high, shown=shown)


def _parameter(
    market: MarketClass, name: str, measured: Sequence[str], matched: Mapping[str, float], assumed: str
) -> Parameter:
    value = getattr(market, name)
    if name in measured:
        return Parameter(name=name, value=value, origin=Origin.MEASURED)
    if name in matched:
        return Parameter(name=name, value=value, origin=Origin.MATCHED, factor=math.exp(min(_MOST, 1.96 * matched[name])))
    return Parameter(name=name, value=value, origin=Origin.ASSUMED, source=assumed)


def _cluster_fit(clustering: Clustering) -> ClusterFit:
    return ClusterFit(
        branching=clustering.branching,
        delay=clustering.delay,
        takers=clustering.takers,
        distance=clustering.distance,
        allowed=clustering.allowed,
    )


def _looked(observed: Observed) -> str:
    if observed.look.every_change:
        how = "every change of the book"
    elif observed.polled:
        how = "books now and then"
    else:
        how = f"books every {observed.look.step} s"
    if observed.prints:
        return f"{how}, takers by the ticker's volume and last trades"
    return f"{how}, and public trades" if observed.total("trades") else f"{how}, no trades"


def _fit(
    rows: Sequence[MomentFit], clusters: ClusterFit | None, observed: Observed, parameters: Sequence[Parameter]
) -> dict[str, object]:
    fit: dict[str, object] = {
        "markets": observed.markets,
        "stretches": len(observed.table),
        "books": round(observed.total("books")),
        "verdicts": {verdict.value: sum(row.verdict is verdict for row in rows) for verdict in Verdict},
        "within_factor": {each.name: _short(each.factor) for each in parameters if each.factor is not None},
        "moments": {
            row.key: {
                "data": _short(row.data),
                "band": [_short(row.low), _short(row.high)],
                "class": None if row.shown is None else _short(row.shown),
                "verdict": row.verdict.value,
            }
            for row in rows
        },
    }
    if clusters is not None:
        fit["clustering"] = {
            "branching": _short(clusters.branching),
            "delay": _short(clusters.delay),
            "distance": _short(clusters.distance),
            "allowed": _short(clusters.allowed),
        }
    return fit

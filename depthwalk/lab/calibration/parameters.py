"""Which parameters a recording identifies, by what, and what would identify the others. Words and rules; nothing is fitted.

A parameter that a recording says nothing of gets no number from it: it is refused by name, or taken from a class that is named
for it, and then the file says so.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from depthwalk.lab.calibration.clustering import Clustering
from depthwalk.lab.calibration.moments import Band
from depthwalk.lab.calibration.observed import Observed
from depthwalk.lab.calibration.sums import AFTER_TRADE, HORIZONS
from depthwalk.lab.class_files import SPANS
from depthwalk.simulation.flow import MarketClass

FEWEST_TRADES: Final = 200
"""Takers that it needs to tell how many come, and with what."""

_FEWEST_SECONDS: Final = 1_800
_USUAL_GAP: Final = 0.7
_USUAL_REACH: Final = 6.0
_ORDERS_A_LEVEL: Final = 1.5
_STANDING: Final = 3.0
"""Orders that stand on a side, for each price with orders within 5 cents: some share a price, some stand further off."""

_WIDEST: Final = 2.5
_FEWEST_FOLLOWERS: Final = 30
"""Takers who followed others that it needs to tell how soon they do."""


class _Needs(Enum):
    """What a recording must have for a parameter, and what to say where it does not."""

    SHAPES = "books"
    LOOKS = "books at most 10 s apart, for half an hour (`snapshot --watch`, or the stream of changes)"
    TAKERS = "public trades"
    TIMES = "single trades with their times"
    BOTH = "public trades and books of the same market at the same time"
    CHANGES = "every change of the book"
    LIMITS = "the limits of takers, which no public feed shows"
    OUTSIDE = "an outside price of the same thing beside the trades"
    ORDERS = "single orders with their ids, which no public feed shows"


_NEEDS: Final[Mapping[str, _Needs]] = {
    "provider_rate": _Needs.LOOKS,
    "half_gap": _Needs.SHAPES,
    "provider_reach": _Needs.SHAPES,
    "provider_life": _Needs.LOOKS,
    "provider_size": _Needs.SHAPES,
    "provider_size_sigma": _Needs.SHAPES,
    "volatility": _Needs.LOOKS,
    "imbalance_weight": _Needs.LOOKS,
    "taker_rate": _Needs.TAKERS,
    "taker_size": _Needs.TAKERS,
    "taker_size_sigma": _Needs.TAKERS,
    "branching": _Needs.TIMES,
    "cluster_seconds": _Needs.TIMES,
    "impact_per_contract": _Needs.BOTH,
    "impact_life": _Needs.OUTSIDE,
    "provider_lag": _Needs.CHANGES,
    "insensitive_share": _Needs.LIMITS,
    "insensitive_reach": _Needs.LIMITS,
    "taker_reach": _Needs.LIMITS,
    "informed_rate": _Needs.OUTSIDE,
    "informed_size": _Needs.OUTSIDE,
    "informed_threshold": _Needs.OUTSIDE,
    "news_interval": _Needs.LOOKS,
    "news_size": _Needs.LOOKS,
    "review_rate": _Needs.ORDERS,
}

_BY_CLUSTERS: Final = ("branching", "cluster_seconds")
_SIZES: Final = ("provider_size", "provider_size_sigma")


def missing(observed: Observed, bands: Mapping[str, Band]) -> dict[str, str]:
    """Return the parameters that a recording does not identify, each with what would."""
    have = {_Needs.SHAPES}
    if not observed.polled and observed.total("pairs") * observed.look.step >= _FEWEST_SECONDS and _sees_lives(observed, bands):
        have.add(_Needs.LOOKS)
        if observed.look.every_change:
            have.add(_Needs.CHANGES)
    if observed.total("trades") >= FEWEST_TRADES:
        have.add(_Needs.TAKERS)
        if not observed.prints:
            have.add(_Needs.TIMES)
        if observed.total(f"marked{AFTER_TRADE[0]}") >= FEWEST_TRADES:
            have.add(_Needs.BOTH)
    return {name: _NEEDS[name].value for name in SPANS if _NEEDS[name] not in have}


def _sees_lives(observed: Observed, bands: Mapping[str, Band]) -> bool:
    """Say whether prices are seen to move, and orders to come and to go: they must live longer than nobody looks."""
    residence, moves = bands.get("residence"), any(f"volatility{span}" in bands for span in HORIZONS)
    return moves and residence is not None and (observed.look.every_change or residence.value >= 2 * observed.look.step)


def _told_by(clustering: Clustering | None) -> set[str]:
    """Return which parameters takers' times tell: without any who followed another they do not tell how soon."""
    if clustering is None:
        return set()
    told = clustering.branching * clustering.takers >= _FEWEST_FOLLOWERS
    return set(_BY_CLUSTERS if told else _BY_CLUSTERS[:1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """Where a fit begins: the class, which parameters are *measured* and stay, and which are to be *matched*."""

    market: MarketClass
    measured: tuple[str, ...]
    matched: tuple[str, ...]


def begin(
    name: str, assumed: MarketClass, observed: Observed, bands: Mapping[str, Band], clustering: Clustering | None
) -> Beginning:
    """Return the class to begin with: measured where a recording shows a parameter as it is, else guessed or assumed.

    What is assumed is assumed in proportion: sizes grow, and impact shrinks, with the size of this market's orders; takers and
    the informed come at its pace. Jumps begin with the share of what moves that they have in the class assumed from. Where
    nothing that moves was seen, all goes at the pace of that class, and `in_motion` brings it to the pace of the takers.
    """
    unknown = missing(observed, bands)
    value = {key: band.value for key, band in bands.items()}
    guess: dict[str, float] = {}
    seen = "provider_rate" not in unknown
    if seen:
        guess["provider_rate"], guess["provider_life"] = value["add_rate"], max(value["residence"], 0.05)
        guess["provider_reach"] = max(0.1, value["add_offset"])
        guess["provider_size"], guess["provider_size_sigma"] = value["add_size"], value["add_spread"]
        guess["volatility"], guess["news_size"] = _moving(assumed, value)
    else:
        guess["provider_reach"] = _USUAL_REACH
        guess["provider_rate"] = _STANDING * value["levels"] / assumed.provider_life
        guess["provider_size"] = value["depth5"] / value["levels"] / _ORDERS_A_LEVEL
        guess["provider_size_sigma"] = min(_WIDEST, value["level_spread"])
    guess["half_gap"] = max(0.02, value["spread"] / 2 - _USUAL_GAP)
    lots = assumed.scaled(guess["provider_size"] / assumed.provider_size)
    if "taker_rate" not in unknown:
        guess["taker_size"], guess["taker_size_sigma"] = value["trade_size"], value["trade_spread"]
        guess["informed_size"] = assumed.informed_size * value["trade_size"] / assumed.taker_size
    if seen:
        # Takers at the pace of takers, or of orders where nothing is known of takers.
        pace = value.get("trade_rate", assumed.taker_rate * value["add_rate"] / assumed.provider_rate) / assumed.taker_rate
        guess["taker_rate"], guess["informed_rate"] = assumed.taker_rate * pace, assumed.informed_rate * pace
    told = _told_by(clustering)
    if clustering is not None:
        branching, delay = min(0.9, max(0.02, clustering.branching)), min(600.0, max(0.05, clustering.delay))
        guess |= {key: value for key, value in zip(_BY_CLUSTERS, (branching, delay), strict=True) if key in told}
    known = [key for key in SPANS if key not in unknown and (key in told or key not in _BY_CLUSTERS)]
    measured = {"cluster_seconds"} if seen else {"cluster_seconds", "branching"}
    if observed.look.every_change:
        measured |= set(_SIZES)
    if not seen:
        # Of rate and lifetime only the product shows: how many orders stand. How fast takers come is a matter of pace.
        known = ["provider_rate", *(key for key in known if key != "taker_rate")]
    clipped = {key: min(SPANS[key].high, max(SPANS[key].low, guess[key])) for key in guess}
    return Beginning(
        market=replace(lots, name=name, **clipped),
        measured=tuple(key for key in known if key in measured),
        matched=tuple(key for key in known if key not in measured),
    )


def in_motion(market: MarketClass, pace: float) -> MarketClass:
    """Return the same market with time running *pace* times as fast: its books look the same, everything takes less or more.

    How takers cluster is left as it is: that is told in seconds by whoever follows whom.
    """
    return replace(
        market,
        provider_rate=market.provider_rate * pace,
        provider_life=market.provider_life / pace,
        taker_rate=market.taker_rate * pace,
        informed_rate=market.informed_rate * pace,
        volatility=market.volatility * math.sqrt(pace),
        news_interval=market.news_interval / pace,
        provider_lag=market.provider_lag / pace,
        impact_life=market.impact_life / pace,
        review_rate=market.review_rate * pace,
    )


def _moving(assumed: MarketClass, value: Mapping[str, float]) -> tuple[float, float]:
    """Return volatility and news as large as a recording's prices move over its longest horizon."""
    key, span = next((f"volatility{span}", span) for span in reversed(HORIZONS) if f"volatility{span}" in value)
    # A jump is half fixed and half exponential: its mean square is 1.25 times its size squared.
    usual = math.sqrt(assumed.volatility**2 + 1.25 * assumed.news_size**2 / assumed.news_interval)
    factor = max(value[key], 0.01) / math.sqrt(span) / usual
    return assumed.volatility * factor, assumed.news_size * factor

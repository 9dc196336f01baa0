"""Calibration from end to end: a class that is known is recorded and found again; what is not identified is refused by name."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest

from depthwalk.analysis.calibrated import Calibrated, Origin, Verdict
from depthwalk.domain.units import CONTRACT, Quantity
from depthwalk.errors import UsageError
from depthwalk.lab.calibration.calibrate import Wish, calibrate, usual_order
from depthwalk.lab.calibration.fitting import WORK, Target, Worlds, fit
from depthwalk.lab.calibration.moments import bands
from depthwalk.lab.calibration.observed import Observed
from depthwalk.lab.calibration.simulated import Look, simulate
from depthwalk.lab.calibration.sums import AT
from depthwalk.lab.class_files import load_class, parse_class
from depthwalk.lab.running import WarmWorld
from depthwalk.lab.worlds import CLASSES, WORLDS, setting

_PACE = 2.5
_ASSUMED = CLASSES["moderate"].market
TRUE = replace(
    _ASSUMED.scaled(5.0),
    provider_rate=_ASSUMED.provider_rate * _PACE,
    taker_rate=_ASSUMED.taker_rate * _PACE,
    informed_rate=_ASSUMED.informed_rate * _PACE,
    provider_life=6.0,
    provider_reach=2.5,
    provider_size_sigma=1.2,
    volatility=_ASSUMED.volatility * 2,
    news_size=_ASSUMED.news_size * 2,
)
"""What no recording says of it is as in the class that is assumed, in proportion."""

WISH = Wish(name="found", sources=("made up",), assume=CLASSES["moderate"])
LITTLE = 0.03
CHANGES = Look(every_change=True)


def _observed(look: Look, seeds: range, seconds: int = 120) -> Observed:
    table: Sequence[Sequence[float]] = [simulate(TRUE, "linear_cent", seed, seconds=seconds, look=look) for seed in seeds]
    return Observed(structure="linear_cent", look=look, polled=False, markets=1, table=tuple(table))


@cache
def _found() -> Calibrated:
    return calibrate(_observed(CHANGES, range(30)), WISH, effort=0.08)


@pytest.mark.parametrize(
    ("name", "band"),
    [
        ("provider_rate", 0.15),
        ("provider_life", 0.2),
        ("provider_reach", 0.25),
        ("provider_size", 0.1),
        ("provider_size_sigma", 0.05),
    ],
)
def test_a_class_that_was_recorded_is_found_again(name: str, band: float) -> None:
    """Parameters that every change of a book identifies come back within the stated band, from another class's as start."""
    found = {each.name: each for each in _found().parameters}
    assert getattr(TRUE, name) == pytest.approx(found[name].value, rel=band)
    assert found[name].origin is not Origin.ASSUMED


def test_what_is_found_shows_what_was_recorded() -> None:
    """In worlds of fresh seeds hardly a moment is off."""
    found = _found()
    assert found.count(Verdict.OFF) <= len(found.moments) / 4


def test_what_comes_of_it_is_a_class_that_can_be_traded_in() -> None:
    """The file says what is measured, what is assumed and from where, and the laboratory warms a world of it."""
    found = _found()
    read = parse_class(found.text, "found.yaml")
    assumed = {each.name for each in found.parameters if each.origin is Origin.ASSUMED}
    assert assumed == set(read.assumed)
    assert {"taker_rate", "informed_rate", "impact_life"} <= assumed
    assert {"moderate"} == set(read.assumed.values())
    assert "made up; every change of the book, no trades" == read.lab_class.source
    assert WarmWorld(setting(read.lab_class, WORLDS["base"]), 1).benchmark.best_ask is not None


def test_the_same_target_gives_the_same_fit() -> None:
    """Seeds are fixed, so a fit can be repeated by anybody; it moves what it may move and nothing else."""
    target = Target(bands=bands(_observed(CHANGES, range(16)).table), look=CHANGES, structure="linear_cent", work=1)
    start = replace(TRUE, provider_rate=3.0)
    one, other = (fit(start, ["provider_rate"], target, rounds=3) for _ in range(2))
    assert one == other
    assert start == replace(one.market, provider_rate=3.0)
    assert TRUE.provider_rate == pytest.approx(one.market.provider_rate, rel=0.1)


def test_a_busy_class_is_looked_at_for_as_long_as_its_jumps_take() -> None:
    """Where much arrives a second few worlds would do, but for the jumps of its value: ten of those, less with less effort."""
    market = load_class("kalshi-btc15m").market
    for work, jumps in ((WORK, 10), (WORK // 20, 0.5)):
        worlds = Worlds.of(market, Target(bands={}, look=CHANGES, structure="linear_cent", work=work))
        assert jumps * market.news_interval <= len(worlds.seeds) * worlds.seconds <= (jumps + 4) * market.news_interval


def test_without_a_class_to_assume_all_that_is_not_known_is_named() -> None:
    """Each parameter stands there with what would identify it."""
    with pytest.raises(UsageError) as caught:
        calibrate(_observed(CHANGES, range(16)), replace(WISH, assume=None))
    assert "taker_rate, taker_size, taker_size_sigma (needs public trades)" in caught.value.message
    assert "(needs an outside price of the same thing beside the trades)" in caught.value.message
    assert "provider_life" not in caught.value.message
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("`--assume CLASS`")


def test_the_usual_order_is_the_touch_to_two_digits() -> None:
    """What the recording can speak for, and at least one contract."""
    found = [usual_order(touch) // CONTRACT for touch in (0.3, 7.43, 332.3, 705.8)]
    assert [1, 7, 330, 710] == found


def _still_with_takers(rarer: float) -> Observed:
    """Books now and then, and takers of another time, so many times rarer than those of TRUE."""
    shapes = simulate(TRUE, "linear_cent", 1, seconds=120, look=Look(step=10))
    flow = simulate(TRUE, "linear_cent", 2, seconds=300, look=Look(trades=True))
    still = [[value if name in _SHAPES else 0.0 for name, value in zip(AT, shapes, strict=True)] for _ in range(9)]
    rare = [value if name in _TRADES else 0.0 for name, value in zip(AT, flow, strict=True)]
    rare[AT["trade_seconds"]] *= rarer
    table = (*still, *itertools.repeat(rare, 9))
    return Observed(structure="linear_cent", look=Look(trades=True), polled=True, markets=9, table=table)


def test_a_class_that_nobody_could_trade_in_is_refused() -> None:
    """Takers a million times as rare would make orders live for years: it is said now, not when the file is used."""
    with pytest.raises(UsageError, match=r"nobody could trade in what comes of it: class found: parameters\.") as caught:
        calibrate(_still_with_takers(1e6), WISH, effort=LITTLE)
    assert caught.value.hint == "assume a class that is nearer to it than moderate"


def test_takers_without_books_bring_a_class_to_their_pace() -> None:
    """Books now and then and trades of another time: shapes are matched, and time runs as fast as takers come.

    The order is the one that was wished for.
    """
    observed = _still_with_takers(40)
    found = calibrate(observed, replace(WISH, quantity=Quantity(55 * CONTRACT)), effort=LITTLE)
    assert 55 == found.contracts
    values = {each.name: each.value for each in found.parameters}
    assumed = CLASSES["moderate"].market
    pace = values["taker_rate"] / assumed.taker_rate
    assert pace < 0.1
    assert assumed.provider_life / pace == pytest.approx(values["provider_life"], rel=0.01)
    assert assumed.review_rate * pace == pytest.approx(values["review_rate"], rel=0.01)
    rate = next(moment for moment in found.moments if moment.key == "trade_rate")
    assert rate.data == pytest.approx(rate.shown)
    assert "times its pace" in found.looked


_SHAPES = {"steps", "books", "spread", "touch", "depth1", "depth3", "depth5", "levels", "level", "level_square", "near"}
_TRADES = {"trades", "traded", "trade_log", "trade_log_square", "trade_seconds"}

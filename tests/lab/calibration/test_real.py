"""Calibration on the real recordings under ../shared: what they show, and what each kind of them does not say."""

import csv
from pathlib import Path
from statistics import fmean

import pytest

from depthwalk.domain.result import LiquidityClass
from depthwalk.errors import UsageError
from depthwalk.lab.calibration.calibrate import Wish, calibrate
from depthwalk.lab.calibration.moments import values
from depthwalk.lab.calibration.reading import observe_files
from depthwalk.lab.class_files import class_names, load_class_file

SLOW = "kxbtcmaxy-ws-cents"
POLLED = "weather-books/converted.books.jsonl.gz"
TRADES = ("weather-trades-cents/kxhighny.converted.trades.jsonl.gz", "weather-trades-cents/kxhighmia.converted.trades.jsonl.gz")


def test_a_feed_of_every_change_shows_what_its_own_statistics_say(shared: Path) -> None:
    """Depth and spread of an hour of a slow market, against the figures that came with the recording."""
    shown = values(observe_files([shared / SLOW / "20251105T1440Z.rows.csv.gz"]).table)
    with (shared / SLOW / "stats.csv").open(encoding="utf-8", newline="") as file:
        stats = next(row for row in csv.DictReader(file) if row["session"] == "20251105T1440Z")
    depth = fmean([float(stats["median_depth5_yes"]), float(stats["median_depth5_no"])])
    assert depth == pytest.approx(shown["depth5"], rel=0.15)
    assert 100 * float(stats["median_spread"]) == pytest.approx(shown["spread"], rel=0.25)
    # Roughly half of all changes are new orders, on either side.
    assert float(stats["events_per_min"]) / 60 / 4 == pytest.approx(shown["add_rate"], rel=0.3)


def test_books_now_and_then_are_refused_by_name(shared: Path) -> None:
    """Hourly books tell shapes, and neither lifetimes nor volatility nor takers."""
    observed = observe_files([shared / POLLED], only=LiquidityClass.MODERATE)
    with pytest.raises(UsageError) as caught:
        calibrate(observed, Wish(name="x", sources=("weather",)))
    said = caught.value.message
    assert "provider_rate, provider_life, volatility" in said
    assert "taker_rate, taker_size, taker_size_sigma (needs public trades)" in said
    assert "half_gap" not in said


@pytest.mark.parametrize("name", [each for each in class_names() if each.startswith("kalshi-weather-")])
def test_a_packaged_class_states_the_moments_of_its_recording(shared: Path, name: str) -> None:
    """What its file calls data is what the recording shows."""
    only = LiquidityClass(name.rpartition("-")[2])
    shown = values(observe_files([shared / POLLED, *(shared / path for path in TRADES)], only=only).table)
    moments = load_class_file(name).fit["moments"]
    assert isinstance(moments, dict)
    assert {key: pytest.approx(shown[key], rel=0.001) for key in moments} == {
        key: moment["data"] for key, moment in moments.items()
    }

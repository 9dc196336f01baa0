import re
import sys
from dataclasses import replace
from functools import cache

import pytest

from depthwalk.analysis.collection import CellKey, Collection
from depthwalk.analysis.paired import PRIMARY, Asked, AskedArm, Audit, Comparison
from depthwalk.analysis.pairing import compare
from depthwalk.analysis.trial_columns import Metric
from depthwalk.analysis.trials import STEPS, Stratum, Trial
from depthwalk.domain.order import Action
from depthwalk.domain.units import CENT, Quantity
from depthwalk.errors import UsageError
from depthwalk.reports.lab_html import STYLE
from depthwalk.reports.lab_page import check_plots, page
from depthwalk.reports.lab_svg import HUES
from depthwalk.reports.lab_table import number
from tests.support.pages import Page
from tests.support.priced_trials import BENCHMARK, QUANTITY, priced_trial

BASELINE, OTHER, THIRD = "simple_limit", "adaptive_limit", "twap:slices=3"
COSTS = {BASELINE: 2.0, OTHER: 1.5, THIRD: 2.6}
PATHS = replace(BENCHMARK, path=tuple(CENT * step for step in range(len(STEPS))))


def trial(seed: int, arm: str) -> Trial:
    """Return a trial of an arm that costs what it costs there, more or less, and fills over time."""
    base = priced_trial(seed, arm, COSTS.get(arm, 1.0) + 0.01 * (seed * len(arm) % 119), 0.2)
    filled = tuple(Quantity(QUANTITY * step // len(STEPS)) for step in range(1, len(STEPS) + 1))
    return replace(base, filled_by=filled, benchmark=PATHS)


def compared(*trials: Trial, worlds: tuple[str, ...] = ("base",), runs: int | None = None) -> Comparison:
    """Compare trials, the same in every world; the arms are those that the trials have, the first one's is the baseline."""
    arms = tuple(dict.fromkeys(each.arm for each in trials))
    collection = Collection(arms[0])
    for world in worlds:
        collection.add(CellKey("thin", world), trials)
    seeds = len({each.seed for each in trials})
    asked = Asked(
        classes=("thin",),
        worlds=worlds,
        arms=tuple(AskedArm(name=arm, algorithm=arm.partition(":")[0], parameters={"patience": 0.5}) for arm in arms),
        baseline=arms[0],
        runs=seeds if runs is None else runs,
        first_seed=0,
        version="1.2.3",
    )
    return compare(asked, collection, resamples=50)


@cache
def whole() -> Comparison:
    """Return a comparison of three arms on enough seeds for verdicts."""
    return compared(*(trial(seed, arm) for seed in range(120) for arm in COSTS))


@cache
def written() -> str:
    """Return the page of it."""
    return page(whole())


@cache
def read() -> Page:
    """Return what is in that page."""
    return Page(written())


def test_it_is_well_formed() -> None:
    """Every element closes in turn, ids are there once, and what is referred to is there."""
    found = read()
    ids = found.values("id")

    assert [] == found.faults
    assert len(set(ids)) == len(ids)
    assert {f"#{name}" for name in ids} >= set(found.values("href"))


def test_it_needs_nothing_but_itself() -> None:
    """No script, nothing to fetch: all references are to places in the page."""
    found = read()

    assert not {"script", "link", "img", "iframe", "object"} & {name for name, _ in found.elements}
    assert all(value.startswith("#") for name in ("src", "href", "xlink:href") for value in found.values(name))
    assert "http" not in written()
    assert "url(" not in written()


def test_the_same_comparison_is_the_same_page() -> None:
    """Nothing of the time or the machine is in it."""
    assert written() == page(whole())


def test_means_are_the_comparison_s() -> None:
    """The arm's row has the figures of the comparison, as the terminal writes them."""
    row = read().table("Means").row(OTHER)
    figures = whole().cells[0].arm(OTHER)
    net, filled = figures.means[PRIMARY], figures.means[Metric.FILL]

    assert net is not None
    assert filled is not None
    assert f"{number(net.value)} [{number(net.low or 0)}, {number(net.high or 0)}]" == row[4]
    assert f"{number(filled.value, 1)} [100.0, 100.0]" == row[2]


def test_a_shortfall_that_the_final_book_flatters_is_called_so() -> None:
    """As in the terminal: before anybody unfolds all figures."""
    trials = [trial(seed, arm) for seed in range(2) for arm in COSTS]
    deep = compared(*(replace(each, depth_short=each.arm == OTHER) for each in trials), runs=2)
    assert f"priced on at its last level: at most 2 trials ({OTHER})." in Page(page(deep)).text
    assert "priced on" not in read().text


def test_differences_and_verdicts_are_the_comparison_s() -> None:
    """Half a cent less at the same fill is better and fills no less; more is worse."""
    against = whole().cells[0].arm(OTHER).against

    assert against is not None
    difference = against.primary
    assert difference is not None
    value, low, high = (number(each or 0, signed=True) for each in (difference.value, difference.low, difference.high))
    assert [OTHER, f"{value} [{low}, {high}]", "better fills no less"] == read().table("World base").row(OTHER)
    assert "worse" == read().table("World base").row(THIRD)[2]


def test_what_is_drawn_is_there_as_numbers() -> None:
    """Beside each plot stands a table: of quantiles, of fills by each step, of the fan, of the forest."""
    found = read()
    quantiles = whole().cells[0].arm(THIRD).distribution

    assert [number(quantiles[share]) for share in (5, 25, 50, 75, 95)] == found.table("Net shortfall").row(THIRD)[1:6]
    assert "100.0 [100.0, 100.0]" == found.table("Filled, in percent").row(OTHER)[-1]
    assert "+5.50" == found.table("Quantiles of the mid").row("50 %")[-1]
    assert [OTHER, THIRD] == [row[0] for row in found.table("thin: net cents").rows[1:]]


def test_every_plot_has_words_and_a_table() -> None:
    """A drawing says in words what it shows, and its figure folds a table."""
    drawings = [attributes for name, attributes in read().elements if name == "svg"]
    figures = re.findall(r"<figure.*?</figure>", written(), re.DOTALL)

    assert 5 == len(drawings) == len(figures)
    assert all(each["role"] == "img" and each["aria-label"] for each in drawings)
    assert all("<details>" in each and "<table" in each for each in figures)


def test_every_table_is_rectangular() -> None:
    """A row has as many cells as the head has titles."""
    assert [] == [table.caption for table in read().tables if len({len(row) for row in table.rows}) > 1]


def test_the_page_has_every_color_in_light_and_in_dark() -> None:
    """What drawings call colors is said by the style sheet, twice."""
    used = set(re.findall(r"var\((--[\w-]+)\)", written())) - {"--key"}
    dark = STYLE[STYLE.index("dark") :]

    assert {f"--arm-{hue}" for hue in range(HUES)} <= set(re.findall(r"(--arm-\d+):", dark))
    assert [] == [name for name in used if f"{name}:" not in dark or f"{name}:" not in STYLE[: STYLE.index("dark")]]


def test_names_are_text() -> None:
    """A name that looks like markup is shown as it is, wherever it comes, and breaks out of nothing."""
    names = ["<script>alert('&')</script>", '" onload="alert()']
    found = Page(page(compared(*(trial(seed, arm) for seed in range(2) for arm in names), worlds=("base", "toxic"))))

    assert [] == found.faults
    assert "script" not in {element for element, _ in found.elements}
    assert [] == found.values("onload")
    assert names == [row[0] for row in found.table("Means").rows[1:]]


def test_a_saving_is_drawn_as_one() -> None:
    """An arm that is better has the color of the good in the forest, and there is nothing bad."""
    text = page(compared(*(trial(seed, arm) for seed in range(120) for arm in (BASELINE, OTHER))))
    drawn = re.findall(r"<svg.*?</svg>", text, re.DOTALL)

    assert "var(--good)" in drawn[0]
    assert not any("var(--bad)" in each for each in drawn)


def test_worlds_are_shown_one_by_one_and_together() -> None:
    """A forest for each arm has a row a world; only the first world's figures are all there."""
    found = Page(page(compared(*(trial(seed, arm) for seed in range(3) for arm in COSTS), worlds=("base", "toxic"))))

    assert ["base", "toxic"] == [row[0] for row in found.table(f"{OTHER}: net cents").rows[1:]]
    assert 2 == sum(table.caption.startswith("Means") for table in found.tables)
    assert 1 == sum(table.caption.startswith("Every figure") for table in found.tables)
    assert [] == found.faults
    assert len(set(found.values("id"))) == len(found.values("id"))


def test_one_arm_alone() -> None:
    """Without another arm there is no comparison, but all else."""
    found = Page(page(compared(trial(0, BASELINE), trial(1, BASELINE))))

    assert "There is nothing to compare with it." in found.text
    assert "baseline" == found.table("Means").row(BASELINE)[7]
    assert [] == found.faults


def test_one_seed_has_no_intervals() -> None:
    """Values stand alone where there is no interval."""
    found = Page(page(compared(trial(0, BASELINE), trial(0, OTHER))))

    assert "too few seeds" == found.table("World base").row(OTHER)[2]
    assert "2.20" == found.table("Means").row(BASELINE)[4]


def test_no_fills_no_frontier() -> None:
    """Arms that fill nothing have no slippage to draw; the rest is drawn."""
    empty = [
        replace(trial(seed, arm), filled=Quantity(0), filled_by=(Quantity(0),) * len(STEPS), first_fill=None, last_fill=None)
        for seed in range(3)
        for arm in (BASELINE, OTHER)
    ]
    found = Page(page(compared(*empty)))

    assert "-" == found.table("Means").row(OTHER)[1]
    assert 4 == sum(name == "svg" for name, _ in found.elements)
    assert [] == found.faults


def test_one_sided_arrivals_leave_nothing_to_draw() -> None:
    """Without a mid there are no costs; the page says so."""
    benchmark = replace(BENCHMARK, stratum=Stratum.ONE_SIDED, best_bid=None)
    costs = dict.fromkeys(("shortfall", "spread", "drift", "opportunity", "lenient", "at_mid"))
    found = Page(page(compared(*(replace(trial(0, arm), benchmark=benchmark, **costs) for arm in (BASELINE, OTHER)))))

    assert "there is nothing to draw" in found.text
    assert "100.0" == found.table("Every figure").row("filled of one-sided arrivals, %")[1]


def test_nothing_has_run() -> None:
    """Ended before the first piece came in, it says that."""
    found = Page(page(replace(whole(), cells=())))

    assert "Nothing has run." in found.text
    assert "PARTIAL: 0 of 120 seeds" in found.text


def test_a_part_is_called_one() -> None:
    """Of a comparison that was ended early the page says how much is in."""
    half = compared(*(trial(seed, arm) for seed in range(2) for arm in COSTS), runs=4)

    assert "PARTIAL: 2 of 4 seeds" in Page(page(half)).text
    assert "PARTIAL" not in read().text


def test_an_audit_that_fails_is_loud() -> None:
    """What must not happen and did is at the top, in words."""
    cell = whole().cells[0]
    guilty = replace(cell.arms[1], audit=Audit(overfilled=Quantity(100), orphans=0, beyond_cap=0))
    bad = replace(whole(), cells=(replace(cell, arms=(cell.arms[0], guilty, cell.arms[2])),))

    assert f"AUDIT FAILED: {OTHER} in thin, base: bought 1.00 contracts more than asked" in Page(page(bad)).text
    assert "AUDIT" not in read().text
    assert "no arm bought more than asked" in read().text
    assert "no arm bought more than asked" not in Page(page(bad)).text
    selling = replace(whole(), asked=replace(whole().asked, action=Action.SELL))
    assert "no arm sold more than asked" in Page(page(selling)).text


def test_without_matplotlib_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """The remedy is in the hint, before anything has run."""
    check_plots()
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    with pytest.raises(UsageError, match="matplotlib") as caught:
        check_plots()
    assert "pip install 'depthwalk[plots]'" == caught.value.hint

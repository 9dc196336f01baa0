"""All figures of a class in a world: each in the row that bears its name."""

from depthwalk.analysis.trial_columns import Metric
from depthwalk.reports.lab_details import all_figures
from depthwalk.reports.lab_html import document
from depthwalk.reports.lab_plots import Arm
from depthwalk.reports.lab_svg import mark
from depthwalk.reports.lab_words import shown
from tests.support.pages import Page
from tests.support.trials import BASE, OTHER, told_apart

COMPARISON = told_apart()
ARMS = {name: Arm(name=name, label=name, look=mark(place)) for place, name in enumerate((BASE, OTHER))}


def _page() -> Page:
    return Page(document("all", *all_figures(COMPARISON.cells[0].arms, COMPARISON.asked, ARMS)))


def test_every_figure_stands_in_its_own_row() -> None:
    """Each has a value that no other has: means, quantiles, counts."""
    figures = _page().table("Every figure of every arm")
    for place, metric in enumerate(Metric):
        name = f"{metric.title}, {metric.unit}" if metric.unit else metric.title
        assert shown(float(place), metric) == figures.row(name)[2]
    told = {
        "shortfall, net, median, cents": "1.00",
        "shortfall, net, 95 %, cents": "2.00",
        "shortfall, gross, median, %": "3.00",
        "shortfall, gross, 95 %, %": "4.00",
        "filled of one-sided arrivals, %": "22.0",
        "rest that no book could price, trials": "23",
        "rest beyond the displayed depth, trials": "24",
        "contracts overfilled (must be 0)": "0.28",
        "orders left resting (must be 0)": "29",
        "fills beyond the cap (must be 0)": "30",
    }
    assert told == {name: figures.row(name)[2] for name in told}


def test_differences_are_of_all_but_the_baseline() -> None:
    """Signed, with the p-value after the correction."""
    figures = _page().table("Paired differences")
    for place, metric in enumerate(Metric):
        name = f"{metric.title}, {metric.unit}" if metric.unit else metric.title
        assert [name, shown(-float(place), metric, signed=True)] == figures.row(name)
    assert ["p of net cents, after Holm", "0.34"] == figures.row("p of net cents, after Holm")


def test_sizes_are_told_apart() -> None:
    """Net cents in each bin of N/touch."""
    assert ["5.00", "6.00", "7.00", "8.00", "9.00"] == _page().table("Net cents by N/touch").row(OTHER)[1:]

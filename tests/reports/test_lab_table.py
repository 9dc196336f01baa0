"""A comparison on the screen, as agreed at two widths, and what must never be missing from it."""

from collections import Counter
from dataclasses import replace

import pytest

from depthwalk.analysis.collection import CellKey
from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.paired import Comparison, FillVerdict, Verdict
from depthwalk.analysis.pairing import compare
from depthwalk.domain.order import Action, Outcome
from depthwalk.domain.units import Quantity
from depthwalk.reports.lab_running import running_line, running_table
from depthwalk.reports.lab_table import arm_name, comparison_tables, interval, number, verdict_words
from depthwalk.reports.wording import ASCII, UNICODE
from tests.support.tables import as_text, same_as_snapshot
from tests.support.trials import BASE, OTHER, THIN, asked, collected, compared, one_sided, sample, trial


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    """Return a seeded comparison with a verdict of each kind."""
    question, collection = sample()
    return compare(question, collection, resamples=300)


def _text(comparison: Comparison, width: int = 140) -> str:
    return as_text(comparison_tables(comparison, width=width), width=width)


@pytest.mark.parametrize("width", [80, 120])
def test_a_comparison_looks_as_agreed(comparison: Comparison, width: int) -> None:
    """Class by class: figures, differences, verdicts (REFRESH_SNAPSHOTS=1 renews it)."""
    text = _text(comparison, width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "…" not in text
    assert same_as_snapshot(f"lab-compare-{width}", text)


def test_a_screen_of_ascii_loses_nothing(comparison: Comparison) -> None:
    """Only signs that everybody has."""
    text = as_text(comparison_tables(comparison, width=80, signs=ASCII), width=80)
    assert text.isascii()
    assert "?" not in text
    assert " +-0." in text


def test_a_narrow_screen_has_the_same_figures(comparison: Comparison) -> None:
    """In two tables rather than one."""
    wide, narrow = (_text(comparison, width).replace("\n", " ").split() for width in (140, 80))
    assert {word for word in wide if "." in word and word[-1].isdigit()} <= set(narrow)


@pytest.mark.parametrize("width", [40, 60, 79])
def test_a_screen_that_is_too_narrow_breaks_figures_and_drops_none(comparison: Comparison, width: int) -> None:
    """The verdict is the last column: it went first."""
    usual, narrow = (Counter(filter(str.isdigit, _text(comparison, each))) for each in (80, width))
    assert usual == narrow
    assert _text(comparison, 60).count("undecided") == _text(comparison, 80).count("undecided")


def test_verdicts_are_words(comparison: Comparison) -> None:
    """Every kind occurs in the sample, and is written out; color only repeats it."""
    text = _text(comparison)
    for words in ("better", "better, fills less", "worse", "undecided", "baseline"):
        assert words in text
    colored = as_text(comparison_tables(comparison, width=140), width=140, color=True)
    assert "\x1b[1;32mbetter" in colored
    assert "\x1b[1;31mworse" in colored
    assert "\x1b[33mundecided" in colored


@pytest.mark.parametrize(
    ("verdict", "fill", "words"),
    [
        (Verdict.BETTER, FillVerdict.HOLDS, "better"),
        (Verdict.BETTER, FillVerdict.FAILS, "better, fills less"),
        (Verdict.BETTER, FillVerdict.UNDECIDED, "better, may fill less"),
        (Verdict.WORSE, FillVerdict.NOT_ASKED, "worse"),
        (Verdict.UNDECIDED, FillVerdict.NOT_ASKED, "undecided"),
        (Verdict.TOO_FEW, FillVerdict.NOT_ASKED, "too few seeds"),
    ],
)
def test_what_is_said_of_an_arm(comparison: Comparison, verdict: Verdict, fill: FillVerdict, words: str) -> None:
    """Better, but at the price of filling less, is not simply better."""
    against = comparison.cells[0].arms[1].against
    assert against is not None
    assert words == verdict_words(replace(against, verdict=verdict, fill=fill))


def test_the_heading_says_what_was_ordered_and_met(comparison: Comparison) -> None:
    """Side, action, N, N/touch with its bins, seeds, one-sided ones."""
    text = _text(replace(comparison, asked=replace(comparison.asked, outcome=Outcome.NO, action=Action.SELL)))
    assert "thin in world base  sell NO, N 40.00, N/touch in the median " in text
    assert "120 seeds; N/touch <= 1/2: " in text
    assert "3 of them one-sided at the decision: " in text


def test_one_sided_arrivals_that_all_filled_alike_have_one_figure() -> None:
    """And no range from a number to itself."""
    text = _text(compared([one_sided(0, BASE), one_sided(0, OTHER), trial(1, BASE), trial(1, OTHER)]))
    assert "1 of them one-sided at the decision: 100 % filled, in no other figure" in text
    text = _text(compared([one_sided(0, BASE), one_sided(0, OTHER, filled=10)]))
    assert "25 to 100 % filled" in text


def test_a_shortfall_that_the_final_book_flatters_is_called_so() -> None:
    """Who leaves much is priced beyond the book, or not at all: then his worst trials are in no mean."""
    trials = [trial(seed, arm, depth_short=arm == OTHER) for seed in (0, 1) for arm in (BASE, OTHER)]
    words = "Rests deeper than the final book, priced on at its last level: at most 2 trials (walker)."
    assert words in _text(compared(trials))
    unpriced = [trial(0, BASE), trial(0, OTHER, shortfall=None), trial(1, BASE), trial(1, OTHER)]
    assert "Rests that no book could price, in no shortfall: walker 1." in _text(compared(unpriced))
    assert "Rests" not in _text(compared([trial(0, BASE), trial(0, OTHER)]))


def test_the_comparisons_that_were_corrected_for_are_counted_as_they_were() -> None:
    """A class with too few seeds has no verdict, and is none of the family."""
    words = "after Holm's correction for the {} comparisons of a world"
    question, collection = sample()
    assert words.format(8) in " ".join(_text(compare(question, collection, resamples=50)).split())
    few = [trial(seed, arm.name, float(seed)) for seed in range(3) for arm in question.arms]
    question, collection = sample(classes=("thin",))
    collection.add(CellKey("liquid", "base"), few)
    text = _text(compare(replace(question, classes=("thin", "liquid")), collection, resamples=50))
    assert words.format(4) in " ".join(text.split())


def test_a_breach_is_said_in_red_and_in_words() -> None:
    """Which arm, where, and what it did; without one that is said too."""
    trials = [trial(0, BASE), trial(0, OTHER, overfilled=Quantity(150), orphans=2, beyond_cap=3)]
    tables = comparison_tables(compared(trials), width=140)
    words = (
        "AUDIT FAILED: walker in thin, base: bought 1.50 contracts more than asked, left 2 orders resting, had 3 fills beyond"
        " its cap"
    )
    assert words in as_text(tables, width=140).replace("\n", " ")
    assert "\x1b[1;31mAUDIT FAILED" in as_text(tables, width=140, color=True)
    assert "Audit: no arm bought more" in _text(compared([trial(0, BASE)]))
    assert "Audit: no arm sold more" in _text(compared([trial(0, BASE)], action=Action.SELL))


def test_several_worlds_are_shown_side_by_side() -> None:
    """A table for each arm but the baseline, a row a world; what has not run yet has nothing."""
    question = asked(classes=("thin", "liquid"), worlds=("base", "toxic"))
    trials = [trial(seed, arm, cents) for seed in (0, 1) for arm, cents in ((BASE, 2.0), (OTHER, 1.25))]
    comparison = compare(question, collected({THIN: trials, CellKey("thin", "toxic"): trials}), resamples=50)
    text = _text(comparison, 80)
    rows = [line.split() for line in text.partition("walker: net ¢ against simple_limit\n")[2].splitlines()[:3]]
    assert rows == [
        ["world", "thin", "liquid"],
        ["base", "-0.75", "±0.00", "too", "few", "-"],
        ["toxic", "-0.75", "±0.00", "too", "few", "-"],
    ]
    assert "simple_limit: net" not in text


def test_a_part_is_called_a_part() -> None:
    """First and last, with how much of it there is."""
    partial = compared([trial(0, BASE), trial(0, OTHER)], classes=("thin", "liquid"))
    lines = [line for line in _text(partial).splitlines() if line]
    assert lines[0].startswith("PARTIAL: 1 of 2 seeds")
    assert lines[0] == lines[-1]
    assert "PARTIAL" not in _text(compared([trial(0, BASE)]))


def test_few_seeds_give_no_verdict_and_that_is_said() -> None:
    """And what to do about it."""
    text = _text(compared([trial(seed, arm) for seed in range(3) for arm in (BASE, OTHER)]))
    assert "too few seeds" in text
    assert "fewer than 100 seeds" in text


def test_nothing_to_measure_is_shown_as_nothing() -> None:
    """A cell of one-sided arrivals, and one arm alone."""
    text = _text(compared([one_sided(0, BASE), one_sided(0, OTHER)]), 80)
    assert "thin in world base  buy YES, N 40.00\n" in text
    assert "simple_limit      -      -           -     -    -      -\n" in text
    assert "against" not in _text(compared([trial(0, BASE)]), 80).partition("Audit")[0]


def test_names_from_outside_cannot_steer_the_terminal() -> None:
    """A class file may be called anything."""
    text = as_text(comparison_tables(compared([trial(0, "\x1b[2Jevil")]), width=80), width=80)
    assert "\x1b" not in text
    assert "evil" in text


def test_numbers_and_intervals() -> None:
    """What rounds to 0 has no sign; a difference shows its own; an interval that is not known is not made up."""
    assert ["-0.01", "0.00", "1,234.50"] == [number(value) for value in (-0.009, -0.001, 1234.5)]
    assert interval(Estimate(value=0.5, low=-0.25, high=1.0)) == "+0.50 [-0.25, +1.00]"
    assert interval(Estimate(value=0.5)) == "+0.50 [-]"
    assert interval(None) == "-"
    assert arm_name("twap:slices=5", UNICODE) == "twap:\nslices=5"


def test_what_is_shown_while_it_runs() -> None:
    """The differences so far: of each class in a table, of the class at work in a line."""
    question = asked(classes=("thin", "liquid"))
    collection = collected({THIN: [trial(seed, arm, seed) for seed in (1, 2) for arm in (BASE, OTHER)]})
    line = "thin in base, net ¢ against simple_limit: walker 0.00 ±0.00"
    assert line == running_line(question, collection, UNICODE)
    rows = [" ".join(line.split()) for line in as_text(running_table(question, collection, UNICODE), width=80).splitlines()]
    assert rows == ["net ¢ against simple_limit, so far, world base thin liquid", "walker 0.00 ±0.00 -"]


def test_before_anything_is_done_there_is_nothing_to_show() -> None:
    """Nor is there with one arm alone."""
    assert running_line(asked(), collected({}), UNICODE) == ""
    assert as_text(running_table(asked(), collected({}), UNICODE), width=80) == "\n"
    alone = collected({THIN: [trial(0, BASE)]})
    assert running_line(asked((BASE,)), alone, UNICODE) == ""

"""What a search came to, on the screen and as JSON: the recommendation is last, and nothing of training is in it."""

import json
from functools import cache

import pytest

from depthwalk.analysis.tuned import Tuned
from depthwalk.reports.tuning_table import tuning_json, tuning_tables
from depthwalk.reports.wording import ASCII
from tests.support.tables import as_text, same_as_snapshot
from tests.support.trials import BASE, OTHER
from tests.support.tunings import TUNED, Costs, made_up

CHEAPER = {BASE: 2.0, OTHER: 1.5, TUNED: 1.0}
ALIKE = {BASE: 2.0, OTHER: 1.0, TUNED: 1.0}
DEARER = {BASE: 2.0, OTHER: 1.0, TUNED: 1.5}


def _words(tuned: Tuned) -> str:
    return " ".join(as_text(tuning_tables(tuned, width=80), width=80).split())


@cache
def _noisy() -> Tuned:
    return made_up({(name, world): CHEAPER for world in ("base", "toxic") for name in ("thin", "liquid")}, noise=0.8)


def test_it_looks_as_agreed() -> None:
    """At 80 columns, no line too long, no cell cut (REFRESH_SNAPSHOTS=1 renews it); before it the comparison of all arms."""
    text = as_text(tuning_tables(_noisy(), width=80), width=80)
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    compared, title, judged = text.partition("tuned against walker on the same fresh seeds")
    assert "liquid in world toxic" in compared
    assert same_as_snapshot("lab-tune-80", title + judged)


def test_nothing_but_ascii_where_nothing_else_can_be_shown() -> None:
    """Signs have their fallbacks."""
    text = as_text(tuning_tables(_noisy(), width=80, signs=ASCII), width=80)
    assert text.isascii()
    assert "?" not in text


@pytest.mark.parametrize(
    ("base", "toxic", "runs", "noise", "words"),
    [
        (CHEAPER, ALIKE, 100, 0.0, "Recommended: tuned. --out FILE writes it as a method."),
        (
            ALIKE,
            ALIKE,
            100,
            1.0,
            "Recommended: keep walker as it is. Against walker, tuned is not better: the interval includes 0.",
        ),
        (DEARER, CHEAPER, 100, 0.0, "Recommended: keep walker as it is. Against walker, tuned is worse."),
        (CHEAPER, DEARER, 100, 0.0, "keep walker as it is. tuned is better in world base, but worse in toxic."),
        (CHEAPER, CHEAPER, 99, 0.0, "keep walker as it is. No verdict is given on fewer than 100 seeds"),
    ],
)
def test_what_is_recommended_is_said_last_and_why(base: Costs, toxic: Costs, runs: int, noise: float, words: str) -> None:
    """In words, and in the JSON."""
    tuned = made_up({("thin", "base"): base, ("thin", "toxic"): toxic}, runs=runs, noise=noise)
    text = _words(tuned)
    assert words in text[text.rindex("Recommended: ") :]
    found = tuning_json(tuned)
    assert ("--out" in words) is found["recommended"]
    assert str(found["why_not"] or "") in words + " with a cost in each class: --runs has more."


def test_what_breaks_a_promise_is_not_recommended_however_cheap() -> None:
    """An order left resting, and the rest of the result is of no account."""
    tuned = made_up({("thin", "base"): CHEAPER}, orphans=1)
    assert "Recommended: keep walker as it is. The audit failed." in _words(tuned)
    assert (False, "The audit failed.") == tuple(tuning_json(tuned)[key] for key in ("recommended", "why_not"))


def test_what_was_found_again_is_said() -> None:
    """Nothing else than what there is."""
    same = {"patience": 1.3}
    assert "The search found nothing else than walker." in _words(
        made_up({("thin", "base"): ALIKE}, parameters={OTHER: same, TUNED: same})
    )


def test_what_does_not_keep_to_what_was_asked_is_said() -> None:
    """Fill and requests of the tuned parameters, in the classes that have a least fill."""
    few = _words(made_up({("thin", "base"): CHEAPER, ("liquid", "base"): CHEAPER}, filled=36))
    assert "tuned fills less than wanted: 90.0 % in thin, 93 % wanted." in few
    assert "requests than wanted" not in few
    assert "fills less than wanted" not in _words(made_up({("thin", "base"): CHEAPER}))


def test_a_program_reads_every_figure() -> None:
    """Stable keys; it survives a strict writer."""
    found = json.loads(json.dumps(tuning_json(_noisy()), allow_nan=False))
    search = found["search"]
    assert ({"patience": "0:3", "offsets.0": "-1:3"}, "gross", 25.0) == tuple(
        search[key] for key in ("varied", "objective", "most_requests")
    )
    assert {"first": 1_000_000_000, "last": 1_000_000_719} == search["training_seeds"]
    assert (TUNED, True, None) == (found["tuned"], found["recommended"], found["why_not"])
    against = found["against"][OTHER]
    assert {"base", "toxic"} == set(against["worlds"])
    change = against["worlds"]["base"]["percent_of_baseline"]
    assert change["low"] < change["value"] < change["high"] < 0
    assert [OTHER, TUNED] == [arm["name"] for arm in against["comparison"]["arms"]]
    assert [BASE, OTHER, TUNED] == [arm["name"] for arm in found["comparison"]["arms"]]

"""What a report says of a replay, on the screen, on the page, as an object and as rows; and never that it was invented."""

import csv
import io
from dataclasses import replace

import pytest

from depthwalk.analysis.paired import Comparison
from depthwalk.domain.units import Quantity
from depthwalk.reports.lab_csv import write_csv
from depthwalk.reports.lab_json import comparison_json
from depthwalk.reports.lab_page import page
from depthwalk.reports.lab_source import replay_words, takes_words
from depthwalk.reports.lab_table import comparison_tables
from depthwalk.reports.wording import ASCII
from tests.support.replays import MODEL, pairs, replay, replayed
from tests.support.tables import as_text
from tests.support.trials import collected, compared


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    """Return a replay of 60 windows in 3 days."""
    return replayed(pairs(60, days=3, takes_beyond=1, worst_take=0.8), replay(60, days=3))


def _screen(comparison: Comparison) -> str:
    text = as_text(comparison_tables(comparison, width=80, signs=ASCII), width=80)
    assert max(map(len, text.splitlines())) <= 80
    return " ".join(text.split())


def test_the_screen_says_what_was_replayed(comparison: Comparison) -> None:
    """Which recordings, how many windows, how much; the queue model; what a replay cannot vouch for; how to read it."""
    text = _screen(comparison)
    assert "Replay of kept/books.jsonl: 60 windows, 60 s apart, on 3 event-days; each asks for 0.25 times the touch." in text
    assert "thin books, replay, risk-averse" in text
    assert (
        "Trials that took more than 50 % of a level as displayed: simple_limit 0, walker 60 of 60 each; the most was 80 %."
        in text
    )
    assert "Windows that asked for more than the touch: 60." in text
    assert "against simple_limit in the same windows" in text
    assert "Recorded books do not answer to our orders." in text
    assert "resamples are of whole event-days, of which there are 3" in text


def test_only_what_is_invented_is_called_so(comparison: Comparison) -> None:
    """On the screen and on the page; seeds and --runs are of the invented, too."""
    invented = compared(pairs(6, days=2))
    for found, is_invented in ((comparison, False), (invented, True)):
        screen, html = _screen(found), page(found)
        assert is_invented is ("Invented markets" in screen)
        assert is_invented is ("The markets are invented" in html)
        assert is_invented is ("--runs" in screen)
        assert is_invented is ("seed" in screen)
        assert is_invented is ("simulated markets" in html)
        assert is_invented is not ("Recorded books do not answer" in html)
        assert is_invented is not ("kept/books.jsonl" in html)


def test_both_ends_of_the_bracket_are_open_on_the_page(comparison: Comparison) -> None:
    """Who sees one of them only sees what flatters, or what does not."""
    other = replace(comparison.cells[0], world="replay, probabilistic")
    asked = replace(comparison.asked, worlds=(comparison.asked.worlds[0], other.world))
    html = page(replace(comparison, asked=asked, cells=(comparison.cells[0], other)))
    assert "The other worlds" not in html
    assert "World replay, probabilistic" in html


def test_the_object_tells_them_apart(comparison: Comparison) -> None:
    """Null where nothing was replayed."""
    found = comparison_json(comparison)
    expected = {
        "recordings": ["kept/books.jsonl"],
        "windows": 60,
        "event_days": 3,
        "every_seconds": 60.0,
        "size_of_touch": 0.25,
        "count": None,
        "take_share": 0.5,
        "strict_takes": False,
    }
    assert ("replay", expected) == (found["source"], found["replay"])
    invented = comparison_json(compared(pairs(6, days=2)))
    assert ("synthetic", None) == (invented["source"], invented["replay"])


def test_rows_say_which_market_and_when() -> None:
    """A window's number says nothing to whoever looks for it in the recording."""
    trials, made_of, text = pairs(4, days=2, worst_take=0.8, takes_beyond=2), replay(4, days=2), io.StringIO()
    write_csv(replayed(trials, made_of).asked, collected({MODEL: trials}), text)
    rows = list(csv.DictReader(io.StringIO(text.getvalue())))
    assert ["EV-A"] * 8 == [row["market"] for row in rows]
    assert ["1970-01-01T00:00:00.000000Z", "1970-01-02T00:00:00.000000Z"] == [row["recorded_at"] for row in rows[:2]]
    assert [("0", ""), ("2", "0.8")] == [(row["takes_beyond"], row["worst_take"]) for row in (rows[0], rows[4])]


def test_words_of_other_replays() -> None:
    """A fixed count; strict takes; more recordings than a line should name."""
    other = replay(1, days=1, quantity=Quantity(2_050), of_touch=None, strict=True, recordings=tuple("abcdefgh"))
    assert replay_words(other) == (
        "Replay of a, b, c, d, e, f and 2 more: 1 window, 60 s apart, on 1 event-day; each asks for 20.50 contracts."
    )
    cell = replayed(pairs(1, days=1), other).cells[0]
    assert takes_words(other, cell, cell.arms) == (
        "No trial was given more than 50 % of a level as displayed. Windows that asked for more than the touch: 1."
    )

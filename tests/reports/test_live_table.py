from dataclasses import replace

import pytest

from depthwalk.domain.messages import Finish, Reason
from depthwalk.domain.order import Action, Outcome
from depthwalk.domain.units import Money, Quantity
from depthwalk.reports.live_table import latest_steps, render, with_cross
from depthwalk.reports.wording import ASCII, UNICODE, Glyphs
from tests.support import results
from tests.support.tables import as_text, same_as_snapshot

_SAMPLES = {"working": results.snapshot, "before-arrival": results.before_arrival, "selling-no": results.selling_no}
_WHERE = {"working": "paper", "before-arrival": "demo", "selling-no": "live"}


def _drawn(name: str, width: int, signs: Glyphs = UNICODE) -> str:
    table = render(_SAMPLES[name](), results.USAGE, width=width, environment=_WHERE[name], signs=signs)
    return as_text(table, width=width)


@pytest.mark.parametrize("width", [80, 140])
@pytest.mark.parametrize("name", _SAMPLES)
def test_the_table_looks_as_agreed(name: str, width: int) -> None:
    """The whole picture, at the two widths that count (REFRESH_SNAPSHOTS=1 renews it)."""
    assert same_as_snapshot(f"live-{name}-{width}", _drawn(name, width))


def test_ascii_terminals_get_a_table_of_ascii() -> None:
    """No sign of ours is beyond ASCII where the terminal cannot show it."""
    assert same_as_snapshot("live-working-80-ascii", _drawn("working", 80, ASCII))
    assert _drawn("working", 80, ASCII).isascii()


@pytest.mark.parametrize("width", [60, 80, 100, 131, 132, 140, 200])
@pytest.mark.parametrize("name", _SAMPLES)
def test_no_row_wraps(name: str, width: int) -> None:
    """A row is a line: the number of lines does not depend on how long the reasons are."""
    table = render(_SAMPLES[name](), results.USAGE, width=width, environment=_WHERE[name])
    roomy = as_text(render(_SAMPLES[name](), results.USAGE, width=width, environment=_WHERE[name]), width=400)
    assert len(roomy.splitlines()) == len(as_text(table, width=width).splitlines())


@pytest.mark.parametrize("name", _SAMPLES)
def test_at_80_columns_only_reasons_may_be_shortened(name: str) -> None:
    """No fact, price, quantity or state is cut."""
    lines = _drawn(name, 80).splitlines()
    assert [line for line in lines if "…" in line] == [line for line in lines if "…" in line and "→" in line]


@pytest.mark.parametrize("height", [16, 20, 24, 30])
@pytest.mark.parametrize("width", [80, 140])
def test_it_fits_the_terminal(height: int, width: int) -> None:
    """Walks give way before the terminal has to cut; the mid stays in sight."""
    text = as_text(render(results.snapshot(), results.USAGE, width=width, height=height), width=width)
    assert len(text.splitlines()) <= height - 1
    assert "mid      ▁" in text


def test_many_splits_keep_the_latest_in_sight() -> None:
    """What does not fit is counted, not dropped silently."""
    splits = tuple(results.split(level, "0.41", "10") for level in range(1, 31))
    table = render(results.snapshot(splits=splits), results.USAGE, width=80, height=24)
    text = as_text(table, width=80)
    assert len(text.splitlines()) <= 23
    assert "earlier" in text
    assert "   30  $0.4100" in text


@pytest.mark.parametrize(
    ("words", "environment"), [("PAPER", "paper"), ("DEMO", "demo"), ("LIVE - REAL MONEY", "live"), ("SHADOW", "shadow")]
)
def test_the_environment_is_said_in_words(words: str, environment: str) -> None:
    """Without any color one still knows whose money it is."""
    table = render(results.snapshot(), results.USAGE, width=80, environment=environment, signs=ASCII)
    assert as_text(table, width=80).startswith(f"[{words}]")


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("action", Action)
def test_the_side_is_in_the_users_words(outcome: Outcome, action: Action) -> None:
    """Buying NO is called buying NO."""
    order = results.parent(outcome=outcome, action=action)
    text = as_text(render(results.snapshot(parent=order), results.USAGE, width=80), width=80)
    assert f"{action.value.upper()} {outcome.value.upper()}" in text


def test_a_hold_is_announced() -> None:
    """Who waits reads why."""
    assert "HOLDING: the book is crossed" in _drawn("before-arrival", 80)


def test_an_end_is_announced_and_replaces_the_hold() -> None:
    """When it is over nothing is being held."""
    over = replace(results.selling_no(), finish=Finish(reason=Reason.MARKET_CLOSED, detail="paused"))
    text = as_text(render(over, results.USAGE, width=80), width=80)
    assert "finished the market takes no orders: paused" in text
    assert "HOLDING" not in text


def test_an_average_at_the_mid_is_called_even() -> None:
    """Neither worse nor better."""
    even = results.snapshot(splits=(results.split(1, "0.4150", "60", "60"),))
    assert "even with arrival mid $0.4150" in as_text(render(even, results.USAGE, width=80), width=80)


def test_better_prices_are_called_better() -> None:
    """The sign and the word agree: a buyer below the mid gained."""
    better = results.snapshot(splits=(results.split(1, "0.4100", "60", "60"),))
    assert "-0.50 ¢ better than arrival mid $0.4150" in as_text(render(better, results.USAGE, width=80), width=80)


def test_walks_come_newest_first() -> None:
    """What happened last is read first."""
    times = [step.walk.at for step in latest_steps(results.snapshot())]
    assert sorted(times, reverse=True) == times


def test_fills_outside_the_splits_get_a_row() -> None:
    """The end game's take is no split, but the rows still add up to what is filled, paid and charged."""
    more = results.snapshot(filled=Quantity(7_000), paid=Money(30_000_000), fees=Money(20_000))
    rows = with_cross(more)
    sums = (sum(row.filled for row in rows), sum(row.paid for row in rows), sum(row.fees for row in rows))
    assert (more.filled, more.paid, more.fees) == sums
    assert "cross" in as_text(render(more, results.USAGE, width=80), width=80)


def test_colors_only_repeat_the_words() -> None:
    """The same characters with and without color."""
    table = render(results.selling_no(), results.USAGE, width=80, environment="live")
    colored = as_text(table, width=80, color=True)
    assert "\x1b[" in colored
    assert len(colored.splitlines()) == len(as_text(table, width=80).splitlines())

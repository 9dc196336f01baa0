from dataclasses import replace

import pytest

from depthwalk.domain.messages import Reason
from depthwalk.domain.order import Action
from depthwalk.domain.result import Status
from depthwalk.reports.summary import summary
from depthwalk.reports.wording import ASCII, REASON_WORDS, STATUS_STYLES
from tests.support import results
from tests.support.tables import as_text, same_as_snapshot


@pytest.mark.parametrize("width", [80, 140])
@pytest.mark.parametrize("name", ["partial", "nothing"])
def test_the_summary_looks_as_agreed(name: str, width: int) -> None:
    """The whole block (REFRESH_SNAPSHOTS=1 renews it)."""
    result = results.result() if name == "partial" else results.nothing_filled()
    assert same_as_snapshot(f"summary-{name}-{width}", as_text(summary(result), width=width))


def test_every_reason_and_status_has_words() -> None:
    """A new reason or status cannot be forgotten here."""
    assert set(Reason) == set(REASON_WORDS)
    assert set(Status) == set(STATUS_STYLES)


def test_a_sale_is_called_sold() -> None:
    """The verb follows the action."""
    sale = replace(results.result(), parent=results.parent(action=Action.SELL))
    assert "sold 62.00 of 100.00 YES" in as_text(summary(sale), width=80)


def test_a_ladder_too_short_is_said() -> None:
    """A shortfall that had to extend the ladder is marked."""
    short = replace(results.result(), shortfall=replace(results.result().shortfall, depth_short=True))
    assert "the book did not hold the rest" in as_text(summary(short), width=100)


def test_a_full_fill_says_when() -> None:
    """The time of the last fill stands beside the first."""
    full = replace(results.result(), time_to_full_fill=results.result().total_time)
    assert "first fill after 2.5 s  all after 40.0 s" in as_text(summary(full), width=80)


def test_ascii_terminals_get_ascii() -> None:
    """Nothing beyond ASCII where it cannot be shown."""
    assert as_text(summary(results.result(), signs=ASCII), width=80).isascii()


@pytest.mark.parametrize(("words", "gain"), [("0.50 points worse", -0.5), ("the same", 0.0)])
def test_the_basic_order_may_win(words: str, gain: float) -> None:
    """The comparison is honest both ways."""
    assert words in as_text(summary(replace(results.result(), improvement_over_basic=gain)), width=120)

from fractions import Fraction

import pytest

from depthwalk.domain.order import Action
from depthwalk.domain.units import Money, Quantity, seconds
from depthwalk.reports import wording


@pytest.mark.parametrize(
    ("expected", "amount"),
    [("$41.3650", 41_365_000), ("-$0.1200", -120_000), ("$0.0000", -40), ("$1,234.5000", 1_234_500_000), ("-", None)],
)
def test_money_is_written_to_a_hundredth_of_a_cent(expected: str, amount: int | None) -> None:
    """Dollars with four decimals, the sign in front, no minus on what rounds to nothing."""
    assert expected == wording.money(amount)


def test_signed_money_shows_its_plus() -> None:
    """A part of a sum carries its sign; zero has none."""
    assert (wording.money(1_000_000, signed=True), wording.money(0, signed=True)) == ("+$1.0000", "$0.0000")


@pytest.mark.parametrize(
    ("expected", "duration"),
    [("0.4 s", 0.4), ("599.9 s", 599.9), ("12 min 04 s", 724), ("3 h 20 min", 12_000), ("-1.0 s", -1)],
)
def test_durations_are_read_at_a_glance(expected: str, duration: float) -> None:
    """Seconds below ten minutes, then minutes, then hours."""
    assert expected == wording.elapsed(seconds(duration))


def test_a_mid_between_two_prices_keeps_its_half() -> None:
    """Half a price unit is a fifth decimal, never rounded away."""
    assert (wording.mid(8300), wording.mid(1981), wording.mid(None)) == ("$0.4150", "$0.09905", "-")


def test_a_seller_is_worse_off_below_the_mid() -> None:
    """Positive is worse for both actions."""
    average = wording.average_price(Money(42_000_000), Quantity(10_000))
    assert (Fraction(50), Fraction(-50)) == tuple(wording.worse_by(action, average, 8300) for action in Action)


def test_the_average_of_nothing_is_absent() -> None:
    """No fills, no average, no comparison."""
    assert (wording.average_price(Money(0), Quantity(0)), wording.worse_by(Action.BUY, None, 8300)) == (None, None)


def test_text_from_outside_cannot_steer_the_terminal() -> None:
    """Escape sequences and line ends become blanks."""
    assert wording.printable("a\x1b[31mb\nc").replace("  ", " ") == "a [31mb c"


def test_all_of_it_only_when_all_of_it() -> None:
    """A share is rounded down: 99.99 of 100 is not 100 %."""
    assert (wording.share(9_999, 10_000), wording.share(10_000, 10_000)) == ("99 %", "100 %")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", None])
def test_terminals_without_unicode_get_ascii(encoding: str | None) -> None:
    """Only UTF encodings get the signs beyond ASCII, and the fallback has none of them."""
    signs = wording.glyphs(encoding)
    assert signs is wording.ASCII
    assert all(getattr(signs, name).isascii() for name in signs.__slots__)


def test_utf8_terminals_get_unicode() -> None:
    """However the name is written."""
    assert wording.UNICODE is wording.glyphs("UTF-8") is wording.glyphs("utf8")

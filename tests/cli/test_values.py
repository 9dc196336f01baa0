from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.cli import values
from depthwalk.domain.units import Money, Price, Quantity, format_price, format_quantity, parse_instant
from depthwalk.errors import UsageError

_ODD = ["", " ", "-", "0", "-1", "1e9", "1E2", "0x10", "inf", "nan", "\u0661", "1_000", "1,000", "+", "--1", "1\n2"]


@pytest.mark.parametrize("text", [*_ODD, "0.001", "0.00", "-0.5", "9" * 16])
def test_a_count_that_is_none_is_refused(text: str) -> None:
    """0, negative, finer than 0.01, not plain: one line with the flag and what was found."""
    with pytest.raises(UsageError) as caught:
        values.count(text)
    assert caught.value.message.startswith("--count: ")
    assert caught.value.hint is not None


@pytest.mark.parametrize("text", [*_ODD, "1", "1.0", "42", "0.42001", "0.00001"])
def test_a_price_that_is_none_is_refused(text: str) -> None:
    """Dollars strictly between 0 and 1, no cents, no finer than the unit."""
    with pytest.raises(UsageError) as caught:
        values.price("--limit", text)
    assert caught.value.message.startswith("--limit: ")


@pytest.mark.parametrize("text", [*_ODD, "0.0000001", "99999999"])
def test_a_timeout_that_is_none_is_refused(text: str) -> None:
    """Seconds, more than 0, plain."""
    with pytest.raises(UsageError, match="--timeout"):
        values.timeout(text)


@pytest.mark.parametrize("text", [*_ODD, "0.0", "1/3", "0.0000001"])
def test_a_multiple_that_is_none_is_refused(text: str) -> None:
    """More than 0, plain."""
    with pytest.raises(UsageError, match="--size-of-touch"):
        values.multiple("--size-of-touch", text)


def test_a_multiple_is_exact() -> None:
    """A tenth is a tenth."""
    assert Fraction(1, 10) == values.multiple("--size-of-touch", "0.1")


@pytest.mark.parametrize("text", ["-1", "1e3", "abc", "0.0000001"])
def test_cash_that_is_none_is_refused(text: str) -> None:
    """Dollars, not negative."""
    with pytest.raises(UsageError, match="--cash"):
        values.cash(text)


@pytest.mark.parametrize("text", ["", "../x", "a/b", "a b", "-A", "A?b", "É", "A" * 129, "A\n"])
def test_a_ticker_that_is_none_is_refused(text: str) -> None:
    """It becomes part of a path: nothing but letters, digits, dots, hyphens, underscores."""
    with pytest.raises(UsageError, match="TICKER"):
        values.ticker(text)


@pytest.mark.parametrize("text", ["PAPER-LIQUID", "KXBTCMAXY-25DEC31-129999.99", "a_b"])
def test_tickers_pass_as_they_are(text: str) -> None:
    """Nothing is changed about them."""
    assert text == values.ticker(text)


@given(st.integers(1, 10**12))
def test_every_count_comes_through_exactly(quantity: int) -> None:
    """Text and quantity are the same number."""
    assert quantity == values.count(format_quantity(quantity))


@given(st.integers(1, 9_999))
def test_every_price_comes_through_exactly(price: int) -> None:
    """Text and price are the same number."""
    assert price == values.price("--limit", format_price(price))


@given(st.text(max_size=12))
def test_a_count_is_exact_or_refused(text: str) -> None:
    """No text becomes a number it does not spell."""
    try:
        quantity = values.count(text)
    except UsageError:
        return
    assert quantity > 0
    assert Decimal(text.strip()) * 100 == quantity


def test_what_is_not_given_stays_absent() -> None:
    """None is None, never a default."""
    absent = [values.price("--limit", None), values.timeout(None), values.instant("--at", None), values.cash(None)]
    assert absent == [None, None, None, None]


def test_plain_values_are_read() -> None:
    """Each in its unit."""
    found = (values.count("2.5"), values.price("--target", "0.425"), values.timeout("2.5"), values.cash("0"))
    assert found == (Quantity(250), Price(4250), 2.5, Money(0))


def test_times_need_a_zone() -> None:
    """A time that could be anywhere is refused."""
    assert parse_instant("2026-05-13T20:20:37Z") == values.instant("--at", "2026-05-13T20:20:37Z")
    with pytest.raises(UsageError, match="--at"):
        values.instant("--at", "2026-05-13T20:20:37")


def test_tags_are_keys_and_values() -> None:
    """The first = parts them; a value may be empty or hold another."""
    assert values.tags(["desk=east", "note=a=b", "empty="]) == {"desk": "east", "note": "a=b", "empty": ""}


@pytest.mark.parametrize("texts", [["desk"], ["=east"], [" =x"], ["a=1", "a=2"]])
def test_tags_that_are_none_are_refused(texts: list[str]) -> None:
    """No key, no =, or the same key twice."""
    with pytest.raises(UsageError, match="--tag"):
        values.tags(texts)


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("4", 4_000_000),
        ("2.5", 2_500_000),
        ("0.1", 100_000),
        ("90s", 90_000_000),
        ("10m", 600_000_000),
        ("1.5h", 5_400_000_000),
    ],
)
def test_time_spans_have_units(text: str, microseconds: int) -> None:
    """Seconds unless s, m or h says otherwise."""
    assert microseconds == values.duration("--duration", text)
    assert values.duration("--duration", None) is None


@pytest.mark.parametrize("text", ["", "s", "4d", "-4", "1e3", "soon", "0.05", "99999999", "٤"])
def test_what_is_no_time_span_is_refused(text: str) -> None:
    """With the flag, what was found, and what is allowed."""
    with pytest.raises(UsageError, match="--interval") as caught:
        values.duration("--interval", text)
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("0.1 seconds or more")

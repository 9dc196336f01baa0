"""Text to integers and back: exact both ways, and nothing finer than the unit gets in."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.domain import units
from depthwalk.domain.units import ONE, Price
from depthwalk.errors import DomainError

SCALES = [
    pytest.param(units.parse_price, units.format_price, 4, id="price"),
    pytest.param(units.parse_quantity, units.format_quantity, 2, id="quantity"),
    pytest.param(units.parse_money, units.format_money, 6, id="money"),
]
Parse = Callable[[str], int]
Format = Callable[[int], str]


@pytest.mark.parametrize(("parse", "write", "decimals"), SCALES)
@given(value=st.integers(-(10**15), 10**15))
def test_writing_and_parsing_are_inverse(parse: Parse, write: Format, decimals: int, value: int) -> None:
    """Every value survives being written and read, with all its decimals, and is the decimal it says."""
    text = write(value)
    assert value == parse(text)
    assert Decimal(value).scaleb(-decimals) == Decimal(text)
    assert decimals == len(text.partition(".")[2])


@pytest.mark.parametrize(("parse", "write", "decimals"), SCALES)
@pytest.mark.parametrize(
    "text",
    ["", " ", "-", ".", "1.", ".5", "1e9", "0x10", "1,000", "1_000", "nan", "inf", "--1", "1 2", "½", "\u0661", "1" * 16],
)
def test_only_plain_decimals_are_numbers(parse: Parse, write: Format, decimals: int, text: str) -> None:
    """Exponents, separators, other scripts' digits and words are refused, and the text is quoted."""
    del write, decimals
    with pytest.raises(DomainError, match="is not a plain decimal number") as caught:
        parse(text)
    assert repr(text) in caught.value.message


@pytest.mark.parametrize(
    ("parse", "text", "message"),
    [
        (units.parse_price, "0.42001", "price '0.42001' is finer than 0.0001"),
        (units.parse_quantity, "0.001", "count '0.001' is finer than 0.01"),
        (units.parse_money, "1.0000001", "amount '1.0000001' is finer than 0.000001"),
    ],
)
def test_finer_than_the_unit_is_refused(parse: Parse, text: str, message: str) -> None:
    """A digit beyond the unit is refused, not rounded."""
    with pytest.raises(DomainError) as caught:
        parse(text)
    assert message == caught.value.message


@pytest.mark.parametrize(
    ("text", "value"), [("0.42", 4_200), (" +0.4200 ", 4_200), ("0.420000000000", 4_200), ("-0", 0), ("007", 70_000)]
)
def test_zeros_and_signs_carry_no_more_than_they_say(text: str, value: int) -> None:
    """Trailing zeros beyond the unit, leading zeros, spaces around and a plus are harmless."""
    assert value == units.parse_price(text)


def test_price_times_quantity_is_money() -> None:
    """Ten contracts at 42 cents cost $4.20, in micro-dollars, without rounding."""
    assert units.parse_money("4.20") == units.cost(units.parse_price("0.42"), units.parse_quantity("10"))


@given(price=st.integers(0, ONE).map(Price))
def test_the_mirror_of_the_mirror_is_the_price(price: Price) -> None:
    """A price and the other outcome's price make one dollar."""
    assert price == units.mirrored(units.mirrored(price))
    assert Price(ONE - price) == units.mirrored(price)


@given(low=st.integers(-ONE, ONE), high=st.integers(-ONE, ONE))
def test_a_mid_is_written_exactly(low: int, high: int) -> None:
    """Half of bid plus ask has four decimals, or five where a half of the unit is in it."""
    text = units.format_mid(low + high)
    assert Decimal(low + high) / 20_000 == Decimal(text)
    assert (5 if (low + high) % 2 else 4) == len(text.partition(".")[2])


@given(moment=st.datetimes(timezones=st.just(UTC)).filter(lambda moment: moment.year >= 1000))
def test_instants_survive_text_and_datetime(moment: datetime) -> None:
    """A time of any microsecond survives being written as RFC 3339 and read again."""
    instant = units.parse_instant(moment.isoformat())
    assert moment == units.to_datetime(instant)
    assert instant == units.parse_instant(units.format_instant(instant))


@pytest.mark.parametrize(
    "text", ["2026-05-13T20:20:37Z", "2026-05-13T22:20:37+02:00", "2026-05-13T20:20:37.000000Z", "2026-05-13 20:20:37Z"]
)
def test_a_zone_is_counted(text: str) -> None:
    """The same moment in different zones and spellings is the same Instant."""
    expected = "2026-05-13T20:20:37.000000Z"
    assert expected == units.format_instant(units.parse_instant(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("yesterday", "is not RFC 3339"),
        ("", "is not RFC 3339"),
        ("1747167637", "is not RFC 3339"),
        ("2026-05-13T25:00:00Z", "is not RFC 3339"),
        ("2026-05-13T20:20:37", "has no zone"),
        ("2026-05-13", "has no zone"),
    ],
)
def test_other_times_are_refused(text: str, message: str) -> None:
    """A time that is none, or has no zone, raises DomainError that quotes it."""
    with pytest.raises(DomainError, match=message) as caught:
        units.parse_instant(text)
    assert repr(text) in caught.value.message


@given(value=st.integers(0, 10**12))
def test_durations_survive_seconds(value: int) -> None:
    """A duration of up to eleven days survives being turned into seconds and back."""
    assert value == units.seconds(units.in_seconds(value))


@pytest.mark.parametrize(
    ("unit", "text", "parse"),
    [
        (units.ONE, "1", units.parse_price),
        (units.CENT, "0.01", units.parse_price),
        (units.CONTRACT, "1", units.parse_quantity),
        (units.DOLLAR, "1", units.parse_money),
    ],
)
def test_the_named_units_are_what_they_say(unit: int, text: str, parse: Parse) -> None:
    """One dollar, one cent, one contract and one dollar of money."""
    assert unit == parse(text)


def test_a_share_is_taken_as_it_is_written() -> None:
    """29 % is 29 of a hundred, although the float nearest to it is less."""
    assert [Fraction(29, 100), Fraction(35, 1_000), Fraction(1)] == [units.as_written(share) for share in (0.29, 0.035, 1.0)]

"""Single JSON values."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.domain.units import Instant
from depthwalk.wire import scalars
from depthwalk.wire.scalars import PRICES, WireError, load


class _Inner(msgspec.Struct):
    count: str


class _Outer(msgspec.Struct):
    orders: list[_Inner]


@given(ticks=st.integers(0, 10**6), decimals=st.integers(2, 6))
def test_prices_equal_decimal(ticks: int, decimals: int) -> None:
    """A price text of 2 to 6 decimals is the Decimal of the same text, or refused where it is finer than our unit."""
    text = str(Decimal(ticks).scaleb(-decimals))
    if "E" in text:
        text = f"{Decimal(ticks).scaleb(-decimals):f}"
    exact = Decimal(text) * 10_000
    if exact == int(exact):
        assert int(exact) == scalars.price(text, "p")
    else:
        with pytest.raises(WireError, match="finer than"):
            scalars.price(text, "p")


@given(hundredths=st.integers(0, 10**12), decimals=st.integers(0, 4))
def test_counts_equal_decimal(hundredths: int, decimals: int) -> None:
    """A count text of 0 to 4 decimals is the Decimal of the same text, or refused."""
    text = f"{Decimal(hundredths).scaleb(-decimals):f}"
    exact = Decimal(text) * 100
    if exact == int(exact):
        assert int(exact) == scalars.quantity(text, "c")
    else:
        with pytest.raises(WireError, match="finer than"):
            scalars.quantity(text, "c")


@pytest.mark.parametrize(
    "text", ["", ".", ".00", "-.50", "1_0.00", " 1.0 0", "1e3", "nan", "\u0663.00", "1,000.00", "0x1.00", "9" * 5_000 + ".00"]
)
def test_counts_that_are_no_plain_decimals_are_refused(text: str) -> None:
    """Nothing that int() or float() would be lenient about gets in by the quick way."""
    with pytest.raises(WireError, match="c: "):
        scalars.quantity(text, "c")


def test_negative_counts_are_read() -> None:
    """Positions are signed."""
    assert -1250 == scalars.quantity("-12.50", "position_fp")


def test_the_path_of_a_refused_field_is_named() -> None:
    """A number where a string must be names the field it stands in."""
    with pytest.raises(WireError, match="Expected `str`, got `int`") as caught:
        load(_Outer, b'{"orders":[{"count":"1"},{"count":1}]}')
    assert "orders[1].count" == caught.value.path


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b'{"orders":', b"[" * 100_000])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    """An HTML page or half a reply is refused as a whole."""
    with pytest.raises(WireError, match="reply: "):
        load(_Outer, body)


def test_the_memory_of_prices_is_bounded() -> None:
    """A venue that sends ever new spellings of a price cannot fill the memory."""
    for number in range(scalars.KNOWN_PRICES + 100):
        assert PRICES[f"{number}.5000"] == number * 10_000 + 5_000
    assert scalars.KNOWN_PRICES >= len(PRICES)


def test_an_average_too_fine_for_us_is_left_out() -> None:
    """Averages inform; they never make a reply unreadable."""
    assert scalars.informative_money("0.1234567") is None
    assert scalars.informative_money(None) is None
    assert 17_500 == scalars.informative_money("0.0175")


def test_expiry_with_a_fraction_of_a_second_is_refused() -> None:
    """Seconds on the wire are whole; rounding is not the wire's business."""
    assert 7 == scalars.whole_seconds(Instant(7_000_000), "expiration_time")
    with pytest.raises(WireError, match="fraction"):
        scalars.whole_seconds(Instant(7_000_001), "expiration_time")


@pytest.mark.parametrize(("text", "micros"), [("2026-06-11T06:29:20.866753Z", 866_753), ("2026-06-11T06:29:20Z", 0)])
def test_times_with_and_without_a_fraction(text: str, micros: int) -> None:
    """RFC 3339 as the venue writes it."""
    assert micros == scalars.instant(text, "t") % 1_000_000


def test_a_time_without_a_zone_is_refused() -> None:
    """A time that could be anywhere is no time."""
    with pytest.raises(WireError, match=r"t: .*zone"):
        scalars.instant("2026-06-11T06:29:20", "t")

"""Prices, quantities, money and time as integers in named units; text and Decimal only here, at the edge.

| type     | unit                    | text                  |
| -------- | ----------------------- | --------------------- |
| Price    | 1/10,000 dollar         | "0.4200", 4 decimals  |
| Quantity | 1/100 contract          | "100.00", 2 decimals  |
| Money    | 1/1,000,000 dollar      | "1.234500", 6 decimals|
| Instant  | microseconds since 1970 | RFC 3339, UTC, "Z"    |
| Duration | microseconds            | seconds               |

Price x Quantity is Money, exactly. Text finer than its unit is refused, never rounded away.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final, NewType

from depthwalk.errors import DomainError

Price = NewType("Price", int)
Quantity = NewType("Quantity", int)
Money = NewType("Money", int)
Instant = NewType("Instant", int)
Duration = NewType("Duration", int)

ONE: Final = Price(10_000)
"""One dollar as a Price: what a winning contract pays, and the sum of a YES price and its NO price."""

CENT: Final = Price(100)
CONTRACT: Final = Quantity(100)
DOLLAR: Final = Money(1_000_000)
SECOND: Final = Duration(1_000_000)

_PLAIN = re.compile(r"([+-]?)(\d{1,15})(?:\.(\d{1,12}))?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _scaled(text: str, decimals: int, what: str) -> int:
    """Parse a plain decimal into an integer of 10**-decimals; trailing zeros beyond the unit are no information."""
    match = _PLAIN.fullmatch(text.strip())
    if match is None:
        raise DomainError(f"{what} {text!r} is not a plain decimal number")
    sign, whole, fraction = match[1], match[2], (match[3] or "").rstrip("0")
    if len(fraction) > decimals:
        raise DomainError(f"{what} {text!r} is finer than {Decimal(1).scaleb(-decimals)}")
    value = int(whole + fraction.ljust(decimals, "0"))
    return -value if sign == "-" else value


def parse_price(text: str) -> Price:
    """Return dollars per contract as a Price. Raises DomainError where the text is not plain or finer than $0.0001."""
    return Price(_scaled(text, 4, "price"))


def parse_quantity(text: str) -> Quantity:
    """Return contracts as a Quantity. Raises DomainError where the text is not plain or finer than 0.01."""
    return Quantity(_scaled(text, 2, "count"))


def parse_money(text: str) -> Money:
    """Return dollars as Money. Raises DomainError where the text is not plain or finer than $0.000001."""
    return Money(_scaled(text, 6, "amount"))


def _plain(value: int, decimals: int) -> str:
    sign = "-" if value < 0 else ""
    whole, fraction = divmod(abs(value), 10**decimals)
    return f"{sign}{whole}.{fraction:0{decimals}d}"


def format_price(price: int) -> str:
    """Write a price as the wire and JSON do: "0.4200"."""
    return _plain(price, 4)


def format_quantity(quantity: int) -> str:
    """Write a quantity as the wire and JSON do: "100.00"."""
    return _plain(quantity, 2)


def format_money(money: int) -> str:
    """Write money with all its digits: "1.234500"."""
    return _plain(money, 6)


def format_mid(twice: int) -> str:
    """Write half of *twice* (a bid plus an ask) exactly: 4 decimals, 5 where the half needs it."""
    return _plain(twice // 2, 4) if twice % 2 == 0 else _plain(twice * 5, 5)


def mirrored(price: Price) -> Price:
    """Return the price of the other outcome: one dollar minus *price*."""
    return Price(ONE - price)


def cost(price: Price, quantity: Quantity) -> Money:
    """Return price x quantity, exact."""
    return Money(price * quantity)


@lru_cache(1_000)
def as_written(value: float) -> Fraction:
    """Return a share as it was written: 0.1 is a tenth, and not the float nearest to it."""
    return Fraction(str(value))


def seconds(value: float) -> Duration:
    """Return a Duration of *value* seconds, to the nearest microsecond."""
    return Duration(round(value * SECOND))


def in_seconds(duration: int) -> float:
    """Return a duration as seconds, for people and statistics."""
    return duration / SECOND


def parse_instant(text: str) -> Instant:
    """Return an RFC 3339 time as an Instant. Raises DomainError; a time without a zone is refused."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise DomainError(f"time {text!r} is not RFC 3339, as in 2026-05-13T20:20:37Z") from None
    if moment.tzinfo is None:
        raise DomainError(f"time {text!r} has no zone; end it with Z for UTC")
    return Instant((moment - _EPOCH) // timedelta(microseconds=1))


def to_datetime(instant: int) -> datetime:
    """Return an Instant as an aware UTC datetime."""
    return _EPOCH + timedelta(microseconds=instant)


def format_instant(instant: int) -> str:
    """Write an Instant as RFC 3339 in UTC with microseconds and Z."""
    return to_datetime(instant).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

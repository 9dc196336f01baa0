"""The text of flags as values: exact, or refused in one line that says what, found and allowed (exit 2)."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING

from depthwalk.errors import DomainError, UsageError

if TYPE_CHECKING:
    from depthwalk.domain.units import Duration, Instant, Money, Price, Quantity

_TICKER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3_600}
_DECIMAL = re.compile(r"\d{1,7}(\.\d{1,6})?", re.ASCII)


@contextmanager
def _flag(name: str, allowed: str) -> Iterator[None]:
    try:
        yield
    except DomainError as error:
        raise UsageError(f"{name}: {error.message}", hint=allowed) from None


def ticker(text: str, flag: str = "TICKER") -> str:
    """Return the ticker of a market, or of an event or a series by a *flag*. Raises UsageError on what cannot be one."""
    if not _TICKER.fullmatch(text):
        kind = "market" if flag == "TICKER" else flag.removeprefix("--")
        raise UsageError(
            f"{flag}: {text!r} is not a {kind} ticker", hint="letters, digits, dots and hyphens, as in PAPER-LIQUID"
        )
    return text


def count(text: str) -> "Quantity":
    """Return a number of contracts, more than 0, at most two decimals. Raises UsageError."""
    from depthwalk.domain.units import parse_quantity

    with _flag("--count", "contracts, more than 0, at most two decimals, as in 100 or 0.5"):
        quantity = parse_quantity(text)
        if quantity <= 0:
            raise DomainError(f"count {text!r} is not more than 0")
    return quantity


def price(flag: str, text: str | None) -> "Price | None":
    """Return a price in dollars between 0 and 1, at most four decimals; None for None. Raises UsageError."""
    from depthwalk.domain.units import ONE, parse_price

    if text is None:
        return None
    with _flag(flag, "dollars a contract, between 0 and 1, at most four decimals, as in 0.42"):
        value = parse_price(text)
        if not 0 < value < ONE:
            raise DomainError(f"price {text!r} is not between 0 and 1 dollar")
    return value


def cash(text: str | None) -> "Money | None":
    """Return an amount of dollars, 0 or more, at most six decimals; None for None. Raises UsageError."""
    from depthwalk.domain.units import parse_money

    if text is None:
        return None
    with _flag("--cash", "dollars, 0 or more, as in 2500"):
        money = parse_money(text)
        if money < 0:
            raise DomainError(f"amount {text!r} is less than 0")
    return money


def timeout(text: str | None) -> float | None:
    """Return seconds, more than 0, plain decimal; None for None. Raises UsageError."""
    if text is None:
        return None
    if not _DECIMAL.fullmatch(text) or not float(text):
        raise UsageError(f"--timeout: {text!r} is not a number of seconds", hint="seconds, more than 0, as in 40 or 2.5")
    return float(text)


def share(flag: str, text: str | None) -> float | None:
    """Return a number from 0 to 1, plain decimal; None for None. Raises UsageError."""
    if text is None:
        return None
    if not _DECIMAL.fullmatch(text) or float(text) > 1:
        raise UsageError(f"{flag}: {text!r} is not a number from 0 to 1", hint="0 to 1, as in 0.5")
    return float(text)


def multiple(flag: str, text: str) -> Fraction:
    """Return a number of more than 0, exactly as it is written. Raises UsageError."""
    if not _DECIMAL.fullmatch(text) or not float(text):
        raise UsageError(f"{flag}: {text!r} is not a number of more than 0", hint="as in 0.25, 1 or 2.5")
    return Fraction(text)


def duration(flag: str, text: str | None, *, least: float = 0.1) -> "Duration | None":
    """Return a time span of at least *least* seconds: a number of seconds, or with s, m or h; None for None.

    Raises:
        UsageError: no time span, or a shorter one.

    """
    from depthwalk.domain.units import seconds

    if text is None:
        return None
    number, unit = (text[:-1], _UNITS[text[-1:]]) if text[-1:] in _UNITS else (text, 1)
    if not _DECIMAL.fullmatch(number) or float(number) * unit < least:
        raise UsageError(
            f"{flag}: {text!r} is not a time span", hint=f"{least:g} seconds or more, as in 4, 2.5, 90s, 10m or 2h"
        )
    return seconds(float(number) * unit)


def instant(flag: str, text: str | None) -> "Instant | None":
    """Return a time with its zone; None for None. Raises UsageError."""
    from depthwalk.domain.units import parse_instant

    if text is None:
        return None
    with _flag(flag, "a time with its zone, as in 2026-05-13T20:20:37Z"):
        return parse_instant(text)


def tags(texts: Sequence[str]) -> dict[str, str]:
    """Return k=v texts as a dictionary. Raises UsageError on a text without =, an empty key, or a key given twice."""
    found: dict[str, str] = {}
    for text in texts:
        key, sign, value = text.partition("=")
        if not sign or not key.strip():
            raise UsageError(f"--tag: {text!r} has no key or no =", hint="a key, =, a value, as in desk=east")
        if key.strip() in found:
            raise UsageError(f"--tag: {key.strip()!r} is given twice")
        found[key.strip()] = value
    return found

"""Single JSON values: dollars, counts, times, identifiers. Reading refuses what it does not know and names the field.

Everything here turns the venue's text into our units or back; whole objects live in the sibling files. A value finer than our
unit is refused, never rounded (design, D1). Sources: kalshi-api.md section 3.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

import msgspec

from depthwalk.domain.units import (
    SECOND,
    Instant,
    Money,
    Price,
    Quantity,
    format_money,
    parse_instant,
    parse_money,
    parse_price,
    parse_quantity,
)
from depthwalk.errors import DomainError

T = TypeVar("T")

Json = dict[str, object]
"""A JSON object ready for `dumps`."""

NEVER: Final = "9999-12-31T23:59:59Z"
"""What stands for "no close" where the wire requires a time."""

NO_MONEY: Final = Money(0)
"""Where the venue leaves an amount out."""

_MILLISECOND: Final = 1_000
# "0.00" to fifteen digits and two decimals: what the quick way reads. Longer text is the general way's to refuse.
_SHORTEST: Final = 4
_LONGEST: Final = 18

KNOWN_PRICES: Final = 20_000
"""How many price texts are remembered, at most."""


class WireError(DomainError):
    """JSON that does not say what it must; *path* names the field, as in `market.status`."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


def load(kind: type[T], body: bytes) -> T:
    """Decode *body* as *kind*. Raises WireError where it is not JSON or does not fit; unknown fields are ignored."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `$")
        raise WireError(path.rstrip("`").lstrip(".") or "reply", problem) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise WireError("reply", "not JSON") from None
    except RecursionError:
        raise WireError("reply", "nested too deeply") from None


def dumps(value: Mapping[str, object]) -> bytes:
    """Write an object as JSON text."""
    return msgspec.json.encode(value)


def converted(parse: Callable[[str], T], text: str, path: str) -> T:
    """Return parse(text), with the field's path put before a refusal."""
    try:
        return parse(text)
    except DomainError as error:
        raise WireError(path, error.message) from None


class _Prices(dict[str, Price]):
    """Price texts already read. A market has few prices and a book repeats them: a lookup is cheaper than parsing."""

    def __missing__(self, text: str) -> Price:
        value = parse_price(text)
        # Bounded, so that a venue that sends nonsense cannot fill the memory with it.
        if len(self) < KNOWN_PRICES:
            self[text] = value
        return value


PRICES: Final[Mapping[str, Price]] = _Prices()
"""Price by its text; raises DomainError like `parse_price`."""


def plain_quantity(text: str) -> Quantity:
    """Read a count: the two-decimal form of every reply quickly, every other form exactly."""
    digits = text[:-3] + text[-2:]
    if _SHORTEST <= len(text) <= _LONGEST and text[-3] == "." and digits.isdigit() and digits.isascii():
        return Quantity(int(digits))
    return parse_quantity(text)


def price(text: str, path: str) -> Price:
    """Read dollars per contract."""
    return converted(PRICES.__getitem__, text, path)


def quantity(text: str, path: str) -> Quantity:
    """Read a count of contracts."""
    return converted(plain_quantity, text, path)


def money(text: str, path: str) -> Money:
    """Read an amount of dollars."""
    return converted(parse_money, text, path)


def instant(text: str, path: str) -> Instant:
    """Read an RFC 3339 time."""
    return converted(parse_instant, text, path)


def optional_instant(text: str | None, path: str) -> Instant | None:
    """Read an RFC 3339 time that may be null, missing or empty."""
    return instant(text, path) if text else None


def optional_quantity(text: str | None, path: str) -> Quantity | None:
    """Read a count that may be null, missing or empty."""
    return quantity(text, path) if text else None


def informative_money(text: str | None) -> Money | None:
    """Read an amount that nothing depends on (an average): None where it is missing or finer than we keep.

    A reply that says an order was filled must not be thrown away because its average has seven decimals.
    """
    if not text:
        return None
    try:
        return parse_money(text)
    except DomainError:
        return None


def from_seconds(value: int) -> Instant:
    """Turn Unix seconds into an Instant."""
    return Instant(value * SECOND)


def from_milliseconds(value: int) -> Instant:
    """Turn Unix milliseconds into an Instant."""
    return Instant(value * _MILLISECOND)


def whole_seconds(at: Instant, path: str) -> int:
    """Write an Instant as Unix seconds. Raises WireError where it has a fraction: which way to round is the caller's."""
    value, fraction = divmod(at, SECOND)
    if fraction:
        raise WireError(path, "has a fraction of a second, which the wire cannot carry")
    return value


def to_milliseconds(at: Instant) -> int:
    """Write an Instant as Unix milliseconds, rounded down."""
    return at // _MILLISECOND


def short_money(amount: Money) -> str:
    """Write money with at least four decimals and no more than it needs, as the venue writes averages and balances."""
    text = format_money(amount)
    return text.removesuffix("00")

"""One request and one reply as the paper exchange's routes see them: parsed, timed, with no HTTP framework in sight."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus

from starlette.datastructures import QueryParams

from depthwalk.domain.units import SECOND, Instant
from depthwalk.errors import DomainError
from depthwalk.paper.exchange import PaperExchange
from depthwalk.paper.limits import DEFAULT_COST
from depthwalk.wire.scalars import Json

_LONGEST_NUMBER = 15
_MOST_ITEMS = 1_000
_USUAL_ITEMS = 100


class BadParameter(DomainError):
    """A query parameter that cannot be used; the venue answers these in a shape of their own (section 11)."""


class Meter(Enum):
    """Which bucket a route draws on."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request at the time it is carried out."""

    exchange: PaperExchange
    now: Instant
    path: Mapping[str, str]
    query: QueryParams
    body: bytes

    def number(self, name: str, *, default: int, low: int, high: int) -> int:
        """Return a whole-number parameter. Raises BadParameter outside *low* to *high*."""
        text = self.query.get(name)
        if not text:
            return default
        if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER) or not low <= int(text) <= high:
            raise BadParameter(f"Parameter validation failed: {name} is not a number from {low} to {high}")
        return int(text)

    def limit(self) -> int:
        """Return the page size asked for."""
        return self.number("limit", default=_USUAL_ITEMS, low=1, high=_MOST_ITEMS)

    def moment(self, name: str) -> Instant | None:
        """Return a parameter of Unix seconds."""
        seconds = self.number(name, default=-1, low=0, high=10**11)
        return None if seconds < 0 else Instant(seconds * SECOND)

    def names(self, name: str) -> frozenset[str] | None:
        """Return a comma list, or None where it is not given."""
        text = self.query.get(name)
        return frozenset(text.split(",")) if text else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A status and a JSON object; None is no body."""

    status: HTTPStatus = HTTPStatus.OK
    body: Json | None = None


Handler = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRoute:
    """A path below the root, and what it takes to ask. *units* counts the parts of a batch, each of which costs."""

    method: str
    path: str
    handler: Handler
    private: bool = True
    meter: Meter = Meter.READ
    cost: int = DEFAULT_COST
    units: Callable[[bytes], int] | None = None

    @property
    def name(self) -> str:
        """Method and path, as records name it."""
        return f"{self.method} {self.path}"

    @property
    def changes(self) -> bool:
        """Whether it is a command: something that may change orders."""
        return self.private and self.meter is Meter.WRITE

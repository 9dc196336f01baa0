"""Which public trades of a market are news: each once, none lost, however late or out of order the venue lists them. No I/O.

Times are the venue's. A list is asked for from a little before the latest trade on, since a trade may be listed after later
ones and the venue filters by whole seconds; what comes again is known by its id. A trade that is listed more than OVERLAP
behind a later one may be lost.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol, TypeVar

from depthwalk.domain.units import Instant, seconds

OVERLAP: Final = seconds(5)
"""How far behind a later trade a trade may still be listed."""


class Print(Protocol):
    """A public trade, as far as it matters here."""

    @property
    def trade_id(self) -> str:
        """The venue's id of it."""
        ...

    @property
    def at(self) -> Instant:
        """When it was traded."""
        ...


P = TypeVar("P", bound=Print)


class Unseen:
    """The trades of one market that are still to come, none from before *wanted_from*; *seen*: those known already, by id."""

    def __init__(self, wanted_from: Instant, seen: Mapping[str, Instant] | None = None) -> None:
        self._oldest = wanted_from
        self._seen = dict(seen or {})
        self._latest = max((wanted_from, *self._seen.values()))

    @property
    def remembered(self) -> int:
        """How many trades are remembered."""
        return len(self._seen)

    @property
    def ask_from(self) -> Instant:
        """From when on trades have to be asked for."""
        return Instant(max(0, self._latest - OVERLAP))

    def news(self, trades: Iterable[P]) -> list[P]:
        """Take what was read, in any order, and return what is new, oldest first."""
        new = {trade.trade_id: trade for trade in trades if trade.at >= self._oldest and trade.trade_id not in self._seen}
        self._seen |= {trade.trade_id: trade.at for trade in new.values()}
        self._latest = max((self._latest, *self._seen.values()))
        # Ids are remembered for longer than they can come again; what is older still is no news, whoever lists it.
        self._oldest = max(self._oldest, Instant(self._latest - 2 * OVERLAP))
        self._seen = {trade_id: at for trade_id, at in self._seen.items() if at >= self._oldest}
        return sorted(new.values(), key=lambda trade: trade.at)

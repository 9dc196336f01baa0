"""What a run may cost in API tokens, and what the buckets let pass meanwhile. Pure; costs and limits are the caller's facts.

The bound is of an undisturbed run: nothing refused, nothing lost, no read repeated.

    writes = splits x (creates x create + walks x max(amend, cancel + create) + renewals x amend + cancel) + create to cross
    reads  = opening + steps x look + polls x orders + book at the end + fills after every write + trades + watches x market

A look at the orders is each order, and the fills; one at the book is the list of our orders, the book, and the fills; one at
the tape is that, the trades, how new the account's data is, and the fills once more. The market is watched beside all that.
"""

from dataclasses import dataclass, replace
from typing import Final, assert_never

from depthwalk.analysis.plans import Tokens
from depthwalk.domain.messages import Look
from depthwalk.domain.units import SECOND, Duration

FORMULA: Final = (
    "writes at most = splits x (creates x create + walks x max(amend, cancel + create) + renewals x amend + cancel)"
    " + create to cross; "
    "reads at most = opening + steps x look + polls x orders + last book + fills after each write + trades + watches x market; "
    "budget = utilization x (capacity + rate x (horizon + the seconds that orders outlive it))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Tokens of one request each; *read_market* is of a market and of the exchange's status."""

    create: int
    amend: int
    cancel: int
    list_orders: int
    read_order: int
    read_book: int
    read_fills: int
    read_trades: int
    read_as_of: int
    read_market: int


ONE_EACH: Final = Costs(
    create=1,
    amend=1,
    cancel=1,
    list_orders=1,
    read_order=1,
    read_book=1,
    read_fills=1,
    read_trades=1,
    read_as_of=1,
    read_market=2,
)
"""Counts requests instead of tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a run does what: *creates*, *walks*, *renewals* a split, *look* at each step, *polls* while it leaves.

    *watches*: how often the market is read meanwhile.
    """

    splits: int
    creates: int
    steps: int
    walks: int
    renewals: int
    polls: int
    watches: int
    look: Look
    crosses: bool


def most_writes(pace: Pace, costs: Costs) -> int:
    """Return the most tokens of writes."""
    change = max(costs.amend, costs.cancel + costs.create)
    each = pace.creates * costs.create + pace.walks * change + pace.renewals * costs.amend + costs.cancel
    return pace.splits * each + pace.crosses * costs.create


def most_reads(pace: Pace, costs: Costs, opening: int) -> int:
    """Return the most tokens of reads; *opening* is what was spent up to the first book."""
    orders, book = _look(Look.ORDERS, pace, costs), _look(Look.BOOK, pace, costs)
    # A walk may be a cancel and a create.
    writes = pace.splits * (pace.creates + 2 * pace.walks + pace.renewals + 1) + pace.crosses
    # The look before the end game and the one after it are at the book, whatever the algorithm looks at.
    looks = pace.steps * _look(pace.look, pace, costs) + pace.polls * orders + 2 * book
    return opening + looks + writes * costs.read_fills + costs.read_trades + pace.watches * costs.read_market


def _look(look: Look, pace: Pace, costs: Costs) -> int:
    book = costs.list_orders + costs.read_book + costs.read_fills
    match look:
        case Look.NOTHING:
            return 0
        case Look.ORDERS:
            return pace.splits * costs.read_order + costs.read_fills
        case Look.BOOK:
            return book
        case Look.TAPE:
            return costs.read_trades + costs.read_as_of + costs.read_fills + book
        case Look.EVERYTHING:
            return costs.list_orders + costs.read_fills + book
        case _:
            assert_never(look)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """The buckets as they may be used: tokens a second and at once, in thousandths.

    *calls_per_minute* None: no such cap. Of them *calls_at_once* may be made in one go; they do not come back in that minute.
    """

    write_rate: int
    write_capacity: int
    read_rate: int
    read_capacity: int
    calls_per_minute: int | None = None
    calls_at_once: int = 0

    def shared_by(self, running: int) -> "Allowance":
        """Return the share of each of so many executions at once; fewer than one count as one."""
        parts, calls = max(1, running), self.calls_per_minute
        return replace(
            self,
            write_rate=self.write_rate // parts,
            write_capacity=self.write_capacity // parts,
            read_rate=self.read_rate // parts,
            read_capacity=self.read_capacity // parts,
            calls_per_minute=None if calls is None else calls // parts,
            calls_at_once=self.calls_at_once // parts,
        )


def tokens(pace: Pace, costs: Costs, *, opening: int, opening_calls: int, allowance: Allowance, period: Duration) -> Tokens:
    """Return the bound of a run beside what may be spent in a *period*."""
    return Tokens(
        writes_now=pace.splits * costs.create,
        writes_at_most=most_writes(pace, costs),
        reads_at_most=most_reads(pace, costs, opening),
        write_budget=_passes(allowance.write_rate, allowance.write_capacity, period),
        read_budget=_passes(allowance.read_rate, allowance.read_capacity, period),
        calls_at_most=_most_calls(pace, opening_calls),
        calls_budget=_calls(allowance, period),
    )


def exceeded(priced: Tokens) -> str | None:
    """Return in words which bound of a run is above what may be spent, None where all fit."""
    pairs = (
        ("write tokens", priced.writes_at_most, priced.write_budget),
        ("read tokens", priced.reads_at_most, priced.read_budget),
        ("calls", priced.calls_at_most, priced.calls_budget),
    )
    found = [
        f"up to {most} {what}, {budget} let through" for what, most, budget in pairs if budget is not None and most > budget
    ]
    return "; ".join(found) or None


def _most_calls(pace: Pace, opening: int) -> int:
    # A walk of two requests counts as two.
    return most_writes(pace, ONE_EACH) + most_reads(pace, ONE_EACH, opening)


def _passes(rate: int, capacity: int, period: Duration) -> int:
    return (capacity + rate * period // SECOND) // 1_000


def _calls(allowance: Allowance, period: Duration) -> int | None:
    calls, at_once = allowance.calls_per_minute, allowance.calls_at_once
    return None if calls is None else at_once + (calls - at_once) * period // (60 * SECOND)

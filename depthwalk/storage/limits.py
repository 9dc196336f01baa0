"""What an account puts at stake on one day, from its executions and their fills, and how much of the day's limit is left.

What an order could cost is the caller's to know; `journal.begin` calls `reserve` inside its transaction.
"""

from dataclasses import dataclass
from typing import Final, Self

from depthwalk.domain.units import SECOND, Instant, Money, format_instant, format_money
from depthwalk.errors import DomainError, Refused
from depthwalk.storage.database import Database

_DAY: Final = 86_400 * SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLimit:
    """The most that all executions of an account may put at stake from *since*, a midnight (UTC), on.

    *origin* says where the limit is set, for who is refused.
    """

    most: Money
    since: Instant
    origin: str = "the built-in defaults"

    @classmethod
    def of(cls, most: Money, *, now: Instant, origin: str) -> Self:
        """Return the limit of the day that *now* is in."""
        return cls(most=most, since=Instant(now - now % _DAY), origin=origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayStake:
    """What an account has at stake: by the day's fills of executions that ended, and reserved by those that have not."""

    filled: Money
    reserved: Money

    def left(self, day: DayLimit) -> Money:
        """Return what may still be put at stake; 0 or less: nothing."""
        return Money(day.most - self.filled - self.reserved)

    def nothing_left(self, day: DayLimit) -> Refused | None:
        """Return the refusal where nothing is left, else None."""
        if self.left(day) > 0:
            return None
        return Refused(
            f"nothing is left today of risk.max_daily_notional {format_money(day.most)}: put at stake since"
            f" {format_instant(day.since)} {format_money(self.filled)}, reserved by what has not ended"
            f" {format_money(self.reserved)} dollars",
            hint=f"it is set in {day.origin}",
        )


def stake_of_day(database: Database, *, environment: str, account: str, since: Instant) -> DayStake:
    """Return what one account of one environment has put at stake since a midnight.

    An execution counts by its fills of that day, once it has ended: a bid at p stakes p, an ask 1 - p, YES prices. Until then
    it counts with all it reserved when it began, on whatever day that was; its fills are inside of that. Executions that
    reserved nothing (seeded and simulated ones, which begin without a day's limit) count for nothing.

    Raises:
        StorageError: the database failed.

    """
    filled = database.rows(
        """
        SELECT COALESCE(SUM(t.quantity_e2 * CASE t.side WHEN 'bid' THEN t.price_e4 ELSE 10000 - t.price_e4 END), 0)
        FROM execution_state s JOIN trades t USING (execution_id)
        WHERE s.environment = ? AND s.account = ? AND s.reserved_e6 > 0
            AND s.status NOT IN ('running', 'unknown') AND t.at_us >= ?
        """,
        (environment, account, since),
    )
    reserved = database.rows(
        """
        SELECT COALESCE(SUM(reserved_e6), 0) FROM execution_state
        WHERE environment = ? AND account = ? AND status IN ('running', 'unknown')
        """,
        (environment, account),
    )
    return DayStake(filled=Money(filled[0][0]), reserved=Money(reserved[0][0]))


def reserve(database: Database, day: DayLimit, *, environment: str, account: str, wanted: Money) -> Money:
    """Return how much of *wanted*, the most that an order could cost, is left today: above 0.

    Only inside the transaction that writes it down may the answer be relied on: another process asks at the same time.

    Raises:
        Refused: nothing is left.
        DomainError: *wanted* is nothing, and what reserves nothing would not be counted.
        StorageError: the database failed.

    """
    if wanted <= 0:
        raise DomainError(f"an order under a day's limit cannot cost {format_money(wanted)}")
    stake = stake_of_day(database, environment=environment, account=account, since=day.since)
    refused = stake.nothing_left(day)
    if refused is not None:
        raise refused
    return min(wanted, stake.left(day))

"""Money, positions, limits and the state of the exchange, both ways. Source: kalshi-api.md sections 6.5, 7.2, 7.3, 9 and 12."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from depthwalk.domain.units import SECOND, Instant, Money, Quantity, format_instant, format_money, format_quantity
from depthwalk.wire import scalars
from depthwalk.wire.pages import Page, cursor_text
from depthwalk.wire.scalars import NO_MONEY, Json, load

_MONEY_PER_CENT: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Cash available: *total* of what was asked for, and by shard where the venue says (*shards* None: it does not)."""

    total: Money
    at: Instant
    shards: Mapping[int, Money] | None = None
    portfolio_cents: int = 0

    def of(self, exchange_index: int) -> Money:
        """Return the cash of one shard; *total* where nothing is said by shard, nothing where the shard is not listed."""
        return self.total if self.shards is None else self.shards.get(exchange_index, NO_MONEY)


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRecord:
    """The position in one market: *position* is signed, positive YES, negative NO."""

    ticker: str
    position: Quantity
    exposure: Money = NO_MONEY
    traded: Money = NO_MONEY
    realized: Money = NO_MONEY
    fees: Money = NO_MONEY
    updated_at: Instant | None = None
    exchange_index: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardStatus:
    """Whether one part of the exchange is up and takes orders."""

    exchange_active: bool
    trading_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRecord:
    """The exchange's state: the default shard's, and each shard's where the venue says."""

    default: ShardStatus
    shards: Mapping[int, ShardStatus] = field(default_factory=dict)
    resumes_at: Instant | None = None

    def of(self, exchange_index: int) -> ShardStatus:
        """Return the state of one shard; the default's where the venue does not list it."""
        return self.shards.get(exchange_index, self.default)


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketLimit:
    """A token bucket: tokens added per second, and the most it holds."""

    rate: int
    capacity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLimits:
    """The account's buckets."""

    tier: str
    read: BucketLimit
    write: BucketLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointCost:
    """Tokens of one endpoint; *path* is a template from the root, as in /trade-api/v2/portfolio/orders/:order_id."""

    method: str
    path: str
    cost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointCosts:
    """Tokens of the endpoints that do not cost the default."""

    default: int
    listed: tuple[EndpointCost, ...] = ()


class _ShardBalance(msgspec.Struct):
    exchange_index: int
    balance: str


class _Balance(msgspec.Struct):
    balance: int
    updated_ts: int
    balance_dollars: str | None = None
    portfolio_value: int = 0
    balance_breakdown: list[_ShardBalance] | None = None


class _Position(msgspec.Struct):
    ticker: str
    position_fp: str
    market_exposure_dollars: str | None = None
    total_traded_dollars: str | None = None
    realized_pnl_dollars: str | None = None
    fees_paid_dollars: str | None = None
    last_updated_ts: str | None = None
    exchange_index: int | None = None


class _Positions(msgspec.Struct):
    market_positions: list[_Position] | None
    cursor: str | None = None


class _Shard(msgspec.Struct):
    exchange_index: int
    exchange_active: bool
    trading_active: bool


class _Status(msgspec.Struct):
    exchange_active: bool
    trading_active: bool
    exchange_estimated_resume_time: str | None = None
    exchange_index_statuses: list[_Shard] | None = None


class _AsOf(msgspec.Struct):
    as_of_time: str


class _Bucket(msgspec.Struct):
    refill_rate: int
    bucket_capacity: int


class _Limits(msgspec.Struct):
    read: _Bucket
    write: _Bucket
    usage_tier: str = ""


class _Cost(msgspec.Struct):
    method: str
    path: str
    cost: int


class _Costs(msgspec.Struct):
    default_cost: int
    endpoint_costs: list[_Cost] | None = None


# --- money ----------------------------------------------------------------------------------------------------------


def decode_balance(body: bytes) -> Balance:
    """Read the reply to `GET /portfolio/balance`. The integer cents count only where nothing finer is there."""
    raw = load(_Balance, body)
    shards = raw.balance_breakdown
    cents = Money(raw.balance * _MONEY_PER_CENT)
    return Balance(
        total=scalars.money(raw.balance_dollars, "balance_dollars") if raw.balance_dollars else cents,
        at=scalars.from_seconds(raw.updated_ts),
        shards=None
        if shards is None
        else {
            shard.exchange_index: scalars.money(shard.balance, f"balance_breakdown[{index}].balance")
            for index, shard in enumerate(shards)
        },
        portfolio_cents=raw.portfolio_value,
    )


def encode_balance(balance: Balance) -> Json:
    """Write the reply to `GET /portfolio/balance`; its time is in whole seconds, rounded down."""
    written: Json = {
        "balance": balance.total // _MONEY_PER_CENT,
        "balance_dollars": scalars.short_money(balance.total),
        "portfolio_value": balance.portfolio_cents,
        "updated_ts": balance.at // SECOND,
    }
    if balance.shards is not None:
        written["balance_breakdown"] = [
            {"exchange_index": index, "balance": scalars.short_money(cash)} for index, cash in balance.shards.items()
        ]
    return written


def _position(raw: _Position, path: str) -> PositionRecord:
    def amount(text: str | None, name: str) -> Money:
        return scalars.money(text, f"{path}.{name}") if text else NO_MONEY

    return PositionRecord(
        ticker=raw.ticker,
        position=scalars.quantity(raw.position_fp, f"{path}.position_fp"),
        exposure=amount(raw.market_exposure_dollars, "market_exposure_dollars"),
        traded=amount(raw.total_traded_dollars, "total_traded_dollars"),
        realized=amount(raw.realized_pnl_dollars, "realized_pnl_dollars"),
        fees=amount(raw.fees_paid_dollars, "fees_paid_dollars"),
        updated_at=scalars.optional_instant(raw.last_updated_ts, f"{path}.last_updated_ts"),
        exchange_index=raw.exchange_index or 0,
    )


def decode_positions(body: bytes) -> Page[PositionRecord]:
    """Read one page of the market positions of `GET /portfolio/positions`. Raises WireError."""
    raw = load(_Positions, body)
    items = tuple(_position(item, f"market_positions[{index}]") for index, item in enumerate(raw.market_positions or ()))
    return Page(items=items, cursor=raw.cursor or None)


def encode_positions(page: Page[PositionRecord]) -> Json:
    """Write one page of market positions; positions by event are left empty."""
    written = [
        {
            "ticker": item.ticker,
            "exchange_index": item.exchange_index,
            "position_fp": format_quantity(item.position),
            "market_exposure_dollars": format_money(item.exposure),
            "total_traded_dollars": format_money(item.traded),
            "realized_pnl_dollars": format_money(item.realized),
            "fees_paid_dollars": format_money(item.fees),
            **({} if item.updated_at is None else {"last_updated_ts": format_instant(item.updated_at)}),
        }
        for item in page.items
    ]
    return {"market_positions": written, "event_positions": [], "cursor": cursor_text(page.cursor)}


# --- the exchange ---------------------------------------------------------------------------------------------------


def decode_status(body: bytes) -> StatusRecord:
    """Read the reply to `GET /exchange/status`, which may come with a 5xx too. Raises WireError."""
    raw = load(_Status, body)
    return StatusRecord(
        default=ShardStatus(exchange_active=raw.exchange_active, trading_active=raw.trading_active),
        shards={
            shard.exchange_index: ShardStatus(exchange_active=shard.exchange_active, trading_active=shard.trading_active)
            for shard in raw.exchange_index_statuses or ()
        },
        resumes_at=scalars.optional_instant(raw.exchange_estimated_resume_time, "exchange_estimated_resume_time"),
    )


def _written_status(status: ShardStatus) -> Json:
    return {
        "exchange_active": status.exchange_active,
        "trading_active": status.trading_active,
        "intra_exchange_transfers_active": status.exchange_active,
    }


def encode_status(status: StatusRecord) -> Json:
    """Write the reply to `GET /exchange/status`."""
    written = _written_status(status.default)
    if status.shards:
        written["exchange_index_statuses"] = [
            {"exchange_index": index, "description": f"shard {index}", **_written_status(shard)}
            for index, shard in status.shards.items()
        ]
    return written


def decode_user_data_time(body: bytes) -> Instant:
    """Read how fresh orders, fills and balances are. Raises WireError."""
    return scalars.instant(load(_AsOf, body).as_of_time, "as_of_time")


def encode_user_data_time(at: Instant) -> Json:
    """Write the reply to `GET /exchange/user_data_timestamp`."""
    return {"as_of_time": format_instant(at)}


# --- limits ---------------------------------------------------------------------------------------------------------


def decode_limits(body: bytes) -> AccountLimits:
    """Read the reply to `GET /account/limits`. Raises WireError."""
    raw = load(_Limits, body)
    return AccountLimits(
        tier=raw.usage_tier,
        read=BucketLimit(rate=raw.read.refill_rate, capacity=raw.read.bucket_capacity),
        write=BucketLimit(rate=raw.write.refill_rate, capacity=raw.write.bucket_capacity),
    )


def encode_limits(limits: AccountLimits) -> Json:
    """Write the reply to `GET /account/limits`."""
    return {
        "usage_tier": limits.tier,
        "read": {"refill_rate": limits.read.rate, "bucket_capacity": limits.read.capacity},
        "write": {"refill_rate": limits.write.rate, "bucket_capacity": limits.write.capacity},
        "grants": [],
    }


def decode_costs(body: bytes) -> EndpointCosts:
    """Read the reply to `GET /account/endpoint_costs`. Raises WireError."""
    raw = load(_Costs, body)
    listed: Sequence[_Cost] = raw.endpoint_costs or ()
    return EndpointCosts(
        default=raw.default_cost,
        listed=tuple(EndpointCost(method=item.method, path=item.path, cost=item.cost) for item in listed),
    )


def encode_costs(costs: EndpointCosts) -> Json:
    """Write the reply to `GET /account/endpoint_costs`."""
    listed = [{"method": item.method, "path": item.path, "cost": item.cost} for item in costs.listed]
    return {"default_cost": costs.default, "endpoint_costs": listed}

"""Hypothesis strategies for what the wire carries, within what its units can hold."""

from fractions import Fraction

from hypothesis import strategies as st

from depthwalk.domain.book import Book
from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.market import FeeType, MarketStatus
from depthwalk.domain.order import Fill, OrderStatus, Side, TimeInForce
from depthwalk.domain.units import ONE, SECOND, Instant, Money, Price, Quantity
from depthwalk.wire.account import (
    AccountLimits,
    Balance,
    BucketLimit,
    EndpointCost,
    EndpointCosts,
    PositionRecord,
    ShardStatus,
    StatusRecord,
)
from depthwalk.wire.cancels import CancelItem, CancelReceipt, DecreaseBody, DecreaseReceipt
from depthwalk.wire.faults import Fault
from depthwalk.wire.fees import EventInfo, SeriesFees
from depthwalk.wire.markets import MarketRecord
from depthwalk.wire.orders import AmendBody, AmendReceipt, CreateBody, CreateReceipt, SelfTradePrevention
from depthwalk.wire.portfolio import FillRecord, OrderRecord
from depthwalk.wire.trades import Trade

PRICES = st.integers(1, ONE - 1).map(Price)
COUNTS = st.integers(0, 10**10).map(Quantity)
SIZES = st.integers(1, 10**10).map(Quantity)
SIGNED = st.integers(-(10**10), 10**10).map(Quantity)
MONEY = st.integers(-(10**15), 10**15).map(Money)
CASH = st.integers(0, 10**15).map(Money)
TIMES = st.integers(0, 4 * 10**15).map(Instant)
SECONDS = st.integers(1, 4 * 10**9).map(lambda value: Instant(value * SECOND))
MILLISECONDS = st.integers(0, 4 * 10**12).map(lambda value: Instant(value * 1_000))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
SHARDS = st.integers(0, 9)
SIDES = st.sampled_from(Side)
MULTIPLIERS = st.integers(0, 10_000).map(lambda value: Fraction(value, 1_000))

_LEVELS = st.lists(st.tuples(PRICES, SIZES), max_size=8)
BOOKS = st.builds(lambda bids, asks: Book.of_levels(bids=bids, asks=asks), _LEVELS, _LEVELS)

MARKETS = st.builds(
    MarketRecord,
    ticker=NAMES,
    event_ticker=TEXTS,
    status=st.sampled_from(MarketStatus),
    grid=st.sampled_from(list(STRUCTURES.values())),
    exchange_index=SHARDS,
    close_time=st.none() | TIMES,
    title=TEXTS,
    fee_waiver_until=st.none() | TIMES,
)
SERIES = st.builds(SeriesFees, ticker=NAMES, fee_type=st.sampled_from(FeeType), multiplier=MULTIPLIERS)
EVENTS = st.builds(
    EventInfo,
    event_ticker=NAMES,
    series_ticker=NAMES,
    fee_type=st.none() | st.sampled_from(FeeType),
    multiplier=st.none() | MULTIPLIERS,
)
TRADES = st.builds(
    Trade, trade_id=NAMES, ticker=NAMES, price=PRICES, quantity=SIZES, taker=SIDES, at=TIMES, is_block=st.booleans()
)

CREATES = st.builds(
    CreateBody,
    ticker=NAMES,
    side=SIDES,
    quantity=SIZES,
    price=PRICES,
    time_in_force=st.sampled_from(TimeInForce),
    self_trade_prevention=st.sampled_from(SelfTradePrevention),
    client_id=st.none() | NAMES,
    expires_at=st.none() | SECONDS,
    post_only=st.booleans(),
    reduce_only=st.booleans(),
    cancel_on_pause=st.booleans(),
    order_group_id=st.none() | NAMES,
    subaccount=st.none() | SHARDS,
    exchange_index=st.none() | st.integers(-1, 9),
)
CREATE_RECEIPTS = st.builds(
    CreateReceipt,
    order_id=NAMES,
    client_id=st.none() | NAMES,
    filled=COUNTS,
    remaining=COUNTS,
    average_price=st.none() | CASH,
    average_fee=st.none() | CASH,
    at=st.none() | MILLISECONDS,
)
AMENDS = st.builds(
    AmendBody,
    ticker=NAMES,
    side=SIDES,
    price=PRICES,
    total=SIZES,
    client_id=st.none() | NAMES,
    updated_client_id=st.none() | NAMES,
    expires_at=st.none() | st.just(Instant(0)) | SECONDS,
    exchange_index=st.none() | SHARDS,
)
AMEND_RECEIPTS = st.builds(
    AmendReceipt,
    order_id=NAMES,
    client_id=st.none() | NAMES,
    remaining=st.none() | COUNTS,
    filled=st.none() | COUNTS,
    average_price=st.none() | CASH,
    average_fee=st.none() | CASH,
    at=st.none() | MILLISECONDS,
)
DECREASES = st.builds(DecreaseBody, reduce_by=COUNTS, ticker=st.none() | NAMES, exchange_index=st.none() | SHARDS) | st.builds(
    DecreaseBody, reduce_to=COUNTS, ticker=st.none() | NAMES, exchange_index=st.none() | SHARDS
)
DECREASE_RECEIPTS = st.builds(
    DecreaseReceipt, order_id=NAMES, remaining=COUNTS, client_id=st.none() | NAMES, at=st.none() | MILLISECONDS
)
FAULTS = st.builds(Fault, code=NAMES, message=TEXTS, details=TEXTS)
CANCEL_ITEMS = st.builds(
    CancelItem,
    order_id=NAMES,
    ticker=st.none() | NAMES,
    exchange_index=st.none() | SHARDS,
    subaccount=st.none() | SHARDS,
)
CANCEL_RECEIPTS = st.builds(
    CancelReceipt,
    order_id=NAMES,
    reduced_by=COUNTS,
    client_id=st.none() | NAMES,
    at=st.none() | MILLISECONDS,
    fault=st.none() | FAULTS,
)

ORDERS = st.builds(
    OrderRecord,
    order_id=NAMES,
    client_id=TEXTS,
    ticker=NAMES,
    side=SIDES,
    price=PRICES,
    status=st.sampled_from([OrderStatus.RESTING, OrderStatus.CANCELED, OrderStatus.FILLED]),
    initial=COUNTS,
    filled=COUNTS,
    remaining=COUNTS,
    taker_cost=CASH,
    maker_cost=CASH,
    taker_fees=CASH,
    maker_fees=CASH,
    created_at=st.none() | TIMES,
    updated_at=st.none() | TIMES,
    expires_at=st.none() | TIMES,
    self_trade_prevention=st.none() | st.sampled_from(SelfTradePrevention),
    cancel_on_pause=st.booleans(),
    order_group_id=st.none() | NAMES,
    user_id=TEXTS,
    subaccount=SHARDS,
    exchange_index=SHARDS,
)
FILLS = st.builds(
    FillRecord,
    fill=st.builds(
        Fill, fill_id=NAMES, order_id=NAMES, price=PRICES, quantity=SIZES, is_taker=st.booleans(), fee=CASH, at=TIMES
    ),
    ticker=NAMES,
    side=SIDES,
    exchange_index=SHARDS,
)
POSITIONS = st.builds(
    PositionRecord,
    ticker=NAMES,
    position=SIGNED,
    exposure=MONEY,
    traded=MONEY,
    realized=MONEY,
    fees=MONEY,
    updated_at=st.none() | TIMES,
    exchange_index=SHARDS,
)
BALANCES = st.builds(
    Balance,
    total=CASH,
    at=SECONDS,
    shards=st.none() | st.dictionaries(SHARDS, CASH, max_size=4),
    portfolio_cents=st.integers(0, 10**9),
)
_SHARD_STATUS = st.builds(ShardStatus, exchange_active=st.booleans(), trading_active=st.booleans())
STATUSES = st.builds(StatusRecord, default=_SHARD_STATUS, shards=st.dictionaries(SHARDS, _SHARD_STATUS, max_size=4))
_BUCKETS = st.builds(BucketLimit, rate=st.integers(1, 10**5), capacity=st.integers(1, 10**5))
LIMITS = st.builds(AccountLimits, tier=TEXTS, read=_BUCKETS, write=_BUCKETS)
COSTS = st.builds(
    EndpointCosts,
    default=st.integers(1, 100),
    listed=st.lists(
        st.builds(EndpointCost, method=st.sampled_from(["GET", "POST"]), path=NAMES, cost=st.integers(1, 200)), max_size=4
    ).map(tuple),
)

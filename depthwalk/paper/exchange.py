"""The paper exchange: one state machine, commands and time in, replies out. No JSON, no HTTP, no clock, no waiting.

Every command carries its time; first everything that happens by itself up to then happens (the crowd, recorded rows, expiries,
closes), then the command. Time never runs backwards: a command dated before the last one counts as simultaneous with it. The
same seed and the same sequence of (time, command) give the same replies, ids included. Looking changes nothing but the time:
however often and at whichever markets one looks in between, what happens is the same. `journal.py` builds on that.

Each market's own file says when an order fills there (`matching.py`, `shadow.py`). Here stand the venue's other rules
(kalshi-api.md sections 6, 7 and 12): what is refused and with which code, client ids, collateral, fees, pauses, closes. Where
that text is uncertain: a post-only order that would cross answers 400 and stays in the list as canceled; client ids stay used;
`initial` becomes the new total after an amend; a killed fill-or-kill is listed as canceled; after the close every order is
terminal, so canceling one is a 404. Order groups and subaccounts are not there.
"""

import random
import re
from collections.abc import Iterable, Mapping, Sequence

from depthwalk.analysis.fees import DIRECT_PRECISION, FeeAccumulator, trade_fee
from depthwalk.domain.market import MarketStatus
from depthwalk.domain.order import OrderStatus, TimeInForce
from depthwalk.domain.units import Instant, Money, Price, Quantity, format_price
from depthwalk.errors import ExchangeError
from depthwalk.paper.account import Account, AccountState, Commitment, locked
from depthwalk.paper.ledger import Ledger, PaperOrder, average
from depthwalk.paper.listing import Listing
from depthwalk.paper.refusals import fault_of, missing, refusal
from depthwalk.paper.trading import BookEvent, Executed, NewOrder, Removal, Removed, TradingBook
from depthwalk.wire.account import ShardStatus
from depthwalk.wire.cancels import CancelItem, CancelReceipt, DecreaseBody, DecreaseReceipt
from depthwalk.wire.orders import REMOVE_EXPIRY, AmendBody, AmendReceipt, CreateBody, CreateReceipt

OWNER = "account"
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class PaperExchange:
    """Markets, one account, and the venue's rules between them.

    Args:
        listings: the markets.
        ids: the randomness of order and fill ids.
        account: where the account stands; None is a fresh one.
        source: what kind of market this is, for records: "synthetic", "replay" or "hybrid".

    """

    def __init__(
        self, listings: Iterable[Listing], *, ids: random.Random, source: str, account: AccountState | None = None
    ) -> None:
        self._listings = {listing.ticker: listing for listing in listings}
        # Each tape draws from a stream of its own: which market is looked at first must not decide whose ids are whose.
        self._tape_ids = {ticker: random.Random(ids.getrandbits(128)) for ticker in self._listings}
        self._ledger = Ledger(ids)
        self._account = Account(account)
        self._now = Instant(0)
        self.user_id = self._ledger.new_id()
        self.source = source
        self.exchange_active = True
        self.trading_active = True

    # --- looking, without moving ---

    @property
    def now(self) -> Instant:
        """The time that holds: the latest that anybody came with."""
        return self._now

    @property
    def listings(self) -> Mapping[str, Listing]:
        """The markets by ticker."""
        return self._listings

    @property
    def ledger(self) -> Ledger:
        """The account's orders and fills, to read."""
        return self._ledger

    @property
    def account(self) -> Account:
        """The account's cash and positions, to read."""
        return self._account

    @property
    def status(self) -> ShardStatus:
        """Whether the exchange is up and takes orders."""
        return ShardStatus(exchange_active=self.exchange_active, trading_active=self.exchange_active and self.trading_active)

    def account_state(self) -> AccountState:
        """Return the account as plain values, to be kept."""
        return self._account.state()

    def available(self) -> Money:
        """Return cash less what resting orders lock."""
        taken = sum(self._account.reserved(ticker, self._commitments(ticker)) for ticker in self._ledger.busy())
        return Money(self._account.cash - taken)

    # --- time ---

    def advance(self, now: Instant, tickers: Iterable[str] = ()) -> Instant:
        """Let everything up to *now* happen in *tickers* and wherever orders of ours rest; return the time that holds."""
        self._now = max(self._now, now)
        ledger = self._ledger
        known = len(ledger.fills)
        for ticker in dict.fromkeys((*ledger.busy(), *tickers)):
            listing = self._listings.get(ticker)
            if listing is not None:
                self._run(listing)
        if len(ledger.fills) > known:
            ledger.order_fills(known)
        return self._now

    def listing(self, now: Instant, ticker: str) -> Listing:
        """Return a market as of *now*. Raises NotFound."""
        self.advance(now, (ticker,))
        found = self._listings.get(ticker)
        if found is None:
            raise missing()
        return found

    def _run(self, listing: Listing) -> None:
        close = listing.terms.close_time
        until = self._now if close is None else min(self._now, close)
        if events := listing.book.advance(until):
            self._book(listing, events)
        if close is not None and self._now >= close and not listing.closed:
            listing.closed = True
            self._clear(listing, close)

    def _clear(self, listing: Listing, at: Instant, *, only_on_pause: bool = False) -> None:
        for order in list(self._ledger.resting(listing.ticker).values()):
            if order.cancel_on_pause or not only_on_pause:
                self._book(listing, listing.book.cancel(at, order.key))

    def pause(self, now: Instant, *, trading: bool = True, exchange: bool = True) -> None:
        """Set whether trading and the exchange are active; orders that asked for it are canceled when trading stops."""
        self.advance(now)
        if self.trading_active and not (trading and exchange):
            for ticker in self._ledger.busy():
                self._clear(self._listings[ticker], self._now, only_on_pause=True)
        self.trading_active, self.exchange_active = trading, exchange

    def reopen(self, now: Instant, books: Mapping[str, TradingBook]) -> None:
        """Go on at *now* in other books, after a time in which nothing traded: what rests expired on its way, or ends now."""
        self._now = max(self._now, now)
        for ticker, book in books.items():
            listing = self._listings[ticker]
            for order in list(self._ledger.resting(ticker).values()):
                at = self._now if order.expires_at is None else min(self._now, order.expires_at)
                self._book(listing, listing.book.cancel(at, order.key))
            listing.book = book

    # --- writing ---

    def create(self, now: Instant, body: CreateBody) -> CreateReceipt:
        """Place an order. Raises OrderRefused or NotFound; nothing rests then."""
        now = self.advance(now, (body.ticker,))
        listing = self._open_listing(body.ticker, body.exchange_index)
        self._check_create(now, listing, body)
        quantity = body.quantity
        if body.reduce_only:
            held = self._account.held(body.ticker)
            quantity = Quantity(min(quantity, max(0, -body.side.sign * held)))
        order = self._new_order(now, listing, body, quantity)
        wish = Commitment(side=body.side, price=body.price, quantity=quantity)
        self._check_funds(listing, [*self._commitments(body.ticker), wish], wish)
        self._ledger.add(order)
        if not quantity:
            self._book(listing, [Removed(now, order.key, quantity, Removal.CANCELED)])
        else:
            events = self._submit(now, listing, order, body)
            removals = {event.why for event in events if isinstance(event, Removed) and event.key == order.key}
            if Removal.POST_ONLY in removals:
                raise refusal("invalid_order", "post only cross")
            if Removal.UNFILLABLE in removals:
                raise refusal("fill_or_kill_insufficient_resting_volume")
        return CreateReceipt(
            order_id=order.order_id,
            client_id=order.client_id or None,
            filled=order.filled,
            remaining=order.remaining,
            average_price=average(order.paid, order.filled),
            average_fee=average(order.charged, order.filled),
            at=now,
        )

    def amend(self, now: Instant, order_id: str, body: AmendBody) -> AmendReceipt:
        """Change an order in place. Raises OrderRefused or NotFound; the order is then as it was."""
        now = self.advance(now)
        order = self._resting(order_id)
        listing = self._open_listing(order.ticker, body.exchange_index)
        expires_at = self._check_amend(now, listing, order, body)
        before = (order.filled, order.paid, order.charged)
        if body.total > order.filled:
            wish = Commitment(side=order.side, price=body.price, quantity=Quantity(body.total - order.filled))
            self._check_funds(listing, [*self._commitments(order.ticker, without=order), wish], wish)
        if body.updated_client_id is not None:
            self._ledger.burn(body.updated_client_id)
            order.client_id = body.updated_client_id
        order.price, order.expires_at, order.updated_at = body.price, expires_at, now
        order.total, order.remaining = body.total, Quantity(body.total - order.filled)
        self._book(listing, listing.book.amend(now, order.key, price=body.price, total=body.total, expires_at=expires_at))
        filled = Quantity(order.filled - before[0])
        return AmendReceipt(
            order_id=order_id,
            client_id=order.client_id or None,
            remaining=order.remaining,
            filled=filled,
            average_price=average(order.paid - before[1], filled),
            average_fee=average(order.charged - before[2], filled),
            at=now,
        )

    def decrease(self, now: Instant, order_id: str, body: DecreaseBody) -> DecreaseReceipt:
        """Make an order smaller in place; nothing left cancels it. Raises OrderRefused or NotFound."""
        now = self.advance(now)
        order = self._resting(order_id)
        listing = self._listings[order.ticker]
        if not self.exchange_active:
            raise refusal("exchange_is_paused")
        wanted = order.remaining - (body.reduce_by or 0) if body.reduce_to is None else body.reduce_to
        if not wanted < order.remaining or wanted < 0:
            raise refusal("invalid_order_size")
        order.total, order.remaining = Quantity(order.filled + wanted), Quantity(wanted)
        order.updated_at = now
        events = listing.book.amend(now, order.key, price=order.price, total=order.total, expires_at=order.expires_at)
        self._book(listing, events)
        return DecreaseReceipt(order_id=order_id, remaining=order.remaining, client_id=order.client_id or None, at=now)

    def cancel(self, now: Instant, order_id: str) -> CancelReceipt:
        """Take an order off. Raises NotFound where it is unknown or terminal, OrderRefused while the exchange is paused."""
        now = self.advance(now)
        order = self._resting(order_id)
        if not self.exchange_active:
            raise refusal("exchange_is_paused")
        reduced_by = order.remaining
        listing = self._listings[order.ticker]
        self._book(listing, listing.book.cancel(now, order.key))
        return CancelReceipt(order_id=order_id, reduced_by=reduced_by, client_id=order.client_id or None, at=now)

    def cancel_batch(self, now: Instant, items: Sequence[CancelItem]) -> tuple[CancelReceipt, ...]:
        """Take several orders off, each by itself; an item that fails carries its fault."""
        return tuple(self._cancel_item(now, item) for item in items)

    def cancel_all(self, now: Instant) -> None:
        """Take every resting order off. Raises OrderRefused while the exchange is paused."""
        self.advance(now)
        if not self.exchange_active:
            raise refusal("exchange_is_paused")
        for ticker in self._ledger.busy():
            self._clear(self._listings[ticker], self._now)

    def _cancel_item(self, now: Instant, item: CancelItem) -> CancelReceipt:
        try:
            return self.cancel(now, item.order_id)
        except ExchangeError as error:
            return CancelReceipt(order_id=item.order_id, reduced_by=Quantity(0), fault=fault_of(error))

    # --- what a write has to pass ---

    def _open_listing(self, ticker: str, exchange_index: int | None) -> Listing:
        if not self.exchange_active:
            raise refusal("exchange_is_paused")
        listing = self._listings.get(ticker)
        if listing is None or exchange_index not in (None, -1, listing.terms.exchange_index):
            raise missing()
        if listing.status is MarketStatus.CLOSED:
            raise refusal("market_closed")
        if not self.trading_active or listing.status is not MarketStatus.ACTIVE:
            raise refusal("trading_is_paused")
        return listing

    def _check_create(self, now: Instant, listing: Listing, body: CreateBody) -> None:
        if body.client_id is not None and _CLIENT_ID.fullmatch(body.client_id) is None:
            raise refusal("invalid_parameters", "client_order_id")
        if body.expires_at is not None and body.time_in_force is not TimeInForce.GOOD_TILL_CANCELED:
            raise refusal("invalid_parameters", "expiration_time needs good_till_canceled")
        if body.expires_at is not None and body.expires_at <= now:
            raise refusal("invalid_parameters", "Expiration timestamp must be in the future")
        if body.reduce_only and body.time_in_force is not TimeInForce.IMMEDIATE_OR_CANCEL:
            raise refusal("invalid_parameters", "reduce_only needs immediate_or_cancel")
        if body.order_group_id is not None or body.subaccount:
            raise refusal("invalid_parameters", "order groups and subaccounts are not there on paper")
        self._check_price(listing, body.price)
        if body.client_id is not None and self._ledger.used(body.client_id):
            raise refusal("order_already_exists")

    def _check_amend(self, now: Instant, listing: Listing, order: PaperOrder, body: AmendBody) -> Instant | None:
        """Check an amend and return the expiry that will hold."""
        if body.ticker != order.ticker:
            raise refusal("order_ticker_mismatch")
        if body.side is not order.side:
            raise refusal("order_side_mismatch")
        if body.client_id is not None and body.client_id != order.client_id:
            raise refusal("order_id_and_client_order_id_mismatch")
        new_id = body.updated_client_id
        if new_id is not None and _CLIENT_ID.fullmatch(new_id) is None:
            raise refusal("invalid_parameters", "updated_client_order_id")
        if new_id is not None and self._ledger.used(new_id):
            raise refusal("order_already_exists")
        self._check_price(listing, body.price)
        if body.total < order.filled:
            raise refusal("invalid_order_size", "count is below what is filled")
        if body.expires_at is None or body.expires_at == REMOVE_EXPIRY:
            return order.expires_at if body.expires_at is None else None
        if body.expires_at <= now:
            raise refusal("invalid_parameters", "Expiration timestamp must be in the future")
        return body.expires_at

    def _check_price(self, listing: Listing, price: Price) -> None:
        if price not in listing.terms.grid:
            raise refusal("invalid_price", f"{format_price(price)}: {listing.terms.grid.describe()}")

    def _check_funds(self, listing: Listing, orders: Sequence[Commitment], wish: Commitment) -> None:
        """Refuse what the cash cannot carry: all that is locked, and the taker fee of the wish at its limit, its worst case."""
        ticker = listing.ticker
        elsewhere = [other for other in self._ledger.busy() if other != ticker]
        taken = sum(self._account.reserved(other, self._commitments(other)) for other in elsewhere)
        opened = self._account.opening(ticker, orders)
        mine = min(wish.quantity, sum(size for side, _, size in opened if side is wish.side))
        if not mine:
            return
        fee = trade_fee(listing.fees, wish.price, Quantity(mine), is_taker=True) + DIRECT_PRECISION
        if taken + locked(opened) + fee > self._account.cash:
            raise refusal("insufficient_balance")

    # --- what happens ---

    def _resting(self, order_id: str) -> PaperOrder:
        order = self._ledger.by_id(order_id)
        if order is None or order.status is not OrderStatus.RESTING:
            raise missing()
        return order

    def _commitments(self, ticker: str, without: PaperOrder | None = None) -> list[Commitment]:
        return [
            Commitment(side=order.side, price=order.price, quantity=order.remaining)
            for order in self._ledger.resting(ticker).values()
            if order is not without
        ]

    def _new_order(self, now: Instant, listing: Listing, body: CreateBody, quantity: Quantity) -> PaperOrder:
        return PaperOrder(
            key=self._ledger.new_key(),
            order_id=self._ledger.new_id(),
            client_id=body.client_id or "",
            ticker=listing.ticker,
            side=body.side,
            price=body.price,
            total=quantity,
            remaining=quantity,
            self_trade=body.self_trade_prevention,
            expires_at=body.expires_at,
            cancel_on_pause=body.cancel_on_pause,
            created_at=now,
            updated_at=now,
            fees=FeeAccumulator(listing.fees),
        )

    def _submit(self, now: Instant, listing: Listing, order: PaperOrder, body: CreateBody) -> list[BookEvent]:
        events = listing.book.submit(
            now,
            NewOrder(
                key=order.key,
                side=order.side,
                price=order.price,
                quantity=order.total,
                owner=OWNER,
                time_in_force=body.time_in_force,
                post_only=body.post_only,
                self_trade=body.self_trade_prevention,
                expires_at=body.expires_at,
            ),
        )
        self._book(listing, events)
        return events

    def _book(self, listing: Listing, events: Iterable[BookEvent]) -> None:
        """Bring what happened in a market's book to the tape, the orders and the account."""
        resting = self._ledger.resting(listing.ticker)
        for event, trade_id in listing.print_trades(events, self._tape_ids[listing.ticker]):
            match event:
                case Executed(maker=maker, taker=taker):
                    for key, is_taker in ((maker, False), (taker, True)):
                        if key is not None and key in resting:
                            self._fill(listing, resting[key], event, trade_id, is_taker=is_taker)
                case Removed(key=key) if key in resting:
                    order = resting[key]
                    order.removed_by(event)
                    self._ledger.settle(order)

    def _fill(self, listing: Listing, order: PaperOrder, trade: Executed, trade_id: str, *, is_taker: bool) -> None:
        index = listing.terms.exchange_index
        fee = self._ledger.record_fill(order, trade, trade_id, is_taker=is_taker, exchange_index=index)
        self._account.fill(listing.ticker, order.side, trade.price, trade.quantity, fee)

"""What the runner reads of the exchange (fills, orders, books) as events: one path for looks, doubts and confirmations.

Reads lag writes (kalshi-api.md section 6.5): a fill reported by a reply may not be listed yet, and a canceled order may
still be listed as resting. So fills are read until they add up, and an order is believed to rest only when the venue's data
is newer than our write.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from depthwalk.clock import Clock
from depthwalk.domain.market import Market
from depthwalk.domain.messages import (
    AmendRejected,
    BookChanged,
    CancelRejected,
    Event,
    ForeignOrder,
    Operation,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderInDoubt,
    OrderRejected,
)
from depthwalk.domain.order import OrderStatus, ParentOrder
from depthwalk.domain.units import SECOND, Duration, Instant, Price, Quantity, in_seconds, seconds
from depthwalk.errors import ExchangeError, NotFound, RefusalReason, Unreachable
from depthwalk.executors.children import Child, Children
from depthwalk.ports import Exchange, OrderReport

FRESH = seconds(5)
"""The venue's data must be this much newer than a write before its silence counts as a no (design, D7)."""

BOUND = seconds(30)
"""How long doubt is worked on before it is left to `depthwalk recover`."""

MARGIN = seconds(60)
"""How far before our own time listings start, so that no clock difference hides an order or a fill."""

LISTED = seconds(7 * 86_400)
"""For how long after a create its order is surely listed: the venue moves what ended two weeks ago elsewhere (section 5.6)."""

_FIRST_WAIT = seconds(0.25)
_LONGEST_WAIT = seconds(2)
_FILL_TRIES = 6


class Readings:
    """Reads for one run. *post* takes the events; *children* is the executor's ledger, read only.

    *explain* is waited for before an order is said to have ended by somebody else's doing: the market may be why.
    `trades` has the ids of the account's trades in this market as far as its fills have been read, whosever orders they are of.
    """

    def __init__(
        self,
        *,
        exchange: Exchange,
        clock: Clock,
        parent: ParentOrder,
        market: Market,
        since: Instant,
        children: Children,
        post: Callable[[Event], None],
        busy: Callable[[], bool],
        explain: Callable[[], Awaitable[None]],
    ) -> None:
        self._exchange = exchange
        self._clock = clock
        self._prefix = parent.child_prefix
        self._market = market
        self._since = Instant(since - MARGIN)
        self._children = children
        self._post = post
        self._busy = busy
        self._odd: dict[str, tuple[int, OrderReport, Instant]] = {}
        self._explain = explain
        self._short: dict[str, Instant] = {}
        # Empty for a new run, but not for one that is carried on.
        self._client_ids = {child.order_id: child.client_id for child in children if child.order_id is not None}
        self._seen = {fill.fill_id for fill in children.fills}
        self.trades: set[str] = set()
        self._read: dict[str, int] = {child.client_id: child.filled for child in children}

    def know(self, order_id: str, client_id: str) -> None:
        """Note which child an order id of the venue belongs to."""
        self._client_ids[order_id] = client_id

    # --- fills ---

    async def read_fills(self) -> None:
        """Read the account's fills in this market and post those of our children that are new."""
        for fill in await self._exchange.fills_since(self._market.ticker, self._since):
            self.trades.add(fill.fill_id)
            client_id = self._client_ids.get(fill.order_id)
            if client_id is None or fill.fill_id in self._seen:
                continue
            self._seen.add(fill.fill_id)
            self._read[client_id] = self._read.get(client_id, 0) + fill.quantity
            self._post(OrderFilled(at=self._clock.now(), client_id=client_id, fill=fill))

    async def read_all_fills(self) -> None:
        """Read the fills of every order of ours, also of those whose create was never answered."""
        for report in await self._exchange.orders_since(self._market.ticker, self._since):
            child = self._children.get(report.client_id)
            if child is not None and report.side is child.side:
                self.know(report.order_id, report.client_id)
        await self.read_fills()

    async def complete_fills(self, client_id: str, filled: Quantity) -> None:
        """Read fills until those of a child add up to what the venue reported; later looks go on where this gives up."""
        wait = _FIRST_WAIT
        for attempt in range(_FILL_TRIES):
            if self._read.get(client_id, 0) >= filled:
                return
            if attempt:
                await self._clock.sleep(wait)
                wait = Duration(min(2 * wait, _LONGEST_WAIT))
            await self.read_fills()

    # --- looks ---

    async def look_at_orders(self) -> None:
        """Read our resting children one by one (cheap, section 6.1) and post their fills and ends."""
        await self._compare(self._resting(), {})

    async def look_at_account(self) -> tuple[ForeignOrder, ...]:
        """As `look_at_orders`, from one list of all resting orders in the market; return the account's other orders.

        Ours are told by their client id: one whose create is still unanswered is in the list too.
        """
        before = self._resting()
        listed = {report.order_id: report for report in await self._exchange.resting_orders(self._market.ticker)}
        for report in listed.values():
            await self._revive(report)
        gone = {client_id for client_id in before if self._children[client_id].order_id not in listed}
        if gone:
            # Most orders that have left the list were filled whole. Their fills say so, and have to be read in any case.
            await self.read_fills()
        await self._compare({client_id: before[client_id] for client_id in before if not self._whole(client_id, gone)}, listed)
        return tuple(
            ForeignOrder(side=report.side, price=report.price, quantity=report.remaining)
            for report in listed.values()
            if not report.client_id.startswith(self._prefix)
        )

    async def look_at_everything(self) -> tuple[ForeignOrder, ...]:
        """As `look_at_account`, but from all orders of the run whatever became of them, and all fills: after a doubt."""
        for report in await self._exchange.orders_since(self._market.ticker, self._since):
            await self._revive(report)
        await self.read_fills()
        return await self.look_at_account()

    async def _revive(self, report: OrderReport) -> None:
        """Post an order of ours that the venue has although it was written off as never arrived."""
        child = self._children.get(report.client_id)
        if child is not None and child.written_off and report.side is child.side:
            await self._post_found(child, report)

    def _whole(self, client_id: str, gone: set[str]) -> bool:
        """Whether a child has left the list and its fills are all there: nothing more is to be asked about it.

        All is what the ledger takes for all: with an amend that may yet have made it larger.
        """
        child = self._children[client_id]
        return client_id in gone and self._read.get(client_id, 0) >= max(child.total, child.ceiling)

    def _resting(self) -> dict[str, int]:
        return {child.client_id: child.version for child in self._children.live if child.status is OrderStatus.RESTING}

    async def _compare(self, before: dict[str, int], listed: Mapping[str, OrderReport]) -> None:
        """Post what the venue has done to the children in *before*, but for those that changed while it was read."""
        ended: list[tuple[Child, OrderReport]] = []
        behind = any(not child.live and not child.settled for child in self._children)
        for client_id, version in before.items():
            child = self._children[client_id]
            if child.order_id is None or child.version != version:
                continue
            report = listed.get(child.order_id) or await self._exchange.order(child.order_id)
            behind = behind or report.filled > self._read.get(client_id, 0)
            if report.status is not OrderStatus.RESTING:
                ended.append((child, report))
            else:
                self._correct(child, report)
        if behind:
            await self.read_fills()
            await self._check_totals()
        for child, report in ended:
            if child.version == before[child.client_id] or child.live:
                await self._post_end(child, report)

    async def _check_totals(self) -> None:
        """Ask an ended order itself where fills go on missing: made smaller by others, it had less left than we thought."""
        now = self._clock.now()
        for child in list(self._children):  # one may be sent while an order is read
            if child.live or child.settled or child.order_id is None:
                self._short.pop(child.client_id, None)
            elif now - self._short.setdefault(child.client_id, now) >= FRESH:
                report = await self._exchange.order(child.order_id)
                if report.status is not OrderStatus.RESTING and report.filled < child.reported:
                    text = "as the ended order has it"
                    self._post(OrderCanceled(at=now, client_id=child.client_id, filled=report.filled, detail=text, final=True))

    def _correct(self, child: Child, report: OrderReport) -> None:
        """Believe the venue's price and total of a resting order against ours once it has insisted as long as it may lag.

        So it goes where an amend takes effect after its doubt was settled as a no.
        """
        odd = self._odd.pop(child.client_id, None)
        total = report.total
        if (report.price, total) == (child.price, child.total):
            return
        now = self._clock.now()
        if odd is None or odd[0] != child.version or (odd[1].price, odd[1].total) != (report.price, total):
            odd = (child.version, report, now)
        if now - odd[2] < FRESH:
            self._odd[child.client_id] = odd
            return
        self._post(OrderAmended(at=now, client_id=child.client_id, price=report.price, total=total, filled=report.filled))

    async def look_at_book(self, foreign: tuple[ForeignOrder, ...]) -> None:
        """Read the book; once more where a write was answered meanwhile, as one cannot tell what it shows of that order."""
        for _ in range(2):
            # What has been read so far goes into the ledger first: it is older than this book, which shows it.
            while self._busy():  # noqa: ASYNC110 - the inbox says so at once, in this very loop
                await asyncio.sleep(0)
            before = self._versions()
            asked = self._clock.now()
            book = await self._exchange.book(self._market.ticker)
            if self._versions() == before and not self._busy():
                break
        self._post(BookChanged(at=self._clock.now(), book=book, confirmed_at=asked, foreign=foreign))

    def _versions(self) -> int:
        return sum([child.version for child in self._children])

    async def _post_end(self, child: Child, report: OrderReport) -> None:
        await self.complete_fills(child.client_id, report.filled)
        now = self._clock.now()
        # The venue counts whole seconds on a clock of its own.
        expired = child.expires_at is not None and child.expires_at <= now + SECOND
        if expired and report.status is OrderStatus.CANCELED:
            self._post(OrderExpired(at=now, client_id=child.client_id, filled=report.filled))
        else:
            asked = child.awaited is Operation.CANCEL or report.status is OrderStatus.FILLED
            text = "as the venue lists it"
            if not asked:
                await self._explain()
            self._post(OrderCanceled(at=now, client_id=child.client_id, filled=report.filled, detail=text, asked=asked))

    # --- doubt ---

    async def settle(self, child: Child, operation: Operation, price: Price | None = None) -> None:
        """Find out by reading what became of a write whose reply is lost, and post it; hopeless after the bound.

        Counted from now, when the reply was given up: the request may have left long after it was handed over (throttle).
        """
        lost_at, wait = self._clock.now(), _FIRST_WAIT
        detail = "no answer could be read"
        while self._clock.now() - lost_at < BOUND:
            try:
                fresh = await self._is_fresh(lost_at)
                if operation is Operation.CREATE:
                    done = await self._settle_create(child, fresh=fresh)
                else:
                    done = await self._settle_change(child, operation, price, fresh=fresh)
            except NotFound as error:
                done, detail = False, error.message
            except ExchangeError as error:
                done, detail = False, error.message
            if done:
                return
            await self._clock.sleep(wait)
            wait = Duration(min(2 * wait, _LONGEST_WAIT))
        bound = f"not settled in {in_seconds(BOUND):g} s: {detail}"
        self._post(
            OrderInDoubt(at=self._clock.now(), client_id=child.client_id, operation=operation, detail=bound, hopeless=True)
        )

    async def _is_fresh(self, lost_at: Instant) -> bool:
        """Whether the venue's order and fill data is newer than a write of ours by the margin. Read before the data itself.

        Where it cannot be read it is not: what the data does show needs no freshness.
        """
        offset = self._exchange.server_offset or 0
        try:
            return await self._exchange.user_data_as_of() - offset >= lost_at + FRESH
        except ExchangeError:
            return False

    async def _settle_create(self, child: Child, *, fresh: bool) -> bool:
        since = Instant(child.sent_at - MARGIN)
        for report in await self._exchange.orders_since(self._market.ticker, since):
            if (report.client_id, report.side) == (child.client_id, child.side):
                await self._post_found(child, report)
                return True
        if self._clock.now() - child.sent_at > LISTED:
            raise Unreachable("it was sent so long ago that the venue may not list it any more: look for it there")
        if fresh:
            reason = RefusalReason.NEVER_ARRIVED
            text = "the venue does not have it"
            self._post(OrderRejected(at=self._clock.now(), client_id=child.client_id, reason=reason, detail=text))
        return fresh

    async def _post_found(self, child: Child, report: OrderReport) -> None:
        """Post an order whose reply was lost, as the venue has it: also where an earlier send of the same id came first."""
        self.know(report.order_id, child.client_id)
        resting = report.remaining if report.status is OrderStatus.RESTING else Quantity(0)
        now, client_id, filled = self._clock.now(), child.client_id, report.filled
        self._post(OrderAccepted(at=now, client_id=client_id, order_id=report.order_id, filled=filled, remaining=resting))
        total = Quantity(filled + resting)
        if resting and (report.price, total) != (child.price, child.total):
            self._post(OrderAmended(at=now, client_id=client_id, price=report.price, total=total, filled=filled))
        await self.complete_fills(client_id, filled)

    async def _settle_change(self, child: Child, operation: Operation, price: Price | None, *, fresh: bool) -> bool:
        if child.order_id is None:
            return False
        report = await self._exchange.order(child.order_id)
        if report.status is not OrderStatus.RESTING:
            await self._post_end(child, report)
            return True
        now = self._clock.now()
        if operation is Operation.AMEND and price is not None and self._took_effect(child, report, price):
            await self.complete_fills(child.client_id, report.filled)
            total = child.amending.total if child.amending is not None else child.total
            self._post(OrderAmended(at=now, client_id=child.client_id, price=price, total=total, filled=report.filled))
            return True
        if not fresh:
            return False
        reason, detail = RefusalReason.NEVER_ARRIVED, "the venue still has the order as it was"
        if operation is Operation.AMEND:
            self._post(AmendRejected(at=now, client_id=child.client_id, reason=reason, detail=detail))
        else:
            self._post(CancelRejected(at=now, client_id=child.client_id, reason=reason, detail=detail))
        return True

    def _took_effect(self, child: Child, report: OrderReport, price: Price) -> bool:
        """Whether an amend shows in the order: by its new price or total, or where those are the old ones by its new expiry."""
        total = child.total if child.amending is None else child.amending.total
        if report.price != price:
            return False
        if total != child.total:
            return report.total == total
        wanted = None if child.amending is None else child.amending.expires_at
        if child.price != price or wanted is None:
            return True
        there = Instant(wanted + (self._exchange.server_offset or 0))
        return report.expires_at is not None and report.expires_at >= there - SECOND

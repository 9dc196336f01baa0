import gzip
import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from depthwalk.domain.book import BookState
from depthwalk.domain.market import MarketStatus
from depthwalk.domain.order import Side, TimeInForce
from depthwalk.domain.units import Price, Quantity, parse_instant
from depthwalk.errors import OrderRefused, UsageError
from depthwalk.paper.account import STARTING_CASH
from depthwalk.paper.build import Flow, recorded_exchange, synthetic_exchange
from depthwalk.wire.orders import AmendBody, CreateBody
from tests.support.paper import START, at

MAXY = "kxbtcmaxy-ws-cents/20251105T0048Z.converted.book-1s.jsonl.gz"
MAXY_TICKER = "KXBTCMAXY-25-DEC31-129999.99"


def _buy(ticker: str, price: int, contracts: int) -> CreateBody:
    return CreateBody(
        ticker=ticker,
        side=Side.BUY,
        price=Price(price),
        quantity=Quantity(contracts * 100),
        time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL,
    )


def test_the_three_synthetic_markets() -> None:
    """Open at the start, two-sided for this seed, the same again for the same seed, and independent of one another."""
    one, two = synthetic_exchange(7, START), synthetic_exchange(7, START)
    two.listing(START, "PAPER-THIN")
    assert ["PAPER-THIN", "PAPER-MODERATE", "PAPER-LIQUID"] == list(one.listings)
    assert "synthetic" == one.source
    for ticker in one.listings:
        shown = one.listing(at(5), ticker)
        assert MarketStatus.ACTIVE is shown.status
        assert BookState.TWO_SIDED is shown.book.book().state
        assert shown.book.book() == two.listing(at(5), ticker).book.book()
    other = synthetic_exchange(8, START).listing(at(5), "PAPER-LIQUID").book.book()
    assert other != one.listing(at(5), "PAPER-LIQUID").book.book()


def test_commands_and_replies_repeat() -> None:
    """The same seed and commands give the same receipts, ids included; other ids can be asked for."""
    runs = [synthetic_exchange(7, START).create(at(3), _buy("PAPER-LIQUID", 9_500, 50)) for _ in range(2)]
    assert runs[0] == runs[1]
    assert Quantity(5_000) == runs[0].filled


def _recording(folder: Path, **sidecar: object) -> Path:
    path = folder / "books.jsonl"
    rows = [
        {
            "ts": f"2026-05-13T20:20:{30 + n}Z",
            "ticker": "A-B-C",
            "yes": [["0.4800", "10.00"]],
            "no": [["0.5000", f"{3 + n}.00"]],
        }
        for n in range(3)
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows))
    if sidecar:
        Path(f"{path}.market.json").write_text(json.dumps(sidecar))
    return path


def test_a_recording_is_shifted_to_the_start(tmp_path: Path) -> None:
    """The chosen row is the book at the start, later rows follow at their distance, and so does the close."""
    path = _recording(tmp_path, close_time="2026-05-13T20:20:40Z", fee_type="quadratic", title="A recording")
    exchange = recorded_exchange(path, "A-B-C", start=START, at=parse_instant("2026-05-13T20:20:31.5Z"))
    assert "replay" == exchange.source
    shown = exchange.listing(START, "A-B-C")
    assert ("A-B", "A", "A recording", at(9)) == (
        shown.terms.event_ticker,
        shown.series_ticker,
        shown.terms.title,
        shown.terms.close_time,
    )
    assert 400 == shown.book.book().asks[0][1]
    assert 500 == exchange.listing(at(1), "A-B-C").book.book().asks[0][1]
    assert MarketStatus.CLOSED is exchange.listing(at(9), "A-B-C").status


def test_an_invented_flow_is_labeled(tmp_path: Path) -> None:
    """With a synthetic flow the first row is the start, and the label says hybrid."""
    exchange = recorded_exchange(_recording(tmp_path), "A-B-C", start=START, flow=Flow.SYNTHETIC, seed=4)
    assert "hybrid" == exchange.source
    assert (4_800, 5_000) == (
        exchange.listings["A-B-C"].book.book().best_bid,
        exchange.listings["A-B-C"].book.book().best_ask,
    )


def test_an_unusable_recording_is_refused(tmp_path: Path) -> None:
    """What replay refuses is refused here."""
    with pytest.raises(UsageError, match="unknown ticker X"):
        recorded_exchange(_recording(tmp_path), "X", start=START)


def test_a_real_recording_is_swept_as_by_hand(shared: Path) -> None:
    """500 contracts bought from the first real book cost its displayed asks, to the cent."""
    exchange = recorded_exchange(shared / MAXY, MAXY_TICKER, start=START)
    asks = exchange.listing(START, MAXY_TICKER).book.book().asks
    receipt = exchange.create(START, _buy(MAXY_TICKER, asks[0][0], 500))
    assert (Quantity(50_000), asks[0][0] * 100) == (receipt.filled, receipt.average_price)
    exchange.advance(at(4_000))
    assert Quantity(50_000) == exchange.account.position(MAXY_TICKER).quantity


@pytest.mark.parametrize(
    ("name", "ticker", "flow"),
    [
        (MAXY, MAXY_TICKER, Flow.NONE),
        (MAXY, MAXY_TICKER, Flow.SYNTHETIC),
        ("kxbtc15m-ws-l2/20260513T202034Z/converted.book-1s.jsonl.gz", "", Flow.NONE),
        ("rest-depth-hourly/converted.books.jsonl.gz", "KXBIG3GAME-26JUL12BOSCHI-BOS", Flow.SYNTHETIC),
        ("rest-depth-hourly/converted.books.jsonl.gz", "KXKBOGAME-26JUL050500NCDKIA-NCD", Flow.SYNTHETIC),
    ],
)
def test_any_agent_on_a_real_book_is_conserved(shared: Path, name: str, ticker: str, flow: Flow) -> None:
    """Whatever is ordered on real books: no overfill, nothing past a limit, and position and cash are the sum of the fills."""
    path = shared / name
    if not ticker:
        with gzip.open(path) as lines:
            ticker = json.loads(lines.readline())["ticker"]
    exchange = recorded_exchange(path, ticker, start=START, flow=flow, seed=11)
    grid = exchange.listings[ticker].terms.grid
    rng = random.Random(4)
    for step in range(150):
        now = at(step * 3)
        book = exchange.listing(now, ticker).book.book()
        around = rng.choice(book.bids + book.asks)[0] if book.bids + book.asks else 5_000
        price = grid.floor(around + rng.randint(-300, 300)) or grid.ceil(around)
        resting = list(exchange.ledger.resting(ticker).values())
        assert price is not None
        try:
            if resting and rng.random() < 0.4:
                one = rng.choice(resting)
                total = Quantity(one.filled + rng.randint(1, 9_000))
                exchange.amend(now, one.order_id, AmendBody(ticker=ticker, side=one.side, price=price, total=total))
            else:
                body = _buy(ticker, price, rng.randint(1, 400))
                tif = rng.choice(list(TimeInForce))
                exchange.create(
                    now, replace(body, side=rng.choice(list(Side)), time_in_force=tif, post_only=rng.random() < 0.3)
                )
        except OrderRefused:
            continue
    fills = exchange.ledger.fills
    orders = {order.order_id: order for order in exchange.ledger.orders()}
    assert fills
    assert len({record.fill.fill_id for record in fills}) == len(fills)
    for order in orders.values():
        mine = [record.fill for record in fills if record.fill.order_id == order.order_id]
        assert order.filled == sum(fill.quantity for fill in mine) <= order.total
        assert order.charged == sum(fill.fee for fill in mine)
    position = sum(record.side.sign * record.fill.quantity for record in fills)
    paid = sum(record.side.sign * record.fill.price * record.fill.quantity + record.fill.fee for record in fills)
    held = exchange.account.position(ticker)
    locked_by_no = max(0, -position) * 10_000
    assert (position, STARTING_CASH - paid - locked_by_no) == (held.quantity, exchange.account.cash)

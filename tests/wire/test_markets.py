"""Markets, fees, trades and directions, beyond the round trips."""

import json
from fractions import Fraction

import pytest

from depthwalk.domain.book import Book
from depthwalk.domain.grid import STRUCTURES, Band, Grid
from depthwalk.domain.market import FeeType, MarketStatus
from depthwalk.domain.order import Outcome, Side
from depthwalk.domain.units import Instant, Price, Quantity, parse_instant
from depthwalk.wire.direction import directions, side_of
from depthwalk.wire.fees import EventInfo, SeriesFees, compose_fees, decode_event, decode_series, encode_series
from depthwalk.wire.markets import MarketRecord, decode_market, decode_markets, encode_market, market_object
from depthwalk.wire.scalars import WireError, dumps
from depthwalk.wire.trades import decode_trades

_NOON = parse_instant("2026-11-01T12:00:00Z")


def _body(**changes: object) -> bytes:
    market: dict[str, object] = {
        "ticker": "T",
        "event_ticker": "E",
        "status": "active",
        "close_time": "2026-11-02T00:00:00Z",
        "price_level_structure": "no_such_label",
        "price_ranges": [{"start": "0.0000", "end": "1.0000", "step": "0.0100"}],
    }
    return json.dumps({"market": market | changes}).encode()


def test_ranges_are_the_authority() -> None:
    """The label says nothing: an unknown one, or one that contradicts, is not looked at."""
    assert STRUCTURES["linear_cent"] == decode_market(_body()).grid
    assert STRUCTURES["linear_cent"] == decode_market(_body(price_level_structure="deci_cent")).grid


def test_ranges_in_any_order() -> None:
    """Bands are sorted by us."""
    ranges = [
        {"start": "0.9000", "end": "1.0000", "step": "0.0010"},
        {"start": "0.0000", "end": "0.1000", "step": "0.0010"},
        {"start": "0.1000", "end": "0.9000", "step": "0.0100"},
    ]
    assert STRUCTURES["tapered_deci_cent"] == decode_market(_body(price_ranges=ranges)).grid


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"status": "sleeping"}, "market.status"),
        ({"price_ranges": []}, "market.price_ranges"),
        ({"price_ranges": [{"start": "0", "end": "1", "step": "0.3"}]}, "market.price_ranges[0]"),
        ({"price_ranges": [{"start": "0", "end": "1", "step": "0.00001"}]}, "market.price_ranges[0].step"),
        ({"close_time": "tomorrow"}, "market.close_time"),
        ({"market_type": "ternary"}, "market.market_type"),
        ({"ticker": ""}, "market.ticker"),
    ],
)
def test_what_we_do_not_know_is_refused_with_its_path(changes: dict[str, object], path: str) -> None:
    """An unknown status, an impossible grid, a time that is none: each names its field."""
    with pytest.raises(WireError) as caught:
        decode_market(_body(**changes))
    assert path == caught.value.path


def test_null_and_missing_optional_fields() -> None:
    """An older market says neither shard nor waiver; a null list of markets is an empty page."""
    record = decode_market(_body(exchange_index=None, fee_waiver_expiration_time=None, close_time=None))
    assert 0 == record.exchange_index
    assert record.close_time is None
    page = decode_markets(b'{"markets":null,"cursor":null}')
    assert () == page.items
    assert page.cursor is None


def test_a_written_market_shows_the_top_of_its_book() -> None:
    """Both outcomes' prices, and the venue's markers where a side is empty."""
    record = MarketRecord(ticker="T", event_ticker="E", status=MarketStatus.ACTIVE, grid=STRUCTURES["linear_cent"])
    book = Book.of_levels(bids=[(Price(4200), Quantity(1300))], asks=[])
    written = market_object(record, book=book, opened_at=Instant(0), updated_at=Instant(0))
    keys = ("yes_bid_dollars", "yes_ask_dollars", "no_bid_dollars", "no_ask_dollars", "yes_bid_size_fp", "yes_ask_size_fp")
    assert ("0.4200", "1.0000", "0.0000", "0.5800", "13.00", "0.00") == tuple(written[key] for key in keys)
    assert record == decode_market(dumps(encode_market(written)))


def test_a_grid_without_a_name_is_written_by_its_ranges() -> None:
    """The label of an unpublished grid is empty; its ranges still tell all."""
    grid = Grid((Band(Price(0), Price(10_000), Price(2_500)),))
    record = MarketRecord(ticker="T", event_ticker="E", status=MarketStatus.ACTIVE, grid=grid)
    written = market_object(record, opened_at=Instant(0), updated_at=Instant(0))
    assert "" == written["price_level_structure"]
    assert grid == decode_market(dumps(encode_market(written))).grid


@pytest.mark.parametrize(
    ("text", "multiplier"), [("0.5", Fraction(1, 2)), ("1", Fraction(1)), ("0.07", Fraction(7, 100)), ("1e-1", Fraction(1, 10))]
)
def test_multipliers_are_exact(text: str, multiplier: Fraction) -> None:
    """A JSON number is read as it is written, never through a float."""
    body = f'{{"series":{{"ticker":"S","fee_type":"quadratic","fee_multiplier":{text}}}}}'.encode()
    assert multiplier == decode_series(body).multiplier


@pytest.mark.parametrize("text", ["-1", "1e999999999", "1e-999999999", "1001"])
def test_absurd_multipliers_are_refused(text: str) -> None:
    """A legal JSON number can still be no multiplier, and must not cost the memory of the machine."""
    body = f'{{"series":{{"ticker":"S","fee_type":"quadratic","fee_multiplier":{text}}}}}'.encode()
    with pytest.raises(WireError, match="fee_multiplier"):
        decode_series(body)


def test_a_multiplier_without_a_decimal_form_is_not_written() -> None:
    """One third cannot be said in JSON; it is refused rather than rounded."""
    with pytest.raises(WireError, match="1/3"):
        encode_series(SeriesFees(ticker="S", fee_type=FeeType.QUADRATIC, multiplier=Fraction(1, 3)))


def test_unknown_fee_type_is_refused() -> None:
    """A new fee type means fees we cannot compute."""
    with pytest.raises(WireError, match=r"series\.fee_type: Invalid enum value 'cubic'"):
        decode_series(b'{"series":{"ticker":"S","fee_type":"cubic","fee_multiplier":1}}')


def test_overrides_of_the_event_win() -> None:
    """Each part of the override stands by itself."""
    record = decode_market(_body())
    series = SeriesFees(ticker="S", fee_type=FeeType.QUADRATIC, multiplier=Fraction(1))
    plain = EventInfo(event_ticker="E", series_ticker="S")
    event = decode_event(
        b'{"event":{"event_ticker":"E","series_ticker":"S","fee_type_override":"quadratic_with_maker_fees",'
        b'"fee_multiplier_override":0.5}}'
    )
    assert FeeType.QUADRATIC is compose_fees(record, plain, series, at=_NOON).fee_type
    overridden = compose_fees(record, event, series, at=_NOON)
    assert (FeeType.QUADRATIC_WITH_MAKER_FEES, Fraction(1, 2)) == (overridden.fee_type, overridden.multiplier)


@pytest.mark.parametrize(("until", "waived"), [("2026-11-01T12:00:00.000001Z", True), ("2026-11-01T12:00:00Z", False)])
def test_a_waiver_holds_until_it_expires(until: str, *, waived: bool) -> None:
    """At the very time of its end it no longer holds."""
    record = decode_market(_body(fee_waiver_expiration_time=until))
    series = SeriesFees(ticker="S", fee_type=FeeType.QUADRATIC, multiplier=Fraction(1))
    assert waived is compose_fees(record, EventInfo(event_ticker="E", series_ticker="S"), series, at=_NOON).waived


def test_direction_is_one_bit_under_many_names() -> None:
    """Bid is yes is buy; the legacy side stays yes for both."""
    assert {"outcome_side": "no", "book_side": "ask", "side": "yes", "action": "sell"} == directions(Side.SELL)
    assert {"outcome_side": "yes", "book_side": "bid"} == directions(Side.BUY, legacy=False)
    assert Side.SELL is side_of(None, Outcome.NO, "p")
    assert Side.BUY is side_of(None, Outcome.YES, "p")


def test_contradicting_or_missing_directions_are_refused() -> None:
    """An order whose direction is unclear is not read at all."""
    with pytest.raises(WireError, match="says bid, but the outcome side says no"):
        side_of(Side.BUY, Outcome.NO, "orders[0].book_side")
    with pytest.raises(WireError, match="missing"):
        side_of(None, None, "orders[0].book_side")


def test_unknown_direction_of_a_trade_is_refused() -> None:
    """A side that is neither names its path."""
    body = (
        b'{"trades":[{"trade_id":"1","ticker":"T","count_fp":"1.00","yes_price_dollars":"0.5000",'
        b'"created_time":"2026-11-01T12:00:00Z","taker_book_side":"middle"}]}'
    )
    with pytest.raises(WireError, match=r"taker_book_side: Invalid enum value 'middle'"):
        decode_trades(body)

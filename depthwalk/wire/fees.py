"""What a market charges: the fee data of its series, the overrides of its event, the waiver of the market itself.

The formula is in `analysis/fees.py`; only the data is here. Source: kalshi-api.md sections 5.6 and 8.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

import msgspec

from depthwalk.domain.market import FeeSchedule, FeeType
from depthwalk.domain.units import Instant
from depthwalk.wire.markets import MarketRecord
from depthwalk.wire.scalars import Json, WireError, load

_LARGEST: Final = 1_000
_MOST_DIGITS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFees:
    """What a series charges."""

    ticker: str
    fee_type: FeeType
    multiplier: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class EventInfo:
    """Which series an event belongs to, and what it overrides of the series' fees."""

    event_ticker: str
    series_ticker: str
    fee_type: FeeType | None = None
    multiplier: Fraction | None = None


class _Series(msgspec.Struct):
    ticker: str
    fee_type: FeeType
    fee_multiplier: Decimal


class _SeriesReply(msgspec.Struct):
    series: _Series


class _Event(msgspec.Struct):
    event_ticker: str
    series_ticker: str
    fee_type_override: FeeType | None = None
    fee_multiplier_override: Decimal | None = None


class _EventReply(msgspec.Struct):
    event: _Event


def _multiplier(value: Decimal, path: str) -> Fraction:
    """Return a JSON number exactly: 0.07 is seven hundredths, not the float nearest to it."""
    exponent = value.as_tuple().exponent
    # Bounded before it becomes a Fraction: 1e999999999 is legal JSON.
    if not isinstance(exponent, int) or abs(exponent) > _MOST_DIGITS or not 0 <= value <= _LARGEST:
        raise WireError(path, f"{value} cannot be a fee multiplier")
    return Fraction(value)


def _number(multiplier: Fraction) -> int | float:
    """Write a multiplier as the JSON number that reads back as itself. Raises WireError where there is none."""
    if multiplier.denominator == 1:
        return multiplier.numerator
    number = float(multiplier)
    if Fraction(repr(number)) != multiplier:
        raise WireError("fee_multiplier", f"{multiplier} has no short decimal form")
    return number


def decode_series(body: bytes) -> SeriesFees:
    """Read the fees from the reply to `GET /series/{series}`. Raises WireError."""
    raw = load(_SeriesReply, body).series
    multiplier = _multiplier(raw.fee_multiplier, "series.fee_multiplier")
    return SeriesFees(ticker=raw.ticker, fee_type=raw.fee_type, multiplier=multiplier)


def encode_series(fees: SeriesFees) -> Json:
    """Write the reply to `GET /series/{series}`."""
    return {
        "series": {
            "ticker": fees.ticker,
            "title": fees.ticker,
            "frequency": "custom",
            "category": "",
            "categories": [],
            "tags": [],
            "settlement_sources": [],
            "contract_url": "",
            "contract_terms_url": "",
            "fee_type": fees.fee_type.value,
            "fee_multiplier": _number(fees.multiplier),
            "additional_prohibitions": [],
        }
    }


def decode_event(body: bytes) -> EventInfo:
    """Read the reply to `GET /events/{event}`. Raises WireError."""
    raw = load(_EventReply, body).event
    override = raw.fee_multiplier_override
    return EventInfo(
        event_ticker=raw.event_ticker,
        series_ticker=raw.series_ticker,
        fee_type=raw.fee_type_override,
        multiplier=None if override is None else _multiplier(override, "event.fee_multiplier_override"),
    )


def encode_event(event: EventInfo) -> Json:
    """Write the reply to `GET /events/{event}`."""
    written: Json = {
        "event_ticker": event.event_ticker,
        "series_ticker": event.series_ticker,
        "title": event.event_ticker,
        "sub_title": "",
        "mutually_exclusive": False,
        "collateral_return_type": "",
        "available_on_brokers": False,
        "product_metadata": {},
    }
    if event.fee_type is not None:
        written["fee_type_override"] = event.fee_type.value
    if event.multiplier is not None:
        written["fee_multiplier_override"] = _number(event.multiplier)
    return {"event": written, "markets": []}


def compose_fees(record: MarketRecord, event: EventInfo, series: SeriesFees, *, at: Instant) -> FeeSchedule:
    """Return what the market charges at *at* (server time): the event's overrides win, a waiver holds until it expires."""
    return FeeSchedule(
        fee_type=event.fee_type or series.fee_type,
        multiplier=series.multiplier if event.multiplier is None else event.multiplier,
        waived=record.fee_waiver_until is not None and at < record.fee_waiver_until,
    )

"""Hypothesis strategies for domain values, derived from their type hints: a new field or message is covered by itself."""

import dataclasses
from enum import Enum
from fractions import Fraction
from functools import cache
from types import UnionType
from typing import Any, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from depthwalk.domain.book import Book
from depthwalk.domain.grid import STRUCTURES, Grid
from depthwalk.domain.messages import Event, Intent
from depthwalk.domain.order import Action, Outcome, ParentOrder
from depthwalk.domain.units import ONE, Price, Quantity

T = TypeVar("T")

PRICES = st.integers(1, ONE - 1).map(Price)
QUANTITIES = st.integers(1, 10**11).map(Quantity)
_LEVELS = st.lists(st.tuples(PRICES, QUANTITIES), max_size=6)
BOOKS: SearchStrategy[Book] = st.builds(lambda bids, asks: Book.of_levels(bids=bids, asks=asks), _LEVELS, _LEVELS)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_FLOATS = st.floats(allow_nan=False, allow_infinity=False)

PARENTS: SearchStrategy[ParentOrder] = st.builds(
    ParentOrder,
    parent_id=st.text("0123456789abcdef", min_size=1, max_size=32),
    ticker=_TEXTS,
    outcome=st.sampled_from(Outcome),
    action=st.sampled_from(Action),
    quantity=QUANTITIES,
    target=st.none() | PRICES,
    limit=st.none() | PRICES,
)

_SPECIAL: dict[Any, SearchStrategy[Any]] = {
    Book: BOOKS,
    Grid: st.sampled_from(list(STRUCTURES.values())),
    ParentOrder: PARENTS,
    Fraction: st.fractions(0, 10, max_denominator=1000),
    str: _TEXTS,
    bool: st.booleans(),
    int: st.integers(-(2**62), 2**62),
    float: _FLOATS,
    Price: PRICES,
    Quantity: QUANTITIES,
    type(None): st.none(),
    dict[str, object]: st.dictionaries(_TEXTS, st.none() | st.booleans() | st.integers(-9, 9) | _TEXTS | _FLOATS, max_size=3),
    dict[str, str]: st.dictionaries(_TEXTS, _TEXTS, max_size=3),
}


@cache
def values(want: Any) -> SearchStrategy[Any]:
    """Return a strategy for a type as it stands in an annotation."""
    if want in _SPECIAL:
        return _SPECIAL[want]
    if isinstance(want, NewType):
        return st.integers(0, 2**60)
    if get_origin(want) in (Union, UnionType):
        return st.one_of(*(values(each) for each in get_args(want)))
    if get_origin(want) is tuple:
        element, *rest = get_args(want)
        if rest == [...]:
            return st.lists(values(element), max_size=3).map(tuple)
        return st.tuples(*(values(each) for each in get_args(want)))
    if issubclass(want, Enum):
        return st.sampled_from(want)
    hints = get_type_hints(want)
    return st.builds(want, **{each.name: values(hints[each.name]) for each in dataclasses.fields(want)})


EVENTS: SearchStrategy[Event] = values(Event)
INTENTS: SearchStrategy[Intent] = values(Intent)

"""What runs where the API budget is small: the algorithm asked for, the simplest one with a note, or nothing."""

from dataclasses import replace

import pytest

from depthwalk.analysis.budget import Allowance, tokens
from depthwalk.assembly.fallback import Chosen, chosen_within_budget
from depthwalk.assembly.token_price import Rates
from depthwalk.config import Config
from depthwalk.domain.messages import BookChanged, Rules, Started
from depthwalk.domain.units import SECOND, Duration, Instant, Money, seconds
from depthwalk.errors import ExitCode, Refused
from depthwalk.kalshi.throttle import Throttle
from depthwalk.wire.account import AccountLimits, BucketLimit
from depthwalk.wire.faults import Kind
from tests.support.books import book, market
from tests.support.plans import ALLOWANCE, COSTS, PACE
from tests.support.venue import T0, parent

WALKER = "dynamic_depth_walker"
PLENTY = Rates(costs=COSTS, allowance=ALLOWANCE)


def _chosen(
    rates: Rates,
    name: str = WALKER,
    *,
    running: int = 1,
    shown: str = "40x100 | 44x50",
    age: float = 0,
    rules: Rules | None = None,
    **overrides: object,
) -> Chosen:
    config = Config()
    started = Started(at=T0, parent=parent(6_000), market=market(), rules=rules or Rules())
    seen = BookChanged(at=T0, book=book(shown), confirmed_at=Instant(T0 - seconds(age)))
    params = config.params_for(name, None, overrides)
    return chosen_within_budget(
        name, params, config=config, overrides=overrides, started=started, seen=seen, rates=rates, running=running
    )


def _with(**changes: int) -> Rates:
    return replace(PLENTY, allowance=replace(ALLOWANCE, **changes))


def test_what_fits_runs_as_asked() -> None:
    """The basic tier holds the walker, alone and with nine others."""
    for running in (1, 10):
        chosen = _chosen(PLENTY, running=running)
        assert (WALKER, None) == (chosen.name, chosen.note)
        assert chosen.params == Config().params_for(WALKER)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"write_rate": 2_000, "write_capacity": 10_000}, "up to 274 write tokens, 120 let through"),
        ({"read_rate": 9_000, "read_capacity": 10_000}, "read tokens, 505 let through"),
        ({"calls_per_minute": 90, "calls_at_once": 9}, "calls, 83 let through"),
    ],
)
def test_what_does_not_fit_is_simple_instead(changes: dict[str, int], words: str) -> None:
    """Each of the three buckets can be the one; the note has the bound, what is let through in 40 + 15 s, and what runs."""
    chosen = _chosen(_with(**changes))
    assert "simple_limit" == chosen.name
    assert chosen.note is not None
    assert chosen.note.startswith(f"no API budget for {WALKER}: up to ")
    assert words in chosen.note
    assert chosen.note.endswith("; simple_limit instead")


def test_the_simple_one_keeps_what_the_request_says() -> None:
    """--timeout and --end hold for it as well; the rest is its own section, and what it does not know is left out."""
    chosen = _chosen(_with(write_rate=500, write_capacity=20_000), timeout_seconds=50, end_action="cancel", max_walks=9)
    assert Config().params_for("simple_limit", None, {"timeout_seconds": 50}) == chosen.params


def test_the_budget_is_divided_among_those_that_run() -> None:
    """What fits alone does not fit beside nine; less than one counts as one."""
    rates = _with(calls_per_minute=400, calls_at_once=40)
    assert [WALKER, WALKER, "simple_limit"] == [_chosen(rates, running=running).name for running in (0, 1, 5)]


@pytest.mark.parametrize("name", [WALKER, "simple_limit"])
def test_where_nothing_fits_it_is_refused(name: str) -> None:
    """Exit 4, with the numbers, who shares it and where it is set."""
    with pytest.raises(Refused) as caught:
        _chosen(_with(write_rate=100, write_capacity=9_000), name, running=3)
    assert ExitCode.REFUSED is caught.value.exit_code
    assert f"no API budget for {name}: up to" in caught.value.message
    assert "simple_limit: up to 12 write tokens, 4 let through" in caught.value.message
    assert "rate_limit (the account's own limits) is set in the built-in defaults; 3 executions share it" == caught.value.hint


def test_on_a_book_that_it_waits_for_it_splits_as_it_may() -> None:
    """Crossed, or too old: no first decision, so the one on a plain book is priced."""
    tight = _with(write_rate=3_000, write_capacity=10_000)
    assert [WALKER, "simple_limit"] == [
        _chosen(rates, shown="45x10 | 44x50").name for rates in (_with(write_rate=6_000, write_capacity=10_000), tight)
    ]
    assert "simple_limit" == _chosen(tight, age=30).name


def test_what_would_be_refused_anyway_is_not_replaced() -> None:
    """Nobody offers, or too dear: the run says so itself, whatever the budget."""
    nothing = _with(write_rate=0, write_capacity=0)
    assert WALKER == _chosen(nothing, shown="40x10 |").name
    assert WALKER == _chosen(nothing, rules=Rules(max_notional=Money(1))).name


@pytest.mark.parametrize("calls", [2, 7, 90, 250])
@pytest.mark.parametrize("period", [15, 55, 300])
def test_calls_are_counted_as_the_throttle_lets_them_pass(calls: int, period: int) -> None:
    """As many reads as the budget says leave within the period, and not one more (a call is counted when it may leave)."""
    allowance = Allowance(
        write_rate=1, write_capacity=1, read_rate=1, read_capacity=1, calls_per_minute=calls, calls_at_once=max(1, calls // 10)
    )
    priced = tokens(PACE, COSTS, opening=0, opening_calls=0, allowance=allowance, period=seconds(period))
    wide = BucketLimit(rate=100_000, capacity=100_000)
    throttle = Throttle(
        limits=AccountLimits(tier="", read=wide, write=wide), utilisation=1, cancel_reserve=0, calls_per_minute=calls
    )
    passed = 0
    while throttle.reserve(Instant(0), Kind.READ, 1) <= Duration(period * SECOND):
        passed += 1
    assert passed == priced.calls_budget

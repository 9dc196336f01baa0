"""`plan` as the assembly builds it: the same first decision as a real execution, and bounds that real executions keep."""

import json
import re
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from pytest_httpx import HTTPXMock

from depthwalk import assembly
from depthwalk.analysis.plans import Plan, PlanSheet
from depthwalk.assembly import ExecuteRequest
from depthwalk.clock import SystemClock
from depthwalk.domain.messages import BookChanged, SubmitOrder
from depthwalk.domain.order import Action, Outcome
from depthwalk.domain.result import ExecutionResult
from depthwalk.domain.units import DOLLAR, Money, Price, Quantity, parse_instant
from depthwalk.errors import Unreachable, UsageError
from depthwalk.executors.registry import ALGORITHMS
from depthwalk.paper.app import create_app
from depthwalk.paper.build import synthetic_exchange
from depthwalk.reports.live_view import NullView
from depthwalk.storage.database import Database, open_database
from depthwalk.storage.executions import list_executions, load_journal
from depthwalk.storage.journal import ExecutionJournal
from depthwalk.storage.limits import DayLimit
from depthwalk.storage.paper_account import reset_paper
from tests.support.executions import start
from tests.support.results import START


def _request(folder: Path, **changes: object) -> ExecuteRequest:
    base = ExecuteRequest(
        ticker="PAPER-MODERATE",
        outcome=Outcome.YES,
        action=Action.BUY,
        quantity=Quantity(6_000),
        simulated=True,
        seed=7,
        database_path=folder / "test.sqlite",
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def _plan_of(sheet: PlanSheet, algorithm: str) -> Plan:
    return next(plan for plan in sheet.plans if plan.algorithm == algorithm)


PAIRS = [(outcome, action) for outcome in Outcome for action in Action]
MARKETS = [("PAPER-THIN", 1), ("PAPER-MODERATE", 7), ("PAPER-LIQUID", 3)]
RUNS = [
    *((algorithm, *PAIRS[(k + n) % 4], *where) for k, algorithm in enumerate(ALGORITHMS) for n, where in enumerate(MARKETS)),
    *(("dynamic_depth_walker", *pair, "PAPER-MODERATE", 5) for pair in PAIRS),
]
"""Every algorithm in every market, and every side of the book."""


def _check_bounds(plan: Plan, result: ExecutionResult) -> None:
    assert plan.tokens is not None
    assert result.api.write_tokens <= plan.tokens.writes_at_most
    assert result.api.read_tokens <= plan.tokens.reads_at_most
    assert result.api.calls <= plan.tokens.calls_at_most


@pytest.mark.parametrize(("algorithm", "outcome", "action", "ticker", "seed"), RUNS)
def test_a_plan_is_what_an_execution_sends_first(
    tmp_path: Path, ticker: str, seed: int, outcome: Outcome, action: Action, algorithm: str
) -> None:
    """Same seed, same flags: the same book, arrival and first orders; and the run keeps to the plan's bounds."""
    request = _request(tmp_path, ticker=ticker, seed=seed, outcome=outcome, action=action)
    plan = _plan_of(assembly.plan(request), algorithm)
    result = assembly.execute(replace(request, algorithm=algorithm), NullView())

    with open_database(tmp_path / "test.sqlite") as database:
        journal = load_journal(database, result.execution_id)
    first = next(intents for event, intents in journal if isinstance(event, BookChanged))
    sent = [intent for intent in first if isinstance(intent, SubmitOrder)]
    own = result.parent.own_price
    assert [(order.split + 1, own(order.price), order.quantity) for order in sent] == [
        (order.level, order.price, order.quantity) for order in plan.orders
    ]
    assert plan.arrival == result.arrival
    _check_bounds(plan, result)
    worst = plan.worst
    assert worst is not None
    if action is Action.BUY:
        assert result.paid + result.fees <= (worst.total(action) or 0)


@pytest.mark.parametrize(
    "section",
    [
        "twap: {passive: true}",
        "twap: {slices: 40}",
        "twap: {timeout_seconds: 300, end_action: cancel}",
        "dynamic_depth_walker: {trade_imbalance: true, max_walks: 30}",
    ],
)
def test_the_bounds_are_of_what_an_algorithm_says_of_itself(tmp_path: Path, section: str) -> None:
    """A resting order that grows, many slices, few in a long time, the tape: whatever the parameters, a run keeps to them."""
    config = tmp_path / "c.yaml"
    config.write_text(f"algorithms: {{{section}}}", encoding="utf-8")
    request = _request(tmp_path, algorithm=section.partition(":")[0], config_path=config, quantity=Quantity(20_000))
    (plan,) = assembly.plan(request).plans
    _check_bounds(plan, assembly.execute(request, NullView()))


def test_a_plan_sends_nothing_and_records_nothing(tmp_path: Path) -> None:
    """No execution on record afterwards, whatever was planned."""
    sheet = assembly.plan(_request(tmp_path))
    assert list(ALGORITHMS) == [plan.algorithm for plan in sheet.plans]
    assert "simple_limit" == sheet.chosen
    with open_database(tmp_path / "test.sqlite") as database:
        assert not list_executions(database)


def test_only_the_named_algorithm_and_a_method_for_its_own(tmp_path: Path) -> None:
    """--algo narrows the sheet; --method changes the algorithm it belongs to, which execute would then run."""
    assert ["dynamic_depth_walker"] == [
        plan.algorithm for plan in assembly.plan(_request(tmp_path, algorithm="dynamic_depth_walker")).plans
    ]
    config = tmp_path / "c.yaml"
    config.write_text("methods: {short: {algorithm: dynamic_depth_walker, timeout_seconds: 8}}", encoding="utf-8")
    sheet = assembly.plan(_request(tmp_path, method="short", config_path=config))
    assert "dynamic_depth_walker" == sheet.chosen
    horizons = {plan.algorithm: plan.horizon for plan in sheet.plans}
    assert (30_000_000, 8_000_000) == (horizons["simple_limit"], horizons["dynamic_depth_walker"])
    assert ("dynamic_depth_walker",) == sheet.detailed


def test_every_algorithm_says_what_may_come_of_it(tmp_path: Path) -> None:
    """With the same seed the same; what a forecast fills is within what was asked for, and its cost within the worst case."""
    sheets = [assembly.plan(_request(tmp_path)) for _ in range(2)]
    assert sheets[0] == sheets[1]
    for plan in sheets[0].plans:
        assert plan.forecast is not None
        assert plan.worst is not None
        assert 0 < plan.forecast.filled.quantity <= 6_000
        assert (plan.forecast.filled.total(Action.BUY) or 0) <= (plan.worst.total(Action.BUY) or 0)


def test_a_run_that_is_too_long_to_follow_has_no_forecast(tmp_path: Path) -> None:
    """None, not nothing filled; the first orders and their chances are there."""
    config = tmp_path / "c.yaml"
    config.write_text("risk: {max_notional: 5000}", encoding="utf-8")
    day = {"timeout_seconds": 86_400.0}
    request = _request(
        tmp_path, quantity=Quantity(100_000), algorithm="simple_limit", overrides=day, config_path=config, limit=Price(100)
    )
    (plan,) = assembly.plan(request).plans
    assert (None, None) == (plan.forecast, plan.filled_share)
    assert plan.orders


def test_what_one_algorithm_does_not_know_is_said(tmp_path: Path) -> None:
    """The one that would run knows it; the others are planned without, with a note."""
    config = tmp_path / "c.yaml"
    config.write_text("execution: {algorithm: dynamic_depth_walker}", encoding="utf-8")
    sheet = assembly.plan(_request(tmp_path, config_path=config, overrides={"urgency": 1.0}))
    assert list(ALGORITHMS) == [plan.algorithm for plan in sheet.plans]
    assert "simple_limit has no urgency" in sheet.notes
    assert not any("dynamic_depth_walker" in note for note in sheet.notes)


def test_auto_shows_both_arms_and_what_decides(tmp_path: Path) -> None:
    """The share of the book's class is a note; which one runs is for each run to draw, so none is marked but at 0 and 1."""
    config = tmp_path / "c.yaml"
    config.write_text("rollout: {share: 0.25}", encoding="utf-8")
    sheet = assembly.plan(_request(tmp_path, algorithm="auto", config_path=config))
    both = ("simple_limit", "dynamic_depth_walker")
    assert both == tuple(plan.algorithm for plan in sheet.plans) == sheet.detailed
    assert (None, None) == (sheet.chosen, sheet.refused)
    assert sheet.book is not None
    said = f"in a {sheet.book.liquidity.value} book dynamic_depth_walker has the share 0.25"
    assert [True] == [said in note for note in sheet.notes]
    for share, name in zip((0, 1), both, strict=True):
        config.write_text(f"rollout: {{share: {share}}}", encoding="utf-8")
        assert name == assembly.plan(_request(tmp_path, algorithm="auto", config_path=config)).chosen


def test_a_tape_that_cannot_be_read_is_said(tmp_path: Path, httpx_mock: HTTPXMock) -> None:
    """The class stands alone, and a note says why; everything else is there."""
    config = tmp_path / "c.yaml"
    config.write_text("execution: {max_retries: 0}", encoding="utf-8")
    httpx_mock.add_exception(httpx.ConnectError("no tape today"), url=re.compile(r".*/markets/trades.*"))
    _as_venue(httpx_mock)
    sheet = assembly.plan(_request(tmp_path, environment="demo", seed=None, simulated=False, config_path=config))
    assert any("the public trades could not be read" in note for note in sheet.notes)
    assert sheet.flow is not None
    assert sheet.flow.tape is None
    assert all(plan.forecast is not None for plan in sheet.plans)


def test_objections_are_listed_and_the_plan_is_made_all_the_same(tmp_path: Path) -> None:
    """Above risk.max_count: said, with what the order would do; the money at the cap is each algorithm's own matter."""
    config = tmp_path / "c.yaml"
    config.write_text('risk: {max_count: 50, max_notional: "20"}', encoding="utf-8")
    sheet = assembly.plan(_request(tmp_path, config_path=config))

    assert ["count 60.00 is above risk.max_count 50.00"] == [each.message for each in sheet.objections]
    assert sheet.refused == sheet.objections[0].message
    assert all("risk.max_notional" in (plan.refused or "") for plan in sheet.plans)
    assert all(plan.orders == () and plan.tokens is None for plan in sheet.plans)
    assert sheet.book is not None


def _running(database: Database, dollars: int) -> None:
    """Have an execution under way that may put so many dollars at stake."""
    most = Money(dollars * DOLLAR)
    ExecutionJournal.begin(database, start(reserved=most), day=DayLimit.of(most, now=START, origin="here"))


def test_every_limit_is_listed(tmp_path: Path) -> None:
    """Kill switch, count, the day, the cash: all of them at once, each with where it is set or what to do."""
    (tmp_path / "STOP").touch()
    config = tmp_path / "c.yaml"
    config.write_text(
        'risk: {max_count: 50, max_notional: "20000", max_daily_notional: "10", kill_switch_file: STOP}', encoding="utf-8"
    )
    request = _request(tmp_path, config_path=config, seed=None, simulated=False, quantity=Quantity(2_000_000))
    with open_database(tmp_path / "test.sqlite") as database:
        _running(database, 10)
        reset_paper(database, at=START, cash=Money(DOLLAR))
    sheet = assembly.plan(request)

    for words, objection in zip(
        ("the kill switch is on", "risk.max_count 50.00", "nothing is left today of risk.max_daily_notional 10", "shard 0"),
        sheet.objections,
        strict=True,
    ):
        assert words in objection.message
        assert str(config) in (objection.hint or "") or "paper reset" in (objection.hint or "")


def test_what_is_left_of_the_day_holds_for_the_plan(tmp_path: Path) -> None:
    """12 dollars left, 60 contracts: refused by that limit; a seeded or simulated run has a day of its own."""
    config = tmp_path / "c.yaml"
    config.write_text('risk: {max_daily_notional: "112"}', encoding="utf-8")
    with open_database(tmp_path / "test.sqlite") as database:
        _running(database, 100)
    request = _request(tmp_path, config_path=config, seed=None, simulated=False)
    for plan in assembly.plan(request).plans:
        assert "what is left today of risk.max_daily_notional 112.000000" in (plan.refused or "")
        assert f"(set in {config}) is 12.000000" in (plan.refused or "")
    for alone in (replace(request, seed=7), replace(request, simulated=True)):
        assert [None] * len(ALGORITHMS) == [plan.refused for plan in assembly.plan(alone).plans]


def test_a_budget_that_is_too_small_is_noted(tmp_path: Path) -> None:
    """90 calls a minute do not hold the walker: the plan of what runs instead stands beside it; 20 hold nothing."""
    config = tmp_path / "c.yaml"
    config.write_text("rate_limit: {calls_per_minute: 90}", encoding="utf-8")
    sheet = assembly.plan(_request(tmp_path, config_path=config, algorithm="dynamic_depth_walker"))
    assert ("simple_limit", ["dynamic_depth_walker", "simple_limit"]) == (
        sheet.chosen,
        [plan.algorithm for plan in sheet.plans],
    )
    assert [True] == [note.startswith("no API budget for dynamic_depth_walker: up to ") for note in sheet.notes]
    assert sheet.refused is None

    config.write_text("rate_limit: {calls_per_minute: 90}\nexecution: {algorithm: spread_walker}", encoding="utf-8")
    drawn = assembly.plan(_request(tmp_path, config_path=config, algorithm="auto"))
    assert ["spread_walker", "dynamic_depth_walker", "simple_limit"] == [plan.algorithm for plan in drawn.plans]

    config.write_text("rate_limit: {calls_per_minute: 20}", encoding="utf-8")
    sheet = assembly.plan(_request(tmp_path, config_path=config, algorithm="dynamic_depth_walker"))
    assert "no API budget for dynamic_depth_walker" in (sheet.refused or "")
    assert str(config) in (sheet.objections[0].hint or "")


def test_a_book_that_cannot_be_traded_on_is_said(tmp_path: Path) -> None:
    """Nobody on the other side: refused without a target, resting with one. Crossed: wait. Neither is an error."""
    row = {"ts": "2026-05-13T20:20:37Z", "ticker": "T", "yes": [["0.40", "10"]], "no": [["0.50", "10"]]}
    lines = [
        row,
        {**row, "ts": "2026-05-13T20:30:00Z", "no": []},
        {**row, "ts": "2026-05-13T20:40:00Z", "yes": [["0.60", "1"]]},
    ]
    path = tmp_path / "b.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    request = _request(tmp_path, ticker="T", books=path)

    sheet = assembly.plan(request)
    assert sheet.book is not None
    assert (Price(4_000), Price(5_000)) == (sheet.book.bid, sheet.book.ask)
    one_sided = replace(request, books_at=parse_instant("2026-05-13T20:30:00Z"))
    sheet = assembly.plan(one_sided)
    assert "nobody offers the other side and no target was given" == sheet.refused
    sheet = assembly.plan(replace(one_sided, target=Price(4_500)))
    assert sheet.refused is None
    assert all(plan.sweet_spot is None and not plan.taking.quantity for plan in sheet.plans if plan.orders)
    sheet = assembly.plan(replace(request, books_at=parse_instant("2026-05-13T20:40:00Z")))
    assert (None, None) == (sheet.refused, sheet.book)
    assert ["the book is crossed"] * len(ALGORITHMS) == [plan.hold for plan in sheet.plans]


def test_prices_off_the_grid_are_refused_as_by_execute(tmp_path: Path) -> None:
    """The same words, exit 2: there is no plan for an order that cannot exist."""
    request = _request(tmp_path, limit=Price(4_250))
    with pytest.raises(UsageError) as planned:
        assembly.plan(request)
    with pytest.raises(UsageError) as executed:
        assembly.execute(request, NullView())
    assert executed.value.message == planned.value.message


def _as_venue(httpx_mock: HTTPXMock) -> list[httpx.Request]:
    """Let a paper exchange answer for a real venue, and return what it is asked."""
    clock = SystemClock()
    exchange = synthetic_exchange(5, clock.now())
    transport = httpx.ASGITransport(app=create_app(exchange, clock, {}))
    asked: list[httpx.Request] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        reply = await transport.handle_async_request(request)
        return httpx.Response(reply.status_code, headers=reply.headers, content=await reply.aread())

    httpx_mock.add_callback(answer, is_reusable=True)
    return asked


def test_a_real_book_is_read_without_a_key(tmp_path: Path, httpx_mock: HTTPXMock) -> None:
    """Public reads only, nothing signed; that our own orders are not known is said, and that execute needs a key."""
    asked = _as_venue(httpx_mock)
    sheet = assembly.plan(_request(tmp_path, environment="demo", seed=None, simulated=False))

    assert ("demo", "rest", None) == (sheet.environment, sheet.source, sheet.seed)
    assert all(plan.orders for plan in sheet.plans)
    assert any("without a key" in note for note in sheet.notes)
    assert "demo needs a key" in (sheet.refused or "")
    assert {"GET"} == {request.method for request in asked}
    assert not any("/portfolio/" in request.url.path or "/account/" in request.url.path for request in asked)
    assert not any(name.lower().startswith("kalshi") for request in asked for name in request.headers)


def test_live_is_read_before_it_is_enabled(tmp_path: Path, httpx_mock: HTTPXMock) -> None:
    """Both objections of execute stand on the sheet."""
    _as_venue(httpx_mock)
    sheet = assembly.plan(_request(tmp_path, environment="live", seed=None, simulated=False))
    assert ["live is not enabled", "live needs a key"] == [each.message[: len(start)] for each, start in zip(
        sheet.objections, ("live is not enabled", "live needs a key"), strict=True
    )]  # fmt: skip


def test_a_venue_that_cannot_be_reached_is_said(tmp_path: Path, httpx_mock: HTTPXMock) -> None:
    """Exit 5, and no plan."""
    config = tmp_path / "c.yaml"
    config.write_text("execution: {max_retries: 0}", encoding="utf-8")
    httpx_mock.add_exception(httpx.ConnectError("no network"), is_reusable=True)
    with pytest.raises(Unreachable):
        assembly.plan(_request(tmp_path, environment="demo", seed=None, simulated=False, config_path=config))


def test_an_unknown_ticker_of_a_real_venue_is_not_looked_for_on_paper(tmp_path: Path, httpx_mock: HTTPXMock) -> None:
    """Exit 2, with where tickers of that environment come from."""
    _as_venue(httpx_mock)
    with pytest.raises(UsageError, match="unknown ticker 'KX-NONE' on demo") as caught:
        assembly.plan(_request(tmp_path, ticker="KX-NONE", environment="demo", seed=None, simulated=False))
    assert "paper" not in (caught.value.hint or "")

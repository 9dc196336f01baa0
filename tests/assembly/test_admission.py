"""Before an order: kill switch, the day as a rule, market, exchange, clocks and cash, as a real client reads them."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from depthwalk.assembly.admission import (
    MAX_SKEW,
    Admitted,
    admitted,
    carried,
    check_open,
    days_limit,
    kill_switch,
    objections_to_clock,
    objections_to_exchange,
    objections_to_market,
    rules_within,
    too_many,
    worst_stake,
)
from depthwalk.clock import ManualClock
from depthwalk.config import Config, load
from depthwalk.domain.market import MarketStatus
from depthwalk.domain.order import Action, Outcome, ParentOrder
from depthwalk.domain.units import CONTRACT, DOLLAR, SECOND, Duration, Instant, Money, Price, Quantity, seconds
from depthwalk.errors import ExitCode, NotAuthorized, Refused, UsageError
from depthwalk.kalshi.client import KalshiClient
from depthwalk.paper.account import AccountState, PositionState
from depthwalk.paper.app import create_app
from depthwalk.paper.exchange import PaperExchange
from depthwalk.ports import ExchangeStatus
from depthwalk.storage.locks import Holder
from tests.support.books import cents, market
from tests.support.kalshi_client import CountingKey, client
from tests.support.paper import START, TICKER, book, exchange

OPEN = ExchangeStatus(exchange_active=True, trading_active=True)
SHOWN = book(bids=[(40, 100)], asks=[(44, 50), (45, 500)])


def _config(folder: Path, text: str) -> Config:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def _order(contracts: int = 60, **changes: object) -> ParentOrder:
    base = ParentOrder(
        parent_id="0" * 32, ticker=TICKER, outcome=Outcome.YES, action=Action.BUY, quantity=Quantity(contracts * CONTRACT)
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def _client(paper: PaperExchange, *, ahead: Duration = Duration(0)) -> KalshiClient:
    """Return a signing client of an exchange whose clock, and so its Date header, is *ahead* of ours."""
    key = CountingKey()
    app = create_app(paper, ManualClock(Instant(START + ahead)), {"key-id": key.key.public_key()})
    transport = httpx.ASGITransport(app)
    return client(clock=ManualClock(START), key=key, transport=transport)


# --- the kill switch ---


def test_the_kill_switch_is_a_file_that_is_there(tmp_path: Path) -> None:
    """None without one configured, none while it is absent; a relative path counts from the config file's folder."""
    assert kill_switch(Config()) is None
    config = _config(tmp_path, "risk: {kill_switch_file: STOP}")
    assert kill_switch(config) is None

    (tmp_path / "STOP").touch()
    refused = kill_switch(config)
    assert refused is not None
    assert ExitCode.REFUSED is refused.exit_code
    assert f"the kill switch is on: {tmp_path / 'STOP'} exists" == refused.message
    assert refused.hint is not None
    assert "risk.kill_switch_file" in refused.hint
    assert str(tmp_path / "mine.yaml") in refused.hint


def _folder(path: Path) -> None:
    path.mkdir()


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _nowhere(path: Path) -> None:
    path.symlink_to(path.with_name("nothing"))


@pytest.mark.parametrize("make", [_folder, _loop, _nowhere])
def test_whatever_bears_its_name_stops(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """A folder, a link onto itself, a link that leads nowhere: somebody put it there."""
    config = _config(tmp_path, "risk: {kill_switch_file: STOP}")
    make(tmp_path / "STOP")
    assert kill_switch(config) is not None


@pytest.mark.parametrize("name", ["mine.yaml/STOP", "x" * 300, "~nobody-of-this-name/STOP"])
def test_a_switch_that_cannot_be_examined_is_on(tmp_path: Path, name: str) -> None:
    """Its folder is a file, its name is too long, its home is unknown: refused, saying so."""
    refused = kill_switch(_config(tmp_path, f"risk: {{kill_switch_file: {name}}}"))
    assert refused is not None
    assert "cannot be examined" in refused.message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look anywhere")
def test_a_switch_behind_a_locked_door_is_on(tmp_path: Path) -> None:
    """No permission to look: refused."""
    config = _config(tmp_path, "risk: {kill_switch_file: room/STOP}")
    (tmp_path / "room").mkdir(mode=0o000)
    refused = kill_switch(config)
    (tmp_path / "room").chmod(0o700)
    assert refused is not None


# --- money ---


@pytest.mark.parametrize(
    ("changes", "dollars"),
    [
        ({}, 60),
        ({"limit": cents(42)}, 25.2),
        ({"limit": cents(42), "action": Action.SELL}, 34.8),
        ({"limit": cents(42), "outcome": Outcome.NO}, 25.2),
        ({"limit": cents(42), "outcome": Outcome.NO, "action": Action.SELL}, 34.8),
        ({"target": cents(42)}, 60),
        ({"quantity": Quantity(900 * CONTRACT)}, 500),
    ],
)
def test_what_an_order_could_cost_before_its_first_book(changes: dict[str, object], dollars: float) -> None:
    """A buyer his limit, a seller the rest of the dollar, a dollar without a limit; at most risk.max_notional."""
    assert round(dollars * DOLLAR) == worst_stake(_order(**changes), Config())


def test_the_rule_goes_by_the_limit_that_is_nearer(tmp_path: Path) -> None:
    """What is left of the day where it is less than risk.max_notional, else that; and each says where it is set."""
    config = _config(tmp_path, 'risk: {max_notional: "80", max_daily_notional: "90"}')
    whole = rules_within(config, Money(80 * DOLLAR))
    assert (80 * DOLLAR, f"risk.max_notional (set in {tmp_path / 'mine.yaml'})") == (
        whole.max_notional,
        whole.max_notional_name,
    )
    assert whole == rules_within(config, None)

    rest = rules_within(config, Money(10 * DOLLAR))
    assert 10 * DOLLAR == rest.max_notional
    assert "what is left today of risk.max_daily_notional 90.000000" in rest.max_notional_name
    assert str(tmp_path / "mine.yaml") in rest.max_notional_name
    assert config.rules() == replace(rest, max_notional=config.risk.max_notional, max_notional_name="risk.max_notional")


def test_the_days_limit_is_that_of_the_configuration() -> None:
    """Its value, from midnight on, and where it comes from."""
    day = days_limit(Config(), START)
    assert (2_000 * DOLLAR, "the built-in defaults") == (day.most, day.origin)
    assert 0 <= START - day.since < 86_400 * SECOND


def test_one_too_many_is_told_who_runs() -> None:
    """The limit, its value, where it is set, and each that runs."""
    holder = Holder(pid=77, execution_id="abcdef0123456789", ticker="T", since=START, command="depthwalk execute T")
    refused = too_many(Config(), [holder])
    assert "execution.max_concurrent_executions is 5" in refused.message
    assert "abcdef01 on T (process 77)" in refused.message
    assert "the built-in defaults" in (refused.hint or "")


# --- market, exchange, clocks ---


@pytest.mark.parametrize("status", [each for each in MarketStatus if each is not MarketStatus.ACTIVE])
def test_only_an_active_market_is_entered(status: MarketStatus) -> None:
    """Every other status is named."""
    found = objections_to_market(replace(market(), status=status), now=START, offset=Duration(0))
    assert [f"market TEST-MARKET is {status.value}, not active"] == [each.message for each in found]


@pytest.mark.parametrize(
    ("left", "offset", "words"),
    [
        (15.0, 0.0, None),
        (14.9, 0.0, "closes in 14.9 s; at least 15 s are needed"),
        (16.0, 2.0, "closes in 14.0 s"),
        (13.0, -3.0, None),
        (0.0, 0.0, "closed at"),
        (1.0, 2.0, "closed at"),
        (-60.0, 0.0, "closed at"),
    ],
)
def test_a_market_about_to_close_is_not_entered(left: float, offset: float, words: str | None) -> None:
    """By the exchange's clock, not by ours."""
    closing = replace(market(), close_time=Instant(START + seconds(left)))
    found = objections_to_market(closing, now=START, offset=seconds(offset))
    assert ([] if words is None else [True]) == [(words or "") in each.message for each in found]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (OPEN, None),
        (ExchangeStatus(exchange_active=True, trading_active=False), "trading is paused on shard 2"),
        (ExchangeStatus(exchange_active=False, trading_active=True), "the exchange is down on shard 2"),
        (ExchangeStatus(exchange_active=False, trading_active=False), "the exchange is down on shard 2"),
    ],
)
def test_a_shard_that_does_not_trade_is_named(status: ExchangeStatus, words: str | None) -> None:
    """Both switches have to be on."""
    found = objections_to_exchange(replace(market(), exchange_index=2), status)
    assert ([] if words is None else [True]) == [(words or "") in each.message for each in found]


def test_the_bound_of_the_clocks() -> None:
    """Five seconds either way are allowed, not a microsecond more; unknown is not zero."""
    for sign in (1, -1):
        assert [] == objections_to_clock(Duration(sign * MAX_SKEW))
        assert [True] == ["differ by" in each.message for each in objections_to_clock(Duration(sign * (MAX_SKEW + 1)))]
    assert [True] == ["do not say its time" in each.message for each in objections_to_clock(None)]


# --- as it is read ---


def _admit(
    paper: PaperExchange, order: ParentOrder, *, ahead: float = 0, environment: str = "demo"
) -> tuple[Admitted, tuple[str, ...]]:
    """Admit an order and ask whether the cash carries it, or raise; nothing is sent either way."""
    reader = _client(paper, ahead=seconds(ahead))
    try:
        found = asyncio.run(admitted(reader, order, Config(), clock=ManualClock(START), environment=environment))
        return found, carried(found, order, max_slippage=0.02, environment=environment)
    finally:
        assert reader.usage.calls
        assert not reader.usage.write_tokens


def _refusal(paper: PaperExchange, order: ParentOrder, *, ahead: float = 0, environment: str = "demo") -> Refused:
    with pytest.raises(Refused) as caught:
        _admit(paper, order, ahead=ahead, environment=environment)
    assert ExitCode.REFUSED is caught.value.exit_code
    return caught.value


def _check(paper: PaperExchange, ticker: str) -> None:
    asyncio.run(check_open(_client(paper), ticker, ManualClock(START), environment="demo"))


def test_what_was_read_of_a_market_that_is_open() -> None:
    """The market, a book that was confirmed when it was asked for, the account's prices of requests; nothing to note."""
    found, notes = _admit(exchange(SHOWN), _order())
    assert (TICKER, SHOWN, ()) == (found.market.ticker, found.means.seen.book, notes)
    assert (10, 2) == (found.rates.costs.create, found.rates.costs.cancel)


@pytest.mark.parametrize(("ahead", "refused"), [(4.4, False), (-4.4, False), (5.6, True), (-5.6, True), (60, True)])
def test_the_skew_is_that_of_the_date_header(ahead: float, refused: bool) -> None:
    """Whole seconds in the header make it right to half a second; the clocks' difference is said with its sign."""
    if refused:
        found = _refusal(exchange(SHOWN), _order(), ahead=ahead)
        assert f"differ by {'+' if ahead > 0 else '-'}" in found.message
    else:
        assert _admit(exchange(SHOWN), _order(), ahead=ahead)[0].market


def test_a_pause_is_seen() -> None:
    """Trading, then the whole exchange; also by who carries an execution on."""
    paper = exchange(SHOWN)
    paper.pause(START, trading=False)
    assert "trading is paused on shard 0" in _refusal(paper, _order()).message
    with pytest.raises(Refused, match="trading is paused"):
        _check(paper, TICKER)
    paper.pause(START, exchange=False)
    assert "the exchange is down on shard 0" in _refusal(paper, _order()).message


class _WithShards(httpx.AsyncBaseTransport):
    """A paper exchange whose status lists two shards, the second of which is paused."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer for the status, pass on everything else."""
        reply = await self._transport.handle_async_request(request)
        if not request.url.path.endswith("/exchange/status"):
            return reply
        up, paused = ({"exchange_active": True, "trading_active": trades} for trades in (True, False))
        shards = [{"exchange_index": 0, **up}, {"exchange_index": 2, **paused}]
        return httpx.Response(200, headers=reply.headers, json={**up, "exchange_index_statuses": shards})


@pytest.mark.parametrize(("shard", "open_there"), [(0, True), (2, False)])
def test_it_is_the_markets_own_shard_that_has_to_trade(shard: int, open_there: bool) -> None:
    """Another shard's pause is nobody's business, and the default's being up no help."""
    paper = exchange(SHOWN)
    paper.listings[TICKER].terms = replace(paper.listings[TICKER].terms, exchange_index=shard)
    transport = _WithShards(httpx.ASGITransport(create_app(paper, ManualClock(START), {})))
    checking = check_open(client(clock=ManualClock(START), transport=transport), TICKER, ManualClock(START), environment="demo")
    if open_there:
        assert TICKER == asyncio.run(checking).ticker
    else:
        with pytest.raises(Refused, match="paused on shard 2"):
            asyncio.run(checking)


def test_the_first_objection_is_the_markets() -> None:
    """Closing, clocks apart and no money: the market first, the clocks before the money."""
    poor = AccountState(cash=Money(0))
    closing = exchange(SHOWN, close=Instant(START + seconds(20)), account=poor)
    assert "closes in" in (_refusal(closing, _order(), ahead=6)).message
    assert "differ by" in (_refusal(exchange(SHOWN, account=poor), _order(), ahead=6)).message
    assert "shard 0" in (_refusal(exchange(SHOWN, account=poor), _order())).message


def test_an_unknown_market_is_no_refusal() -> None:
    """A wrong ticker is a wrong flag."""
    with pytest.raises(UsageError, match="unknown ticker"):
        _check(exchange(SHOWN), "NONE")


def test_a_key_that_is_not_accepted_is_no_matter_of_clocks() -> None:
    """Where they agree, what the exchange said stands: exit 5."""
    reader = client(
        clock=ManualClock(START),
        key=CountingKey(),
        transport=httpx.ASGITransport(create_app(exchange(SHOWN), ManualClock(START), {})),
    )
    with pytest.raises(NotAuthorized):
        asyncio.run(check_open(reader, TICKER, ManualClock(START), environment="demo"))


def test_the_cash_that_counts_is_the_shards() -> None:
    """A rich account, a market on a shard without a cent: the shard and what is there are named, and that it is to be moved."""
    paper = exchange(SHOWN)
    listed = paper.listings[TICKER]
    listed.terms = replace(listed.terms, exchange_index=2)
    found = _refusal(paper, _order())
    assert "shard 2, where TEST-1 is, has 0.000000 dollars" in found.message
    assert "move cash to shard 2" in (found.hint or "")


def test_cash_is_needed_for_what_opens() -> None:
    """60 contracts at 44 cents with fees: 27.44; who is short of 60 contracts needs nothing to buy them back."""
    short = (PositionState(ticker=TICKER, quantity=Quantity(-60 * CONTRACT)),)
    poor = exchange(SHOWN, account=AccountState(cash=Money(27 * DOLLAR)))
    found = _refusal(poor, _order(), environment="paper")
    assert "has 27.000000 dollars: 60.00 contracts at 0.4400 take 27.434" in found.message
    assert "paper reset" in (found.hint or "")

    closing = exchange(SHOWN, account=AccountState(cash=Money(0), positions=short))
    assert () == _admit(closing, _order())[1]


def test_cash_for_the_best_case_only_is_noted() -> None:
    """Enough at the best price, not for all at the cap: it may begin, and says so."""
    paper = exchange(SHOWN, account=AccountState(cash=Money(28 * DOLLAR)))
    order = _order(limit=Price(4_800), target=Price(4_800))
    _, notes = _admit(paper, order)
    assert [True] == ["not enough for all at the cap 0.4800" in each for each in notes]

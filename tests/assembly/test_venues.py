"""Reading demo and live: which host is asked, signed or not, and what is said when nobody answers."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pytest_httpx import HTTPXMock

from depthwalk.assembly.venues import reading_client
from depthwalk.cli.main import main
from depthwalk.config import Config, ExecutionConfig
from depthwalk.domain.messages import SubmitOrder
from depthwalk.domain.order import Side, TimeInForce
from depthwalk.domain.units import Price, Quantity
from depthwalk.errors import Refused, Unreachable, UsageError
from tests.support.kalshi_client import MARKET

HOSTS = {"demo": "external-api.demo.kalshi.co", "live": "external-api.kalshi.com"}
KEY_HEADERS = ("KALSHI-ACCESS-KEY", "KALSHI-ACCESS-SIGNATURE", "KALSHI-ACCESS-TIMESTAMP")
NO_RETRIES = "execution: {max_retries: 0}\n"


def _replies(httpx_mock: HTTPXMock, host: str, *, books: int = 1_000) -> None:
    """Let *host* answer for one market, its trades, and its book so many times."""
    market = {
        "ticker": "KX-A",
        "event_ticker": "KX-E",
        "status": "active",
        "title": "A real one",
        "price_ranges": [{"start": "0.0000", "end": "1.0000", "step": "0.0100"}],
    }
    sides = {"yes_dollars": [["0.4100", "5.00"], ["0.4200", "13.00"]], "no_dollars": [["0.5600", "17.00"]]}
    trade = {
        "trade_id": "t-1",
        "ticker": "KX-A",
        "count_fp": "3.00",
        "yes_price_dollars": "0.4200",
        "created_time": "2999-01-01T00:00:00Z",
        "taker_book_side": "bid",
    }
    answers: dict[str, object] = {
        "/markets/KX-A": {"market": market},
        "/events/KX-E": {"event": {"event_ticker": "KX-E", "series_ticker": "KX"}, "markets": []},
        "/series/KX": {"series": {"ticker": "KX", "fee_type": "quadratic", "fee_multiplier": 1}},
        "/markets": {"markets": [market], "cursor": ""},
        "/markets/KX-A/orderbook": {"orderbook_fp": sides},
        "/markets/trades": {"trades": [trade, {**trade, "trade_id": "t-2", "is_block_trade": True}], "cursor": ""},
    }

    left = iter(range(books))

    def answer(request: httpx.Request) -> httpx.Response:
        assert host == request.url.host
        if request.url.path.endswith("/orderbook") and next(left, None) is None:
            raise httpx.ConnectError("gone")
        return httpx.Response(200, json=answers[request.url.path.removeprefix("/trade-api/v2")])

    httpx_mock.add_callback(answer, is_reusable=True)


def _nobody(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_exception(httpx.ConnectError("Name or service not known"), is_reusable=True)


@pytest.fixture
def patience(tmp_path: Path) -> list[str]:
    """Return the options of a configuration that does not ask twice."""
    path = tmp_path / "quick.yaml"
    path.write_text(NO_RETRIES, encoding="utf-8")
    return ["--config", str(path), "--db", str(tmp_path / "test.sqlite")]


@pytest.mark.parametrize("environment", HOSTS)
def test_real_books_are_read_without_a_key(
    environment: str, httpx_mock: HTTPXMock, patience: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """--env is enough, `live.enabled` or not; only the configured host is asked, and nothing is signed."""
    _replies(httpx_mock, HOSTS[environment])
    assert 0 == main([*patience, "--env", environment, "--json", "book", "KX-A", "--side", "no"])
    found = json.loads(capsys.readouterr().out)
    assert (environment, "rest", "0.5600", "0.5800") == tuple(found[key] for key in ("environment", "source", "bid", "ask"))
    requests = httpx_mock.get_requests()
    assert {HOSTS[environment]} == {request.url.host for request in requests}
    assert not [name for request in requests for name in KEY_HEADERS if name in request.headers]


def test_real_books_and_trades_are_recorded_without_a_key(
    httpx_mock: HTTPXMock, patience: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A lone ticker by its own endpoint; the block trade is left out; the second time nothing is new."""
    _replies(httpx_mock, HOSTS["live"])
    for written, trades in ((True, 1), (False, 0)):
        assert 0 == main([*patience, "--env", "live", "--json", "snapshot", "KX-A"])
        found = json.loads(capsys.readouterr().out)
        assert ("live", written, trades) == (found["environment"], found["written"], found["trades"])
    assert {HOSTS["live"]} == {request.url.host for request in httpx_mock.get_requests()}


def test_requests_are_signed_where_there_is_a_key(
    httpx_mock: HTTPXMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable and the file both; either alone is no key."""
    _replies(httpx_mock, HOSTS["demo"])
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    folder = tmp_path / "signed"
    folder.mkdir()
    (folder / "depthwalk.yaml").write_text("credentials: {private_key_path: key.pem}\n", encoding="utf-8")
    arguments = ["--config", str(folder / "depthwalk.yaml"), "--env", "demo", "-q", "book", "KX-A"]

    def signed() -> bool:
        before = len(httpx_mock.get_requests())
        assert 0 == main(arguments)
        sent = httpx_mock.get_requests()[before:]
        found = {name in request.headers for request in sent for name in KEY_HEADERS}
        assert len(found) == 1
        return found.pop()

    monkeypatch.setenv("KALSHI_API_KEY_ID", "an-id")
    assert not signed()
    (folder / "key.pem").write_bytes(pem)
    (folder / "key.pem").chmod(0o600)
    assert signed()
    monkeypatch.delenv("KALSHI_API_KEY_ID")
    assert not signed()


@pytest.mark.parametrize("environment", HOSTS)
@pytest.mark.parametrize(
    "command", [["book", "KX-A"], ["book", "KX-A", "--watch"], ["snapshot", "KX-A"], ["snapshot", "--series", "KX"]]
)
def test_no_network_is_one_line_with_the_host(
    environment: str, command: list[str], httpx_mock: HTTPXMock, patience: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 5, nothing on standard output."""
    _nobody(httpx_mock)
    assert 5 == main([*patience, "--env", environment, *command])
    captured = capsys.readouterr()
    assert ("", 1) == (captured.out, captured.err.count("\n"))
    assert f"no connection ({HOSTS[environment]})" in captured.err


def test_watching_a_book_goes_on_without_the_network(
    httpx_mock: HTTPXMock, patience: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The first reading must succeed; from then on the old book is shown, called old, with the reason; exit 0."""
    _replies(httpx_mock, HOSTS["demo"], books=2)
    arguments = ["--env", "demo", "--json", "book", "KX-A", "--watch", "--interval", "0.1", "--duration", "0.35"]
    assert 0 == main([*patience, *arguments])
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [None, None, "order book of KX-A: no connection"] == [each["trouble"] for each in found[:3]]
    assert found[1]["read_at"] == found[2]["read_at"]
    assert {"0.4200"} == {each["bid"] for each in found}


def test_a_watch_notes_the_silence_and_ends_well(
    httpx_mock: HTTPXMock, patience: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The gap lasts from the last reading to the end; exit 0, as failures are in the record."""
    _replies(httpx_mock, HOSTS["live"], books=2)
    arguments = ["--env", "live", "--json", "snapshot", "KX-A", "--watch", "--interval", "0.1", "--duration", "0.35"]
    assert 0 == main([*patience, *arguments])
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (gap,) = [each for each in found if each["kind"] == "gap"]
    (beat,) = [each for each in found if each["kind"] == "heartbeat"]
    assert (beat["until"], "order book of KX-A: no connection") == (gap["since"], gap["why"])
    assert ("summary", 1, 1) == (found[-1]["kind"], found[-1]["books"], found[-1]["gaps"])


def test_a_snapshot_without_books_fails(httpx_mock: HTTPXMock, patience: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """For cron: the ticker's line says so, standard error why, exit 5."""
    _replies(httpx_mock, HOSTS["live"], books=0)
    assert 5 == main([*patience, "--env", "live", "snapshot", "KX-A"])
    captured = capsys.readouterr()
    assert "KX-A  no book: order book of KX-A: no connection\n" == captured.out
    assert "depthwalk: order book of KX-A: no connection\n" == captured.err


def test_an_unknown_ticker_is_said(httpx_mock: HTTPXMock, patience: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A 404 of the market is a wrong name, exit 2."""
    httpx_mock.add_response(status_code=404, json={"error": {"code": "not_found", "message": "no"}})
    assert 2 == main([*patience, "--env", "demo", "book", "KX-NONE"])
    assert capsys.readouterr().err.startswith("depthwalk: unknown ticker 'KX-NONE' on demo")


def test_writes_are_refused() -> None:
    """A reading client of a real venue signs and sends no order."""

    async def order() -> None:
        async with reading_client(Config(), "live") as (client, clock, _):
            wish = SubmitOrder(
                client_id="dw-1",
                split=1,
                side=Side.BUY,
                price=Price(4_000),
                quantity=Quantity(100),
                time_in_force=TimeInForce.GOOD_TILL_CANCELED,
                expires_at=clock.now(),
            )
            await client.submit(MARKET, wish)

    with pytest.raises(Refused, match="not sent"):
        asyncio.run(order())


def test_only_a_silent_host_is_named(httpx_mock: HTTPXMock) -> None:
    """Where somebody answered, the answer speaks for itself; other errors pass through."""
    httpx_mock.add_response(status_code=503, json={})
    config = Config(execution=ExecutionConfig(max_retries=0))

    async def read(error: Exception | None) -> None:
        async with reading_client(config, "demo") as (client, _, _):
            if error is not None:
                raise error
            await client.book("KX-A")

    with pytest.raises(Unreachable) as caught:
        asyncio.run(read(None))
    assert HOSTS["demo"] not in caught.value.message
    with pytest.raises(UsageError, match="mine"):
        asyncio.run(read(UsageError("mine")))


def test_paper_needs_no_network(httpx_mock: HTTPXMock) -> None:
    """The embedded exchange: a seed makes the same world, the client is in this process."""

    async def ticker() -> str:
        async with reading_client(Config(), "paper", seed=1) as (client, _, source):
            assert "synthetic" == source
            return (await client.market("PAPER-THIN")).ticker

    assert "PAPER-THIN" == asyncio.run(ticker())
    assert [] == httpx_mock.get_requests()

import asyncio
import json
import os
import signal
import socket
import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

import httpx
import pytest

from depthwalk.assembly.budget import private_throttle
from depthwalk.assembly.served import served_client, venue_of
from depthwalk.cli.main import main
from depthwalk.clock import SystemClock
from depthwalk.config import Config, load
from depthwalk.domain.messages import SubmitOrder
from depthwalk.domain.order import Side, TimeInForce
from depthwalk.domain.units import SECOND, Duration, Price, Quantity, parse_instant
from depthwalk.errors import InDoubt, Unreachable, UsageError
from tests.support.kalshi_client import MARKET
from tests.support.served import PaperServer, paper_server

TICKER = "PAPER-LIQUID"
ORDERS = "/portfolio/events/orders"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PaperServer]:
    """Return a running server with the markets of seed 3."""
    with paper_server(tmp_path / "served", seed=3) as running:
        yield running


def _body(client_id: str, cents: int, count: int = 2, **more: object) -> dict[str, object]:
    return {
        "ticker": TICKER,
        "side": "bid",
        "count": f"{count}.00",
        "price": f"0.{cents:02}00",
        "client_order_id": client_id,
        "time_in_force": "good_till_canceled",
        "self_trade_prevention_type": "taker_at_cross",
        **more,
    }


def _kept(server: PaperServer) -> list[Any]:
    """Everything the exchange owes its account, without the time of asking."""
    positions = server.look("/portfolio/positions")
    for each in positions["market_positions"]:
        each.pop("last_updated_ts", None)
    return [server.look("/portfolio/orders"), server.look("/portfolio/fills"), positions]


def test_what_was_acknowledged_outlives_a_kill(server: PaperServer) -> None:
    """SIGKILL, and a start later: orders of every status, fills with ids and fees, cash, used client ids, the queue."""
    first = server.request("POST", ORDERS, _body("dw-a-1", 99, 5))
    assert "5.00" == first.json()["fill_count"]
    resting = server.request("POST", ORDERS, _body("dw-a-2", 5)).json()["order_id"]
    gone = server.request("POST", ORDERS, _body("dw-a-3", 6)).json()["order_id"]
    assert 200 == server.request("DELETE", f"{ORDERS}/{gone}").status_code
    total = {"ticker": TICKER, "side": "bid", "count": "3.00", "price": "0.0700"}
    assert 200 == server.request("POST", f"{ORDERS}/{resting}/amend", total).status_code
    before = _kept(server)
    server.kill()

    cash = server.exchange().account.cash
    server.start()
    assert (True, 3, len(before[1]["fills"])) == tuple(server.ready[name] for name in ("resumed", "orders", "fills"))
    assert before == _kept(server)
    again = server.request("POST", ORDERS, _body("dw-a-3", 6))
    assert (409, "order_already_exists") == (again.status_code, again.json()["error"]["code"])
    locked = 7 * 100 * 300
    assert cash - locked == round(float(server.look("/portfolio/balance")["balance_dollars"]) * 1_000_000)
    assert 200 == server.request("DELETE", f"{ORDERS}/{resting}").status_code


def test_a_kill_in_the_middle_of_commands_loses_none(server: PaperServer) -> None:
    """One order after the other until the server is gone: all that were acknowledged are there, and at most one more."""
    acknowledged: list[str] = []
    under_way = Event()

    def send() -> None:
        # Faster than the buckets refill; what is throttled was not placed.
        for number in range(2_000):
            try:
                reply = server.request("POST", ORDERS, _body(f"dw-f-{number}", 3 + number % 3, 1))
            except httpx.TransportError:
                return
            if reply.status_code == HTTPStatus.CREATED:
                acknowledged.append(reply.json()["order_id"])
            if len(acknowledged) == 12:
                under_way.set()

    with ThreadPoolExecutor() as pool:
        sending = pool.submit(send)
        assert under_way.wait(timeout=20)
        server.kill()
        sending.result(timeout=20)
    server.start()
    found = [each["order_id"] for each in reversed(server.look("/portfolio/orders", limit="1000")["orders"])]
    assert acknowledged == found[: len(acknowledged)]
    assert len(found) - len(acknowledged) in {0, 1}


def test_an_order_expires_while_nobody_is_there(server: PaperServer) -> None:
    """The exchange's time goes on without it: after the restart the order is canceled, at its expiry."""
    expiry = SystemClock().now() // SECOND + 1
    server.request("POST", ORDERS, _body("dw-b-1", 5, expiration_time=expiry))
    server.kill()
    asyncio.run(SystemClock().sleep(Duration(expiry * SECOND - SystemClock().now())))
    server.start()
    (order,) = server.look("/portfolio/orders")["orders"]
    assert "canceled" == order["status"]
    assert expiry * SECOND == parse_instant(order["last_update_time"])


def test_a_signal_ends_it_well(server: PaperServer) -> None:
    """SIGTERM and Ctrl-C: exit 0, nothing on standard error, and the next start carries on."""
    server.request("POST", ORDERS, _body("dw-c-1", 5))
    assert 0 == server.stop()
    server.start()
    assert server.process is not None
    os.kill(server.pid, signal.SIGINT)
    assert 0 == server.process.wait(timeout=20)
    assert 0 == server.stop()
    assert ("", 1) == (server.errors.read_text(encoding="utf-8"), server.exchange().ledger.placed)


@dataclass(frozen=True)
class Client:
    """Runs client commands in this process."""

    server: PaperServer
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str | Path) -> tuple[int, str, str]:
        self.capsys.readouterr()
        code = main(["--config", str(self.server.config), *map(str, arguments)])
        return (code, *self.capsys.readouterr())

    def object(self, *arguments: str) -> Any:
        code, out, _ = self("--json", *arguments)
        assert 0 == code
        return json.loads(out)


@pytest.fixture
def client(server: PaperServer, capsys: pytest.CaptureFixture[str]) -> Client:
    """Return what runs client commands against the server."""
    return Client(server, capsys)


def test_clients_read_the_served_markets(server: PaperServer, client: Client) -> None:
    """`book`, `plan`, `snapshot` and `paper markets` show the server's markets and account."""
    server.request("POST", ORDERS, _body("dw-d-1", 99, 5))
    markets = client.object("paper", "markets")
    held = {each["ticker"]: each["position"] for each in markets["markets"]}
    assert {"PAPER-LIQUID": "5.00", "PAPER-MODERATE": "0.00", "PAPER-THIN": "0.00"} == held
    assert float(markets["cash"]) == float(server.look("/portfolio/balance")["balance_dollars"]) < 10_000
    server.request("POST", ORDERS, {**_body("dw-d-2", 5, 777), "ticker": "PAPER-THIN"})
    book = client.object("book", "PAPER-THIN")
    assert ("synthetic", "paper") == (book["source"], book["environment"])
    assert "777.00" in json.dumps(book["bids"])
    plan = client.object("plan", "PAPER-THIN", "--count", "5")
    assert plan["seed"] is None
    assert 0 == client("-q", "snapshot", "PAPER-THIN")[0]
    with closing(sqlite3.connect(server.database)) as database:
        (recorded,) = database.execute("SELECT yes_depth FROM order_book_snapshots").fetchone()
    assert [500, 77_700] in json.loads(recorded)


def test_the_account_is_reset_where_it_is(server: PaperServer, client: Client) -> None:
    """`paper reset` points at the server; `--fresh` there begins anew, another seed without it is refused."""
    server.request("POST", ORDERS, _body("dw-e-1", 99, 5))
    code, _, said = client("paper", "reset", "--yes")
    assert (2, True) == (code, "paper serve --fresh" in said)
    server.stop()
    code, _, said = client("paper", "serve", "--state", server.state, "--seed", "4")
    assert (2, True) == (code, "began with seed 3" in said)
    server.start("--fresh")
    assert ([], False) == (server.look("/portfolio/orders")["orders"], server.ready["resumed"])


def test_the_key_is_for_its_owner_alone(server: PaperServer, client: Client) -> None:
    """Mode 600, kept over restarts; a client refuses one that others can read, and says where a missing one comes from."""
    assert 0o600 == stat.S_IMODE(server.key.stat().st_mode)
    pem = server.key.read_bytes()
    server.stop()
    server.start()
    assert pem == server.key.read_bytes()
    server.key.chmod(0o644)
    code, _, said = client("book", TICKER)
    assert (2, True) == (code, "can be read by others" in said)
    server.key.unlink()
    code, _, said = client("book", TICKER)
    assert (2, True) == (code, "paper serve" in said)


def test_nobody_there_is_one_line(server: PaperServer, client: Client) -> None:
    """Exit 5, with the address and what starts a server; a write is in doubt, as any that was not answered."""
    server.stop()
    config = load(server.config)
    assert f"127.0.0.1:{server.port}" == venue_of(config)
    code, out, said = client("book", TICKER)
    assert (5, "", 1) == (code, out, said.count("\n"))
    assert f"no paper exchange answers at {server.url}" in said
    assert "depthwalk paper serve" in said
    assert InDoubt is asyncio.run(_outcome_of_a_write(config))


async def _outcome_of_a_write(config: Config) -> type[Exception] | None:
    clock = SystemClock()
    client = served_client(config, clock=clock, throttle=private_throttle(config), seed=1, max_retries=0)
    try:
        with pytest.raises(Unreachable):
            await client.market(TICKER)
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
    except InDoubt as error:
        return type(error)
    finally:
        await client.close()
    return None


def test_no_server_configured_is_said() -> None:
    """Without paper.server there is neither a venue nor a client."""
    config = Config()
    for act in (
        lambda: venue_of(config),
        lambda: served_client(config, clock=SystemClock(), throttle=private_throttle(config), seed=Random(1).getrandbits(8)),
    ):
        with pytest.raises(UsageError, match="no paper server"):
            act()


def _serve(folder: Path, *arguments: str, server: str | None = None) -> int:
    config = folder / "depthwalk.yaml"
    paper = {"private_key_path": str(folder / "key.pem"), "server": server}
    config.write_text(json.dumps({"paper": paper}), encoding="utf-8")
    return main(["--config", str(config), "paper", "serve", "--state", str(folder / "s.sqlite"), *arguments])


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "example.com", ""])  # noqa: S104 - refused, not bound
def test_only_loopback_is_served(host: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Any other address: one line, exit 2, and nothing is made."""
    assert 2 == _serve(tmp_path, "--host", host)
    said = capsys.readouterr().err
    assert (1, True) == (said.count("\n"), "127.0.0.1" in said)
    assert ["depthwalk.yaml"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("configured", [False, True])
def test_a_port_in_use_is_one_line(configured: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, with the address, which is the one of `paper.server` where no port is named."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        if configured:
            assert 2 == _serve(tmp_path, server=f"http://127.0.0.1:{port}")
        else:
            assert 2 == _serve(tmp_path, "--port", str(port))
    said = capsys.readouterr().err
    assert (1, True) == (said.count("\n"), f"127.0.0.1:{port} cannot be listened on" in said)


def test_a_state_in_use_is_one_line(server: PaperServer, client: Client) -> None:
    """A second server on the same state file is refused, exit 2; the first goes on."""
    code, _, said = client("paper", "serve", "--port", "0", "--state", server.state)
    assert (2, 1) == (code, said.count("\n"))
    assert "in use by another" in said
    assert [] == server.look("/portfolio/orders")["orders"]


def test_a_key_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What stands in the key's place is not overwritten; exit 2."""
    (tmp_path / "key.pem").write_text("not a key", encoding="utf-8")
    (tmp_path / "key.pem").chmod(0o600)
    assert 2 == _serve(tmp_path, "--port", "0")
    said = capsys.readouterr().err
    assert (1, True) == (said.count("\n"), "not an Ed25519 or RSA private key" in said)
    assert "not a key" == (tmp_path / "key.pem").read_text(encoding="utf-8")

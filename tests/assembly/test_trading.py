"""Orders on demo and live: sent to the configured host, signed, recorded under their environment, and settled there."""

import sqlite3
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pytest_httpx import HTTPXMock

from depthwalk.cli.main import main
from depthwalk.clock import SystemClock
from depthwalk.paper.app import create_app
from depthwalk.paper.build import synthetic_exchange
from depthwalk.paper.exchange import PaperExchange

KEY_ID = "7f0e-key-of-a-test"
HOSTS = {"demo": "external-api.demo.kalshi.co", "live": "external-api.kalshi.com"}


@pytest.fixture
def venue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, httpx_mock: HTTPXMock) -> PaperExchange:
    """Return an exchange that answers whatever is asked over the network, and make a key of it the user's."""
    clock, key = SystemClock(), Ed25519PrivateKey.generate()
    exchange = synthetic_exchange(5, clock.now())
    transport = httpx.ASGITransport(app=create_app(exchange, clock, {KEY_ID: key.public_key()}))

    async def answer(request: httpx.Request) -> httpx.Response:
        reply = await transport.handle_async_request(request)
        return httpx.Response(reply.status_code, headers=reply.headers, content=await reply.aread())

    httpx_mock.add_callback(answer, is_reusable=True, is_optional=True)
    pem = tmp_path / "key.pem"
    pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    pem.chmod(0o600)
    (tmp_path / "c.yaml").write_text("live: {enabled: true}\ncredentials: {private_key_path: key.pem}\n", encoding="utf-8")
    monkeypatch.setenv("KALSHI_API_KEY_ID", KEY_ID)
    return exchange


def run(folder: Path, environment: str, *arguments: str) -> int:
    """Run a command line there."""
    flags = ("--config", str(folder / "c.yaml"), "--db", str(folder / "t.sqlite"), "--env", environment, "-q")
    return main([*flags, *arguments])


@pytest.mark.parametrize("environment", ["demo", "live"])
def test_an_order_goes_to_its_host_and_nowhere_else(
    tmp_path: Path, environment: str, venue: PaperExchange, httpx_mock: HTTPXMock, capsys: pytest.CaptureFixture[str]
) -> None:
    """Signed requests to the one host, the fills on record under the environment and the key's fingerprint, never its id."""
    code = run(tmp_path, environment, "execute", "PAPER-LIQUID", "--count", "20", "--timeout", "3", "--yes")

    assert code in (0, 3)
    requests = httpx_mock.get_requests()
    assert {HOSTS[environment]} == {request.url.host for request in requests}
    assert any(request.method == "POST" for request in requests)
    assert not venue.ledger.resting("PAPER-LIQUID")
    with sqlite3.connect(tmp_path / "t.sqlite") as database:
        rows = database.execute("SELECT environment, source, venue, account FROM execution_state").fetchall()
        booked = database.execute("SELECT environment, SUM(quantity_e2) FROM trades").fetchall()
    database.close()
    assert [(environment, "rest", HOSTS[environment])] == [row[:3] for row in rows]
    assert [(environment, venue.account.position("PAPER-LIQUID").quantity)] == booked
    said = capsys.readouterr()
    assert KEY_ID not in said.out + said.err + (tmp_path / "t.sqlite").read_bytes().decode("latin-1")


def test_without_a_yes_real_money_is_asked_for(tmp_path: Path, venue: PaperExchange) -> None:
    """Nobody there to say yes: exit 4, nothing sent."""
    assert 4 == run(tmp_path, "live", "execute", "PAPER-LIQUID", "--count", "20")
    assert not venue.ledger.orders()

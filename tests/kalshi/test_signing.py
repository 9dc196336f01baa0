"""Signing: which bytes, which key, for whom, how often."""

import asyncio
import base64
import stat
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from depthwalk.clock import ManualClock
from depthwalk.domain.units import Duration, Instant
from depthwalk.errors import ConfigError, NotAuthorized
from depthwalk.kalshi.keys import signer
from depthwalk.kalshi.signing import Credentials, KalshiAuth, read_key_file

_HOST = "external-api.demo.kalshi.co"
_URL = f"https://{_HOST}/trade-api/v2/portfolio/orders?limit=5"
_AT = Instant(1_795_251_622_696_123)
_MESSAGE = b"1795251622696GET/trade-api/v2/portfolio/orders"

_PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey


def _pem(
    key: _PrivateKey,
    form: PrivateFormat = PrivateFormat.PKCS8,
    encryption: KeySerializationEncryption = NoEncryption(),
) -> bytes:
    return key.private_bytes(Encoding.PEM, form, encryption)


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    """Return an RSA key as short as the library makes them quickly."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


@pytest.fixture
def ed_key() -> ed25519.Ed25519PrivateKey:
    """Return an Ed25519 key."""
    return ed25519.Ed25519PrivateKey.generate()


def _auth(pem: bytes, *, offset: int | None = None, key_id: str = "key-id") -> KalshiAuth:
    return KalshiAuth(
        Credentials(key_id, lambda: pem),
        hosts={_HOST},
        clock=ManualClock(_AT),
        server_offset=lambda: None if offset is None else Duration(offset),
    )


def _signed(auth: KalshiAuth, url: str = _URL) -> httpx.Request:
    return next(auth.auth_flow(httpx.Request("GET", url)))


def _signature(request: httpx.Request) -> bytes:
    return base64.b64decode(request.headers["KALSHI-ACCESS-SIGNATURE"])


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_rsa_signs_pss(rsa_key: rsa.RSAPrivateKey, form: PrivateFormat) -> None:
    """PSS, SHA-256 twice, salt of 32 bytes, over time, method and path; whatever the PEM's heading says."""
    request = _signed(_auth(_pem(rsa_key, form)))
    scheme = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=32)
    assert rsa_key.public_key().verify(_signature(request), _MESSAGE, scheme, SHA256()) is None
    headers = (request.headers["KALSHI-ACCESS-KEY"], request.headers["KALSHI-ACCESS-TIMESTAMP"])
    assert ("key-id", "1795251622696") == headers


def test_ed25519_signs_the_same_bytes(ed_key: ed25519.Ed25519PrivateKey) -> None:
    """64 bytes, plain."""
    signature = _signature(_signed(_auth(_pem(ed_key))))
    assert ed_key.public_key().verify(signature, _MESSAGE) is None
    assert len(signature) == 64


def test_signatures_carry_the_servers_time(ed_key: ed25519.Ed25519PrivateKey) -> None:
    """A machine four seconds late signs with the exchange's time."""
    request = _signed(_auth(_pem(ed_key), offset=4_000_000))
    assert request.headers["KALSHI-ACCESS-TIMESTAMP"] == "1795251626696"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/trade-api/v2/portfolio/orders",
        f"https://{_HOST}.evil.example/",
        f"https://{_HOST}:8443/trade-api/v2/portfolio/orders",
    ],
)
def test_nothing_is_signed_for_another_host(url: str) -> None:
    """Not even the key is read for it."""

    def never() -> bytes:
        raise AssertionError("the key was read")

    auth = KalshiAuth(Credentials("k", never), hosts={_HOST}, clock=ManualClock(_AT), server_offset=lambda: None)
    request = httpx.Request("GET", url)
    with pytest.raises(NotAuthorized, match="refused to sign"):
        next(auth.auth_flow(request))
    assert not [name for name in request.headers if name.startswith("kalshi")]


def test_the_key_is_read_once_and_late(ed_key: ed25519.Ed25519PrivateKey) -> None:
    """When the first request is signed, and never again."""
    reads: list[bool] = []

    def load() -> bytes:
        reads.append(True)
        return _pem(ed_key)

    auth = KalshiAuth(Credentials("k", load), hosts={_HOST}, clock=ManualClock(_AT), server_offset=lambda: None)
    before = len(reads)
    _signed(auth)
    _signed(auth)
    assert (0, 1) == (before, len(reads))


def test_long_rsa_keys_sign_in_a_thread() -> None:
    """A 3072-bit key takes milliseconds; the loop is not held up, and the signature is the same kind."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=3_072)
    assert signer(_pem(key))[1]

    async def sign() -> httpx.Request:
        flow = _auth(_pem(key)).async_auth_flow(httpx.Request("GET", _URL))
        request = await anext(flow)
        await flow.aclose()
        return request

    scheme = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=32)
    assert key.public_key().verify(_signature(asyncio.run(sign())), _MESSAGE, scheme, SHA256()) is None


def test_keys_that_cannot_sign_are_refused_without_being_shown(ed_key: ed25519.Ed25519PrivateKey) -> None:
    """Not a key, behind a password, of another kind: one line each, with what to do, and nothing of the key in it."""
    locked = _pem(ed_key, encryption=BestAvailableEncryption(b"secret"))
    other = _pem(ec.generate_private_key(ec.SECP256R1()))
    for pem, problem in ((b"hunter2", "not a PEM"), (locked, "password"), (other, "neither RSA nor Ed25519")):
        with pytest.raises(ConfigError, match=problem) as caught:
            signer(pem)
        assert caught.value.hint is not None
        assert "hunter2" not in str(caught.value)


def test_secrets_are_never_shown(ed_key: ed25519.Ed25519PrivateKey) -> None:
    """Neither the credentials nor the auth print key or key id."""
    pem = _pem(ed_key)
    auth = _auth(pem, key_id="a-very-private-id")
    _signed(auth)
    shown = repr(auth) + repr(Credentials("a-very-private-id", lambda: pem)) + str(auth)
    assert "a-very-private-id" not in shown
    assert "PRIVATE" not in shown


def test_a_key_file_only_the_owner_can_read(tmp_path: Path) -> None:
    """0600 is read; anything open to group or others is refused, with the command that mends it."""
    path = tmp_path / "key.pem"
    path.write_bytes(b"pem")
    path.chmod(0o600)
    assert read_key_file(path) == b"pem"
    for mode in (0o640, 0o604, 0o666, 0o610):
        path.chmod(mode)
        with pytest.raises(ConfigError, match=f"mode {mode:o}") as caught:
            read_key_file(path)
        assert caught.value.hint == f"chmod 600 {path}"
    assert stat.S_IMODE(path.stat().st_mode) == 0o610


def test_a_key_file_that_is_not_there(tmp_path: Path) -> None:
    """One line with the path."""
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_key_file(tmp_path / "none.pem")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_key_file(tmp_path)

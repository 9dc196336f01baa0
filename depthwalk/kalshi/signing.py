"""Signing requests: an httpx auth flow with one signature a request. The signed bytes are defined in `wire/signing.py`.

The key is read and parsed when first needed, without the slow check of its primes, and is never shown. Nothing is ever signed
for a host other than the exchange's own. Source: kalshi-api.md section 2.2.
"""

import asyncio
import base64
import os
import stat
from collections.abc import AsyncGenerator, Callable, Collection, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from depthwalk.clock import Clock
from depthwalk.domain.units import Duration
from depthwalk.errors import ConfigError, NotAuthorized
from depthwalk.wire.signing import KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, message_to_sign

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who signs: the key id, and where the private key comes from when it is first needed (PEM text). Neither is printed."""

    key_id: str = field(repr=False)
    load_pem: Callable[[], bytes] = field(repr=False)


def read_key_file(path: Path) -> bytes:
    """Read a private key file. Raises ConfigError where it is missing, unreadable or open to others, with the remedy."""
    try:
        with path.expanduser().open("rb") as file:
            # The open file is asked, not the name: nobody can put another in its place in between.
            mode = os.fstat(file.fileno()).st_mode
            if os.name == "posix" and mode & _OTHERS:
                raise ConfigError(
                    [f"private key {path} can be read by others (mode {stat.S_IMODE(mode):03o})"], hint=f"chmod 600 {path}"
                )
            return file.read()
    except OSError as error:
        raise ConfigError(
            [f"private key {path} cannot be read: {error.strerror}"],
            hint="set credentials.private_key_path to the file that the exchange gave you",
        ) from None


class KalshiAuth(httpx.Auth):
    """The three headers of a signed request.

    Args:
        credentials: who signs.
        hosts: the authorities (host, with the port where it is not the usual one) that may be signed for.
        clock: our time.
        server_offset: server time minus our clock, or None where unknown; signatures carry the server's time.

    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        hosts: Collection[str],
        clock: Clock,
        server_offset: Callable[[], Duration | None],
    ) -> None:
        self._credentials = credentials
        self._hosts = frozenset(hosts)
        self._clock = clock
        self._server_offset = server_offset
        self._signer: tuple[Callable[[bytes], bytes], bool] | None = None

    def __repr__(self) -> str:
        return f"KalshiAuth(hosts={sorted(self._hosts)})"

    def _prepare(self, request: httpx.Request) -> tuple[bytes, Callable[[bytes], bytes], bool]:
        """Put the two plain headers on and return what is to be signed. Raises NotAuthorized for a foreign host."""
        host = request.url.netloc.decode("ascii")
        if host not in self._hosts:
            raise NotAuthorized(f"refused to sign a request for {host}: only {', '.join(sorted(self._hosts))} is the exchange")
        if self._signer is None:
            # Here and not above: a book can be read without a key, and loading cryptography takes longer than all the rest.
            from depthwalk.kalshi.keys import signer  # noqa: PLC0415 - as said above

            self._signer = signer(self._credentials.load_pem())
        milliseconds = (self._clock.now() + (self._server_offset() or 0)) // 1_000
        request.headers[KEY_HEADER] = self._credentials.key_id
        request.headers[TIMESTAMP_HEADER] = str(milliseconds)
        return message_to_sign(milliseconds, request.method, request.url.raw_path.decode("ascii")), *self._signer

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign and send, once: a refusal is not answered with another attempt."""
        message, sign, _ = self._prepare(request)
        request.headers[SIGNATURE_HEADER] = base64.b64encode(sign(message)).decode("ascii")
        yield request

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """As `auth_flow`; a long RSA key signs in a thread, so that the loop does not stand still for milliseconds."""
        message, sign, slow = self._prepare(request)
        signature = await asyncio.to_thread(sign, message) if slow else sign(message)
        request.headers[SIGNATURE_HEADER] = base64.b64encode(signature).decode("ascii")
        yield request

"""The one place where requests leave: throttled, signed, timed, and every failure turned into one of ours.

Knows HTTP and nothing of markets or orders. The wait for tokens comes before the signature, which carries the time and ages.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from random import Random
from typing import Final, TypeVar

import httpx

from depthwalk.clock import Clock
from depthwalk.domain.result import ApiUsage
from depthwalk.domain.units import SECOND, Duration, Instant, seconds
from depthwalk.errors import DepthwalkError, ExchangeError, InDoubt, Refused, Unreachable, UsageError
from depthwalk.kalshi.retry import retrying, waits_of_throttled
from depthwalk.kalshi.signing import Credentials, KalshiAuth
from depthwalk.kalshi.throttle import Throttle
from depthwalk.wire.faults import Kind, decode_fault, exception_for
from depthwalk.wire.scalars import WireError

T = TypeVar("T")

Parameters = Mapping[str, str | int | Sequence[str] | None]
"""A query: None is left out, a sequence repeats the name."""

_LOG = logging.getLogger(__name__)
_HALF_A_SECOND: Final = SECOND // 2

FAILURES: Final = (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError, OSError)
"""All that can go wrong between us and a complete reply; TimeoutError is an OSError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. *names* are the changing parts of the *template*, in order; *what* names the request in messages."""

    method: str
    template: str
    what: str
    kind: Kind
    names: tuple[str, ...] = ()
    parameters: Parameters | None = None
    body: bytes | None = None
    items: int = 1

    def path(self) -> str:
        """Return the path to send. Raises UsageError where a name could lead elsewhere."""
        parts = list(self.names)
        return "/".join(_safe(parts.pop(0)) if part.startswith(":") else part for part in self.template.split("/"))


def _safe(name: str) -> str:
    """Return a ticker or an id as one part of a path: only what Kalshi uses in them, so nothing needs encoding."""
    plain = name.isascii() and name.replace("-", "").replace("_", "").replace(".", "").isalnum()
    if not plain:
        raise UsageError(f"{name!r} is not a ticker or an id: letters, digits, '-', '.' and '_' only")
    return name


class Session:
    """A connection to one exchange. See KalshiClient for the arguments."""

    def __init__(
        self,
        *,
        base_url: str,
        transport: httpx.AsyncBaseTransport,
        credentials: Credentials | None,
        clock: Clock,
        throttle: Throttle,
        rng: Random,
        max_retries: int,
        timeout_seconds: float,
        writes_enabled: bool,
    ) -> None:
        self._base = httpx.URL(base_url.rstrip("/"))
        self._clock = clock
        self.throttle = throttle
        self._rng = rng
        self._max_retries = max_retries
        self._timeout = timeout_seconds
        self._writes_enabled = writes_enabled
        self._usage = ApiUsage()
        self._offset: Duration | None = None
        auth = None
        if credentials is not None:
            host = self._base.netloc.decode("ascii")
            auth = KalshiAuth(credentials, hosts={host}, clock=clock, server_offset=lambda: self._offset)
        # Nothing from the environment (proxies, .netrc), no redirects: a signed request goes to the host it was made for.
        self._http = httpx.AsyncClient(
            transport=transport,
            auth=auth,
            timeout=timeout_seconds,
            follow_redirects=False,
            trust_env=False,
            headers={"user-agent": "depthwalk", "accept": "application/json"},
        )

    @property
    def usage(self) -> ApiUsage:
        """Requests sent and tokens spent so far."""
        return self._usage

    @property
    def server_offset(self) -> Duration | None:
        """Server time minus our clock, from the latest Date header; None before the first."""
        return self._offset

    def server_time(self, at: Instant) -> Instant:
        """Turn a time of our clock into the server's."""
        return Instant(at + (self._offset or 0))

    def now(self) -> Instant:
        """Return the server's present."""
        return self.server_time(self._clock.now())

    async def close(self) -> None:
        """Let the connections go."""
        await self._http.aclose()

    async def read(self, call: Call, decode: Callable[[bytes], T], *, with_faults: bool = False) -> T:
        """Send a read, again where it may help, and decode the reply.

        *with_faults*: the body may be the answer even though the status is a 5xx (the exchange's own status).

        Raises:
            Unreachable, Throttled, NotAuthorized, NotFound: as the ports say.

        """
        async for attempt in retrying(clock=self._clock, rng=self._rng, max_retries=self._max_retries):
            with attempt:
                reply = await self._send(call)
                if with_faults and reply.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    try:
                        return decode(reply.content)
                    except WireError:
                        raise _refusal(call, reply) from None
                if not reply.is_success:
                    raise _refusal(call, reply)
                try:
                    return decode(reply.content)
                except WireError as error:
                    raise Unreachable(
                        f"{call.what}: the reply makes no sense: {error.message}", status=reply.status_code
                    ) from None
        raise AssertionError("the retry loop ends by returning or raising")

    async def write(self, call: Call, decode: Callable[[bytes], T]) -> T:
        """Send a write and decode the reply; again only after a 429, which says that nothing was done.

        Raises:
            Refused: writes are not enabled; nothing was signed or sent.
            OrderRefused: a definite no, or a 429 to every attempt; NotFound: a definite no to a cancel.
            InDoubt: the reply is lost or has no order in it.

        """
        if not self._writes_enabled:
            raise Refused(
                f"{call.what}: not sent. Orders in demo and live are refused until the safety work is finished",
                hint="use --env paper",
            )
        reply = await self._send(call)
        for wait in waits_of_throttled(call.kind, self._rng):
            if reply.status_code != HTTPStatus.TOO_MANY_REQUESTS:
                break
            await self._clock.sleep(wait)
            reply = await self._send(call)
        if not reply.is_success:
            raise _refusal(call, reply)
        try:
            return decode(reply.content)
        except WireError as error:
            raise InDoubt(f"{call.what}: the reply makes no sense: {error.message}", status=reply.status_code) from None

    async def _send(self, call: Call) -> httpx.Response:
        root = self._base.path
        cost = self.throttle.costs.cost(call.method, root + call.template) * call.items
        request = self._http.build_request(
            call.method,
            f"{self._base}{call.path()}",
            params={name: value for name, value in (call.parameters or {}).items() if value is not None} or None,
            content=call.body,
            headers=None if call.body is None else {"content-type": "application/json"},
        )
        await self.throttle.admit(self._clock, call.kind, cost)
        self._count(call.kind, cost)
        sent = self._clock.now()
        try:
            async with asyncio.timeout(self._timeout):
                reply = await self._http.send(request)
        except DepthwalkError:
            raise
        except FAILURES as error:
            _LOG.debug("%s failed: %r", call.what, error)
            raise lost(call, error) from error
        self._set_offset(reply, sent)
        _LOG.debug("%s: %d", call.what, reply.status_code)
        if reply.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            _LOG.warning("%s: 429, the venue's bucket is empty; backing off", call.what)
            await self.throttle.refused(self._clock, call.kind)
        return reply

    def _count(self, kind: Kind, cost: int) -> None:
        read = kind is Kind.READ
        self._usage = ApiUsage(
            calls=self._usage.calls + 1,
            read_tokens=self._usage.read_tokens + (cost if read else 0),
            write_tokens=self._usage.write_tokens + (0 if read else cost),
        )

    def _set_offset(self, reply: httpx.Response, sent: Instant) -> None:
        """Compare clocks: the header names a whole second, so its middle is the best guess, and ours is half-way through."""
        if reply.headers.get("age", "0") != "0":
            return  # from a cache on the way: its Date is of another time
        try:
            date = parsedate_to_datetime(reply.headers["date"])
        except (KeyError, ValueError):
            return
        there = seconds(date.replace(tzinfo=date.tzinfo or UTC).timestamp()) + _HALF_A_SECOND
        here = (sent + self._clock.now()) // 2
        self._offset = Duration(there - here)


def _refusal(call: Call, reply: httpx.Response) -> ExchangeError:
    return exception_for(reply.status_code, decode_fault(reply.content), kind=call.kind, what=call.what)


def lost(call: Call, error: Exception) -> ExchangeError:
    """Return what a failed transport means: a read has no answer, a write may have happened.

    A write that could not even connect counts as in doubt too: reads settle it at once, and a wrong "nothing was sent" is dear.
    """
    match error:
        case TimeoutError() | httpx.TimeoutException():
            said = "no answer in time"
        case httpx.ConnectError():
            said = "no connection"
        case _:
            said = f"the connection failed ({type(error).__name__})"
    message = f"{call.what}: {said}"
    if call.kind is Kind.READ:
        return Unreachable(message, hint="check the network and the exchange's status page")
    return InDoubt(f"{message}; it may or may not have happened")

"""The paper exchange behind Kalshi's paths: an ASGI app. Authentication, metering, the clock and the shapes of errors.

What a path does is in `public_routes.py` and `account_routes.py`; what the exchange does, in `exchange.py`. Each request is
carried out at once, at the clock's time, so it is atomic: nothing awaits between reading the clock and having the answer.
Profile: kalshi-api.md section 14.
"""

from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from depthwalk.clock import Clock
from depthwalk.domain.units import SECOND, Instant
from depthwalk.errors import ExchangeError, StorageError, Throttled
from depthwalk.paper.account_routes import ACCOUNT_ROUTES
from depthwalk.paper.auth import PublicKey, Window, authenticate, is_signed
from depthwalk.paper.calls import BadParameter, Call, Meter, PaperRoute, Reply
from depthwalk.paper.exchange import PaperExchange
from depthwalk.paper.limits import BASIC, ROOT, Buckets
from depthwalk.paper.public_routes import PUBLIC_ROUTES
from depthwalk.paper.refusals import fault_of
from depthwalk.wire.faults import TOO_MANY_REQUESTS, Fault, encode_fault, flat_fault, validation_fault
from depthwalk.wire.scalars import WireError, dumps

Endpoint = Callable[[Request], Awaitable[Response]]
CarryOut = Callable[[PaperRoute, Call], Reply]


def _at_once(route: PaperRoute, call: Call) -> Reply:
    return route.handler(call)


class _Desk:
    """What all requests share: the exchange, the time, the keys and their buckets."""

    def __init__(
        self, exchange: PaperExchange, clock: Clock, keys: Mapping[str, PublicKey], window: Window, carry_out: CarryOut
    ) -> None:
        self._exchange = exchange
        self._carry_out = carry_out
        self._clock = clock
        self._keys = keys
        self._window = window
        self._buckets: dict[str, Buckets] = {}

    def endpoint(self, route: PaperRoute) -> Endpoint:
        """Return the function that answers a route."""

        async def answer(request: Request) -> Response:
            body = await request.body()
            now = self._clock.now()
            return _written(self._answer(route, request, body, now), now)

        return answer

    async def unknown(self, request: Request, _error: Exception) -> Response:
        """Answer for a path or a method that is not there."""
        del request
        reply = Reply(status=HTTPStatus.NOT_FOUND, body=encode_fault(Fault(code="not_found", message="not found")))
        return _written(reply, self._clock.now())

    def _answer(self, route: PaperRoute, request: Request, body: bytes, now: Instant) -> Reply:
        try:
            self._admit(route, request, body, now)
            call = Call(exchange=self._exchange, now=now, path=request.path_params, query=request.query_params, body=body)
            return self._carry_out(route, call)
        except Throttled:
            return Reply(status=HTTPStatus.TOO_MANY_REQUESTS, body=TOO_MANY_REQUESTS)
        except BadParameter as error:
            return Reply(status=HTTPStatus.BAD_REQUEST, body=validation_fault(error.message))
        except WireError as error:
            fault = Fault(code="bad_request", message="bad request", details=error.message)
            return Reply(status=HTTPStatus.BAD_REQUEST, body=flat_fault(fault))
        except StorageError:
            fault = Fault(code="service_unavailable", message="service unavailable", details="the request cannot be kept")
            return Reply(status=HTTPStatus.SERVICE_UNAVAILABLE, body=encode_fault(fault))
        except ExchangeError as error:
            status = HTTPStatus(error.status or HTTPStatus.BAD_REQUEST)
            return Reply(status=status, body=encode_fault(fault_of(error)))

    def _admit(self, route: PaperRoute, request: Request, body: bytes, now: Instant) -> None:
        """Check who asks and whether he may; nobody pays for what is read without a key."""
        if not route.private and not is_signed(request.headers):
            return
        key_id = authenticate(
            request.headers, self._keys, method=request.method, path=_path_as_sent(request), now=now, window=self._window
        )
        buckets = self._buckets.setdefault(key_id, Buckets(BASIC))
        bucket = buckets.read if route.meter is Meter.READ else buckets.write
        if not bucket.take(now, route.cost * (route.units(body) if route.units else 1)):
            raise Throttled("too many requests", status=HTTPStatus.TOO_MANY_REQUESTS)


def _path_as_sent(request: Request) -> str:
    raw = request.scope.get("raw_path")
    return raw.decode("latin-1") if isinstance(raw, bytes) else request.url.path


def _written(reply: Reply, now: Instant) -> Response:
    return Response(
        content=b"" if reply.body is None else dumps(reply.body),
        status_code=reply.status,
        headers={"Date": formatdate(now // SECOND, usegmt=True)},
        media_type=None if reply.body is None else "application/json",
    )


def create_app(
    exchange: PaperExchange,
    clock: Clock,
    keys: Mapping[str, PublicKey],
    *,
    window: Window | None = None,
    carry_out: CarryOut = _at_once,
) -> Starlette:
    """Return the ASGI app of a paper exchange.

    Args:
        exchange: the state machine; the app holds no state of it.
        clock: the exchange's time; signatures, buckets and the `Date` header go by it too.
        keys: the public keys that may sign, by key id. All of them are the one account's.
        window: how far a signature's timestamp may be off.
        carry_out: how an admitted call is carried out, where more than its handler is wanted (`journal.py`). Its StorageError
            is answered with 503.

    """
    desk = _Desk(exchange, clock, keys, window or Window(), carry_out)
    routes = [
        Route(ROOT + route.path, desk.endpoint(route), methods=[route.method]) for route in (*PUBLIC_ROUTES, *ACCOUNT_ROUTES)
    ]
    unknown = {HTTPStatus.NOT_FOUND: desk.unknown, HTTPStatus.METHOD_NOT_ALLOWED: desk.unknown}
    return Starlette(routes=routes, exception_handlers=unknown)

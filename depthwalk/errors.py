"""Every error depthwalk raises on purpose, and the exit code each one means.

    DepthwalkError
    ├── UsageError                bad flag, file or value             exit 2
    │   ├── ConfigError           one or more faults in the config    exit 2
    │   └── DatabaseUnusable      the file is not our database        exit 2
    ├── DomainError               off grid, impossible value          exit 1
    │   └── IllegalTransition     an order may not go there           exit 1
    ├── Refused                   we decline before sending           exit 4
    ├── StorageError              the database failed underway        exit 1
    ├── ExchangeError             the venue's side                    exit 5
    │   ├── Unreachable           no connection, no answer            exit 5
    │   ├── NotAuthorized         key, signature or permission        exit 5
    │   ├── Throttled             429: told to slow down              exit 5
    │   ├── NotFound              404                                 exit 5
    │   ├── OrderRefused          a definite no to one order          exit 5
    │   └── InDoubt               the reply to a write is lost        exit 6
    └── Interrupted               stopped by the user, all canceled   exit 130

Each carries a message (what and where) and, where we know one, a hint (what to do). A user sees both in one line and never
a traceback.
"""

from enum import Enum, IntEnum


class ExitCode(IntEnum):
    """The process exit codes; `meaning` is the table that `--help` prints."""

    DONE = 0
    FAULT = 1
    USAGE = 2
    INCOMPLETE = 3
    REFUSED = 4
    UNREACHABLE = 5
    IN_DOUBT = 6
    FAIL_IF = 7
    INTERRUPTED = 130

    @property
    def meaning(self) -> str:
        """What the code says, in one line."""
        return _MEANINGS[self]


_MEANINGS = {
    ExitCode.DONE: "done as asked (execute: fully filled)",
    ExitCode.FAULT: "unexpected fault",
    ExitCode.USAGE: "usage or config error",
    ExitCode.INCOMPLETE: "finished, but not fully filled",
    ExitCode.REFUSED: "refused before sending (limits, kill switch, market closed, live off)",
    ExitCode.UNREACHABLE: "exchange unreachable, paused or not authorized",
    ExitCode.IN_DOUBT: "something is in doubt: run `depthwalk recover`",
    ExitCode.FAIL_IF: "--fail-if holds",
    ExitCode.INTERRUPTED: "interrupted, after every order was canceled",
}

# Where several codes apply, the first of these wins (design, section 3).
_PRECEDENCE = (
    ExitCode.IN_DOUBT,
    ExitCode.FAULT,
    ExitCode.INTERRUPTED,
    ExitCode.UNREACHABLE,
    ExitCode.REFUSED,
    ExitCode.USAGE,
    ExitCode.FAIL_IF,
    ExitCode.INCOMPLETE,
    ExitCode.DONE,
)


def worst(*codes: ExitCode) -> ExitCode:
    """Return the code that wins where several apply; with none given, `DONE`."""
    return min(codes, key=_PRECEDENCE.index, default=ExitCode.DONE)


class DepthwalkError(Exception):
    """The common parent: a message, perhaps a hint, and an exit code."""

    exit_code = ExitCode.FAULT

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(DepthwalkError):
    """A flag, a file or a value that cannot be used."""

    exit_code = ExitCode.USAGE


class ConfigError(UsageError):
    """Faults in the configuration, all of them at once; `faults` has one line each."""

    def __init__(self, faults: list[str], *, hint: str | None = None) -> None:
        super().__init__("\n".join(faults), hint=hint)
        self.faults = faults


class DatabaseUnusable(UsageError):
    """The file named as database is not one, is damaged, or cannot be opened."""


class DomainError(DepthwalkError):
    """A value that cannot exist: off the grid, too fine, negative."""


class IllegalTransition(DomainError):
    """An order status that may not follow the present one."""


class Refused(DepthwalkError):
    """We decline to send: a limit, an environment that is not enabled, a market that is not open."""

    exit_code = ExitCode.REFUSED


class StorageError(DepthwalkError):
    """The database failed while in use."""


class ExchangeError(DepthwalkError):
    """Something on the venue's side; `status` is the HTTP status and `code` the venue's code, where there is one."""

    exit_code = ExitCode.UNREACHABLE

    def __init__(self, message: str, *, hint: str | None = None, status: int | None = None, code: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code


class Unreachable(ExchangeError):
    """No connection, or no usable answer to a read."""


class NotAuthorized(ExchangeError):
    """Key, signature, clock or permission: 401 and 403."""


class Throttled(ExchangeError):
    """429: the request was not carried out."""


class NotFound(ExchangeError):
    """404: unknown to the venue. Of an order it proves nothing: fills decide."""


class RefusalReason(Enum):
    """Why the venue said no to an order, as far as it changes what we do next."""

    POST_ONLY_CROSS = "post_only_cross"
    INVALID_PRICE = "invalid_price"
    INSUFFICIENT_BALANCE = "insufficient_balance"
    ALREADY_EXISTS = "order_already_exists"
    UNFILLABLE = "fill_or_kill_insufficient_resting_volume"
    MARKET_CLOSED = "market_closed"
    PAUSED = "paused"
    NOT_FOUND = "not_found"
    THROTTLED = "throttled"
    NEVER_ARRIVED = "never_arrived"
    OTHER = "other"


class OrderRefused(ExchangeError):
    """A definite no to one order: nothing of it was placed or changed by this request."""

    def __init__(
        self,
        message: str,
        *,
        reason: RefusalReason,
        hint: str | None = None,
        status: int | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, status=status, code=code)
        self.reason = reason


class InDoubt(ExchangeError):
    """The reply to a write is lost: it may or may not have happened."""

    exit_code = ExitCode.IN_DOUBT


class Interrupted(DepthwalkError):
    """Stopped by the user after every order was canceled."""

    exit_code = ExitCode.INTERRUPTED

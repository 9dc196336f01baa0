"""What `--faults` says, put between the client and the paper exchange."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from depthwalk.errors import UsageError

if TYPE_CHECKING:
    import httpx

    from depthwalk.clock import Clock
    from depthwalk.paper.exchange import PaperExchange
    from depthwalk.paper.fault_plan import FaultPlan
    from depthwalk.paper.faults import FaultTransport


def fault_plan(text: str) -> "FaultPlan":
    """Return what shall go wrong: moderate weather from a seed, where *text* is a whole number, else what the file says.

    Raises:
        ConfigError: there is no such file, or it has faults.

    """
    from depthwalk.config.fault_file import read_fault_file
    from depthwalk.paper.fault_plan import FaultPlan, moderate

    if text.isascii() and text.isdecimal():
        return moderate(int(text))
    return read_fault_file(Path(text), FaultPlan)


def fault_transport(
    text: str,
    inner: "httpx.AsyncBaseTransport",
    *,
    clock: "Clock",
    exchange_controls: "PaperExchange | None",
    tell: Callable[[str], None] | None = None,
) -> "FaultTransport":
    """Return a way to the paper exchange on which things go wrong as *text* says; it tells when closed what did.

    *exchange_controls* is the exchange itself, where it is in this process.

    Raises:
        ConfigError: there is no such file, or it has faults.
        UsageError: the file asks for what only an exchange in this process can be made to do.

    """
    from depthwalk.paper.faults import FaultTransport

    plan = fault_plan(text)
    if plan.needs_the_markets and exchange_controls is None:
        raise UsageError(
            f"{text}: market_close and grid_change need the embedded paper exchange", hint="leave them out, or trade there"
        )
    return FaultTransport(inner, plan, clock, exchange=exchange_controls, tell=tell)

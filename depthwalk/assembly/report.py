"""One `depthwalk report`: the executions of an environment out of the database, judged by the configured thresholds."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from depthwalk.assembly.databases import open_store
from depthwalk.domain.units import SECOND, Instant, Money

if TYPE_CHECKING:
    from depthwalk.reports.decision_report import DecisionReport, Grouping


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """One report, parsed. None is not given."""

    days: int
    by: "Grouping"
    realised: Money | None = None
    environment: str | None = None
    config_path: Path | None = None
    database_path: Path | None = None


_DAY = 86_400 * SECOND


def decision_report(request: ReportRequest) -> "DecisionReport":
    """Return the report on the last days of one environment: the one named, else the configured one.

    Raises:
        UsageError: the configuration or the database cannot be used.
        StorageError: a stored execution cannot be read.

    """
    from depthwalk.clock import SystemClock
    from depthwalk.config import load
    from depthwalk.reports.decision_report import build
    from depthwalk.storage.report_rows import load_evidence

    config = load(request.config_path)
    environment = request.environment or config.environment.value
    until = SystemClock().now()
    since = Instant(until - request.days * _DAY)
    with open_store(request.config_path, request.database_path) as store:
        evidence = load_evidence(store, environment=environment, since=since)
    return build(
        evidence,
        config.decision,
        environment=environment,
        since=since,
        until=until,
        days=request.days,
        by=request.by,
        realised=request.realised,
    )

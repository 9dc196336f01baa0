"""Who is built from what: the object graph of a command, from the configuration. The only room that knows every other but cli.

Imports of rooms stay inside the functions: a command loads what it needs and nothing else.
"""

from depthwalk.analysis.plans import PlanSheet
from depthwalk.assembly.databases import open_store
from depthwalk.assembly.execution import ExecuteRequest, environment_of, execute
from depthwalk.assembly.looking import BookReading, BookRequest, look
from depthwalk.assembly.paper import PaperOverview, paper_overview, paper_reset
from depthwalk.assembly.planning import plan
from depthwalk.assembly.recording import SnapshotRequest, SnapshotSetting, snapshot, snapshot_setting
from depthwalk.assembly.report import ReportRequest, decision_report

__all__ = [
    "BookReading",
    "BookRequest",
    "ExecuteRequest",
    "PaperOverview",
    "PlanSheet",
    "ReportRequest",
    "SnapshotRequest",
    "SnapshotSetting",
    "decision_report",
    "environment_of",
    "execute",
    "look",
    "open_store",
    "paper_overview",
    "paper_reset",
    "plan",
    "snapshot",
    "snapshot_setting",
]

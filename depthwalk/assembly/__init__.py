"""Who is built from what: the object graph of a command, from the configuration. The only room that knows every other but cli.

Imports of rooms stay inside the functions: a command loads what it needs and nothing else.
"""

from depthwalk.analysis.plans import PlanSheet
from depthwalk.assembly.bounding import bound
from depthwalk.assembly.calibrating import CalibrateRequest, calibrate
from depthwalk.assembly.databases import open_store
from depthwalk.assembly.execution import ExecuteRequest, environment_of, execute
from depthwalk.assembly.laboratory import CompareRequest, compare
from depthwalk.assembly.looking import BookReading, BookRequest, look
from depthwalk.assembly.ownership import owner
from depthwalk.assembly.paper import PaperOverview, paper_overview, paper_reset
from depthwalk.assembly.planning import plan
from depthwalk.assembly.recording import SnapshotRequest, SnapshotSetting, snapshot, snapshot_setting
from depthwalk.assembly.recovery import recover, recovery_code
from depthwalk.assembly.replayed import BooksRequest
from depthwalk.assembly.report import ReportRequest, decision_report
from depthwalk.assembly.resuming import Dormant, resume
from depthwalk.assembly.serving import ServeRequest, Serving, serve
from depthwalk.assembly.stopping import end
from depthwalk.assembly.tuning import TuneRequest, train, try_out

__all__ = [
    "BookReading",
    "BookRequest",
    "BooksRequest",
    "CalibrateRequest",
    "CompareRequest",
    "Dormant",
    "ExecuteRequest",
    "PaperOverview",
    "PlanSheet",
    "ReportRequest",
    "ServeRequest",
    "Serving",
    "SnapshotRequest",
    "SnapshotSetting",
    "TuneRequest",
    "bound",
    "calibrate",
    "compare",
    "decision_report",
    "end",
    "environment_of",
    "execute",
    "look",
    "open_store",
    "owner",
    "paper_overview",
    "paper_reset",
    "plan",
    "recover",
    "recovery_code",
    "resume",
    "serve",
    "snapshot",
    "snapshot_setting",
    "train",
    "try_out",
]

"""`depthwalk lab compare` as its user runs it: result on standard output, all else on standard error, files beside it."""

import csv
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from depthwalk.domain.messages import Event, Intent, SubmitOrder
from depthwalk.domain.units import Quantity
from depthwalk.executors.registry import AlgorithmSpec
from depthwalk.executors.simple_limit import SimpleLimit, SimpleLimitParams
from tests.support.command import ROOT, depthwalk_here
from tests.support.plugged import plug


class Greedy(SimpleLimit):
    """An algorithm of somebody else's that orders twice what it was asked to."""

    algorithm = "greedy"

    def handle(self, event: Event) -> tuple[Intent, ...]:
        """Go past the one place that every order should pass."""
        return tuple(
            replace(intent, quantity=Quantity(2 * intent.quantity)) if isinstance(intent, SubmitOrder) else intent
            for intent in super().handle(event)
        )


FEW = (
    "lab",
    "compare",
    "--classes",
    "thin",
    "--algos",
    "simple_limit,simple_limit_40x,twap:slices=4",
    "--runs",
    "4",
    "--jobs",
    "1",
)


def test_the_object_names_what_ran_and_what_came_of_it(tmp_path: Path) -> None:
    """One JSON object; the same seeds, the same numbers; other seeds, others."""
    ended = depthwalk_here("--json", *FEW, folder=tmp_path)
    found = ended.object
    assert (0, "") == (ended.code, ended.err)
    assert [arm["name"] for arm in found["arms"]] == ["simple_limit", "simple_limit_40x", "twap:slices=4"]
    assert found["arms"][2]["changed"] == ["slices"]
    (cell,) = found["cells"]
    assert (4, "40.00") == (cell["seeds"], cell["quantity"]["least"])
    assert cell["arms"]["twap:slices=4"]["against_baseline"]["verdict"] == "too few seeds"
    assert found["audit_clean"] is True
    assert found == depthwalk_here("--json", *FEW, folder=tmp_path).object
    assert found["cells"] != depthwalk_here("--json", *FEW, "--seed", "100", folder=tmp_path).object["cells"]


def test_the_table_and_the_file_of_trials(tmp_path: Path) -> None:
    """For people and for programs, of the same run; a row a trial."""
    path = tmp_path / "trials.csv"
    ended = depthwalk_here(*FEW, "--csv", path, folder=tmp_path)
    assert (0, "") == (ended.code, ended.err)
    assert "thin in world base" in ended.out
    assert "not to be quoted" in ended.out
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    assert {row["arm"] for row in rows} == {"simple_limit", "simple_limit_40x", "twap:slices=4"}
    assert {row["path_4s_e4"] for row in rows} == {""}


def test_worlds_classes_sides_and_mark_outs(tmp_path: Path) -> None:
    """A cell for each class in each world; orders in size with the world, mark-outs where they are asked for."""
    arguments = ("--json", *FEW, "--algos", "twap", "--runs", "2", "--classes", "thin,moderate", "--world", "half,toxic")
    found = depthwalk_here(*arguments, "--mark-outs", "--side", "no", "--action", "sell", folder=tmp_path).object
    assert [("half", "thin"), ("half", "moderate"), ("toxic", "thin"), ("toxic", "moderate")] == [
        (cell["world"], cell["class"]) for cell in found["cells"]
    ]
    assert [cell["quantity"]["least"] for cell in found["cells"]] == ["20.00", "30.00", "40.00", "60.00"]
    assert ("no", "sell") == (found["side"], found["action"])
    assert found["baseline"] == "simple_limit"
    assert [arm["name"] for arm in found["arms"]] == ["simple_limit", "twap"]
    assert any(cell["arms"]["simple_limit"]["means"]["mark_out_300_cents"] for cell in found["cells"])


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--classes", "tin"], "unknown class 'tin'"),
        (["--classes", "thin,thin"], "--classes: thin is named twice"),
        (["--classes", ""], "--classes names nothing"),
        (["--classes", "nowhere.yaml"], "nowhere.yaml: cannot be read"),
        (["--world", "mars"], "--world: unknown world 'mars' (hint: known: base, toxic"),
        (["--algos", "twap:slices=0"], "--algos: twap.slices: found 0; allowed: 1 to 1000"),
        (["--baseline", "nope"], "--baseline: unknown algorithm or method 'nope'"),
        (["--runs", "0"], "invalid value for '--runs'"),
        (["--runs", "1000001"], "invalid value for '--runs'"),
        (["--seed", "-1"], "invalid value for '--seed'"),
        (["--seed", "999999999", "--runs", "2"], "--seed 999999999: with --runs it must stay below 1,000,000,000"),
        (["--jobs", "0"], "invalid value for '--jobs'"),
        (["--cluster", "tcp://127.0.0.1:1"], "--jobs and --cluster exclude each other"),
        (["--csv", "/nowhere/at/all.csv"], "--csv /nowhere/at/all.csv: cannot be written there"),
        (["--html", "/"], "--html /: is a folder"),
        (["--html", "both", "--csv", "./both"], "--csv and --html name one file, both"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path: Path, arguments: list[str], line: str) -> None:
    """Exit code 2, nothing on standard output, no file, no traceback."""
    ended = depthwalk_here(*FEW, *arguments, folder=tmp_path)
    assert (2, "") == (ended.code, ended.out)
    assert line in ended.err
    assert ended.err.count("\n") == 1


def test_an_algorithm_that_overfills_ends_with_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named by the audit, on the screen and in the object, and exit code 1: whoever runs it every night finds it."""
    plug(monkeypatch, {"greedy": AlgorithmSpec(SimpleLimitParams, Greedy)})
    ended = depthwalk_here(*FEW, "--algos", "simple_limit,greedy", folder=tmp_path)
    assert (1, "depthwalk: an algorithm did what none may do: the audit names it\n") == (ended.code, ended.err)
    assert "AUDIT FAILED: greedy in thin, base: bought " in ended.out
    found = depthwalk_here("--json", *FEW, "--algos", "simple_limit,greedy", folder=tmp_path)
    assert (1, False) == (found.code, found.object["audit_clean"])


@pytest.mark.slow
def test_ctrl_c_shows_what_is_done(tmp_path: Path) -> None:
    """Exit code 130; a part, called a part, and the file of its trials; nothing left running or lying about."""
    path = tmp_path / "trials.csv"
    command = [sys.executable, "-m", "depthwalk", *FEW, "--runs", "100000", "--csv", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stderr is not None
        said = next(line for line in process.stderr if "thin in base" in line)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert "of 300,000 executions; thin in base, net ¢ against simple_limit: simple_limit_40x" in said
    assert process.returncode == 130
    assert out.startswith("PARTIAL: ")
    assert "interrupted; what is shown is of the seeds that were done" in err
    assert [path] == list(tmp_path.iterdir())
    assert len(path.read_text().splitlines()) > 75

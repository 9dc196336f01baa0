"""`depthwalk lab tune` as its user runs it: the result of fresh seeds on standard output, training nowhere but beside it."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from depthwalk.cli.main import main
from tests.support.command import ROOT, Ended, depthwalk_here

FEW = (
    "lab",
    "tune",
    "--classes",
    "thin",
    "--algo",
    "twap",
    "--generations",
    "2",
    "--population",
    "3",
    "--train-runs",
    "6",
    "--runs",
    "4",
)


def tuned(folder: Path, *arguments: str | Path) -> Ended:
    """Run a tiny search in this process."""
    return depthwalk_here(*FEW, "--jobs", "1", *arguments, folder=folder)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, Path]:
    """Return a search that was done, and the method that it wrote."""
    folder = tmp_path_factory.mktemp("tuned")
    path = folder / "tuned.yaml"
    return tuned(folder, "--json", "--worlds", "toxic", "--out", path), path


def test_the_object_is_of_fresh_seeds_and_has_base_first(done: tuple[Ended, Path]) -> None:
    """Baseline, the algorithm as it is and the tuned one, in base and in what was asked for."""
    ended, _ = done
    found = ended.object
    comparison = found["comparison"]
    assert (0, ["base", "toxic"], 0, 4) == (
        ended.code,
        comparison["worlds"],
        comparison["first_seed"],
        comparison["runs"],
    )
    assert ["simple_limit", "twap", "tuned"] == [arm["name"] for arm in comparison["arms"]]
    assert {"first": 1_000_000_000, "last": 1_000_000_035} == found["search"]["training_seeds"]
    assert {"twap"} == set(found["against"])
    assert (False, "No verdict is given on fewer than 100 seeds") == (found["recommended"], found["why_not"][:43])


def test_training_is_told_on_standard_error_and_labeled(done: tuple[Ended, Path]) -> None:
    """A line a generation, without a unit."""
    lines = done[0].err.splitlines()
    whole = ["generation 1 of 2", "generation 2 of 2", "the play-off"]
    assert whole == [line.removeprefix("depthwalk: ").partition(":")[0] for line in lines]
    assert all(line.endswith(" of the start (training, not a result)") for line in lines)


def test_the_method_has_the_parameters_that_were_compared(done: tuple[Ended, Path], tmp_path: Path) -> None:
    """Pasted under `methods:`, `lab compare` finds the very same figures with it."""
    ended, path = done
    config = tmp_path / "own.yaml"
    config.write_text(f"methods:\n{path.read_text('utf-8')}", encoding="utf-8")
    again = depthwalk_here(
        "--json", "--config", config, "lab", "compare", "--classes", "thin", "--algos", "twap,tuned", "--runs", "4",
        "--world", "base,toxic", "--jobs", "1", folder=tmp_path,
    ).object  # fmt: skip
    assert ended.object["comparison"] == again


@pytest.mark.slow
def test_the_same_seed_is_the_same_search_whoever_does_it(tmp_path: Path) -> None:
    """Two processes, and the workers of a cluster, find what one process finds."""
    from distributed import LocalCluster  # noqa: PLC0415 - a second that collecting the tests should not cost

    once = ("--json", "-q", "--generations", "1")
    alone = tuned(tmp_path, *once).object
    assert not alone["why_not"].startswith("The search found nothing else")
    assert alone == depthwalk_here(*FEW, "--jobs", "2", *once, folder=tmp_path).object
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=False,
        protocol="tcp://",
        host="127.0.0.1",
        scheduler_port=0,
        dashboard_address="127.0.0.1:0",
        silence_logs="critical",
    ) as cluster:
        ended = depthwalk_here(*FEW, "--cluster", cluster.scheduler_address, *once, folder=tmp_path)
    assert (alone, "") == (ended.object, ended.err)


def test_one_may_begin_with_a_method_and_vary_what_one_likes(tmp_path: Path) -> None:
    """It is compared with the method and with the algorithm as it comes; the table ends with the recommendation."""
    arguments = ("--algo", "three_level", "--vary", "split_ratios.0=0.4:0.6,dry_up={true,false}", "--objective", "gross")
    ended = tuned(tmp_path, *arguments, "--seed", "7", "-q", "--generations", "1")
    assert (0, "") == (ended.code, ended.err)
    for words in ("tuned against three_level", "tuned against dynamic_depth_walker", "split_ratios.0=0.4:0.6, dry_up="):
        assert words in " ".join(ended.out.split())
    assert ended.out[ended.out.rindex("\n\n") :].strip().startswith(("Recommended: keep", "tuned "))


def test_a_search_from_a_method_called_tuned_has_another_name(tmp_path: Path) -> None:
    """What was found last time stays apart from what is found now."""
    config = tmp_path / "own.yaml"
    config.write_text("methods: {tuned: {algorithm: twap, slices: 4}}\n", encoding="utf-8")
    arguments = ("--config", config, "--algo", "tuned", "--vary", "slices=2:6", "--generations", "1", "--fill", "")
    found: dict[str, Any] = tuned(tmp_path, "--json", *arguments).object
    assert ("tuned_2", {"twap", "tuned"}) == (found["tuned"], set(found["against"]))
    assert ({}, "slices") == (found["search"]["least_fill_percent"], *found["search"]["varied"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--algo", "twep"), "--algo: unknown algorithm or method 'twep' (did you mean twap?)"),
        (("--algo", "simple_limit"), "--vary: nothing is usual for simple_limit"),
        (("--vary", "patient=0:1"), "--vary: twap has no parameter 'patient'"),
        (("--classes", "thick"), "thick"),
        (("--worlds", "mars"), "--worlds: unknown world 'mars'"),
        (("--train-worlds", "mars"), "--train-worlds: unknown world 'mars'"),
        (("--fill", "thick=0.9"), "--fill: unknown class 'thick'"),
        (("--fill", "thin=93"), "--fill: 'thin=93' is no CLASS=SHARE"),
        (("--fill", "thin"), "--fill: 'thin' is no CLASS=SHARE"),
        (("--fill", "thin=0.9,thin=0.8"), "--fill: thin is named twice"),
        (("--seed", "999999998"), "--seed 999999998: with --runs it must stay below 1,000,000,000"),
        (("--generations", "0"), "--generations"),
        (("--objective", "both"), "--objective"),
        (("--cluster", "tcp://127.0.0.1:1"), "exclude each other"),
        (("--out", "/nowhere/at/all.yaml"), "--out /nowhere/at/all.yaml: cannot be written there"),
        (("--requests", "inf"), "inf is no number of requests"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    """Exit code 2, before any work, and what is wrong with which flag."""
    ended = tuned(tmp_path, *arguments)
    assert (2, "") == (ended.code, ended.out)
    assert words in ended.err
    assert 1 == ended.err.count("\n")


@pytest.mark.slow
def test_ctrl_c_says_where_it_was_and_writes_nothing(tmp_path: Path) -> None:
    """Exit code 130, one line, no file."""
    path = tmp_path / "tuned.yaml"
    command = [sys.executable, "-m", "depthwalk", *FEW, "--generations", "900", "--jobs", "1", "--out", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("depthwalk: generation 1 of 900")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (130, "", []) == (process.returncode, out, list(tmp_path.iterdir()))
    assert err.splitlines()[-1].startswith("depthwalk: interrupted in generation ")
    assert err.endswith(" of 900 of the search: nothing was written\n")


def test_help_fits_a_plain_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """And says what the penalties are."""
    assert 0 == main(["lab", "tune", "--help"])
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    assert "costs 0.05" in " ".join(text.split())

import json
import os
from pathlib import Path

import pytest

from depthwalk.cli.main import main
from depthwalk.config import Config, load

_WALKER = "algorithms:\n  dynamic_depth_walker:\n    "


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (
            "environment: paper\nenviroment: demo\n",
            2,
            "enviroment: found an unknown key (did you mean environment?); allowed: ",
        ),
        ("zzz: 1\n", 1, "zzz: found an unknown key; allowed: environment, database"),
        ("risk:\n  max_count: 5\n  max_cuont: 5\n", 3, "risk.max_cuont: found an unknown key (did you mean max_count?)"),
        ("environment: moon\n", 1, "environment: found 'moon'; allowed: paper, demo, live"),
        ("database: 5\n", 1, "database: found 5; allowed: text"),
        ("live:\n  enabled: 1\n", 2, "live.enabled: found 1; allowed: true or false"),
        ("execution:\n  max_retries: true\n", 2, "execution.max_retries: found true; allowed: a whole number"),
        ("execution:\n  max_retries: 2.5\n", 2, "execution.max_retries: found 2.5; allowed: a whole number"),
        ('execution:\n  max_book_age_seconds: "10"\n', 2, "execution.max_book_age_seconds: found '10'; allowed: a number"),
        ("execution:\n  max_book_age_seconds:\n", 2, "execution.max_book_age_seconds: found nothing; allowed: a number"),
        ("liquidity:\n  within: 0.03\n", 2, "liquidity.within: found 0.03 without quotes; allowed: dollars in quotes"),
        ("risk:\n  max_count: -5\n", 2, "risk.max_count: found -5.00; allowed: more than 0"),
        ("risk:\n  max_notional: 1e3\n", 2, "risk.max_notional: found '1e3'; allowed: dollars, whole or in quotes"),
        ("rate_limit:\n  utilisation: 1.5\n", 2, "rate_limit.utilisation: found 1.5; allowed: more than 0, at most 1"),
        ("rate_limit:\n  tier: gold\n", 2, "rate_limit.tier: found 'gold'; allowed: auto, basic, advanced"),
        ("liquidity:\n  liquid: 10\n", 2, "liquidity.liquid: found 10.00; allowed: moderate (50.00) or more"),
        (f"{_WALKER}offsets: [1.1]\n", 3, "algorithms.dynamic_depth_walker.offsets: found [1.1]; allowed: at least 2"),
        (
            f"{_WALKER}thin: {{ema_alpha: 9}}\n",
            3,
            "algorithms.dynamic_depth_walker.thin.ema_alpha: found 9.0; allowed: 0.001 to 1",
        ),
        (f"{_WALKER}thin:\n      max_wlaks: 3\n", 4, "thin.max_wlaks: found an unknown key (did you mean max_walks?)"),
        (
            f"{_WALKER}split_ratios:\n    - 0.6\n    - x\n",
            5,
            "dynamic_depth_walker.split_ratios.1: found 'x'; allowed: a number",
        ),
        (
            "algorithms: {simple_limit: {end_action: stop}}\n",
            1,
            "simple_limit.end_action: found 'stop'; allowed: cross, cancel",
        ),
        (
            "execution:\n  algorithm: magic\n",
            2,
            "execution.algorithm: found 'magic'; allowed: simple_limit, ",
        ),
        ("methods:\n  m:\n    algorithm: magic\n", 3, "methods.m.algorithm: found 'magic'; allowed: simple_limit"),
        ("methods:\n  m:\n    max_slippage: 0.1\n", 2, "methods.m.algorithm: found nothing; allowed: simple_limit"),
        ("risk: [1, 2]\n", 1, "risk: found a list; allowed: a mapping of keys"),
        ("- environment\n", 1, "the document: found a list; allowed: a mapping of keys"),
        ('credentials:\n  api_key_id_env: ""\n', 2, "credentials.api_key_id_env: found something else; allowed: the name"),
        ('credentials:\n  private_key_path: ""\n', 2, "credentials.private_key_path: found something else; allowed: the path"),
        ("live: {}\nrisk: {}\nlive: {}\n", 3, "column 1: the key 'live' stands twice"),
        ("live:\n\tenabled: true\n", 2, "column 1: found character '\\t' that cannot start any token"),
        ("live: {enabled: true\n", 2, "column 1: expected ',' or '}', but got '<stream end>'"),
    ],
)
def test_a_broken_file_is_named_with_line_and_key(text: str, line: int, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line for one fault: file, line, key, found, allowed; exit 2; the same from `check` and from any other command."""
    Path("mine.yaml").write_text(text, encoding="utf-8")
    for command in (["config", "check"], ["config", "show"], ["paper", "markets"]):
        code, out, err = _run(capsys, "--config", "mine.yaml", *command)
        assert (2, "") == (code, out)
        assert err.startswith(f"depthwalk: mine.yaml, line {line}")
        assert words in err
        assert err.count("\n") == 1


def _folder(path: Path) -> None:
    path.mkdir()


def _binary(path: Path) -> None:
    path.write_bytes(b"environment: \xff\xfe")


def _locked(path: Path) -> None:
    path.write_text("environment: demo\n", encoding="utf-8")
    path.chmod(0)


def _nothing(path: Path) -> None:
    path.unlink(missing_ok=True)


def _dangling(path: Path) -> None:
    path.symlink_to("gone.yaml")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_folder, "mine.yaml: cannot be read: Is a directory"),
        (_binary, "mine.yaml: is not UTF-8 text: invalid start byte at byte 13"),
        (_locked, "mine.yaml: cannot be read: Permission denied"),
        (_nothing, "mine.yaml: cannot be read: No such file or directory"),
        (_dangling, "mine.yaml: cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_read_is_said(make: object, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line and exit 2 for what is no readable text."""
    if make is _locked and os.geteuid() == 0:
        pytest.skip("the administrator can read every file")
    assert callable(make)
    make(Path("mine.yaml"))
    code, out, err = _run(capsys, "--config", "mine.yaml", "config", "check")
    assert (2, "") == (code, out)
    assert words in err
    assert err.count("\n") == 1


def test_every_fault_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A double key, unknown ones, several out of range in one section: from top to bottom; with --json as objects."""
    Path("depthwalk.yaml").write_text(
        "live: {}\nlive: {}\nrisk:\n  max_count: 0\n  max_notional: 0\n  max_cost: 1\n"
        "rate_limit:\n  tier: x\n  utilisation: 7\n",
        encoding="utf-8",
    )
    code, _, err = _run(capsys, "config", "check")
    assert code == 2
    lines = [line for line in err.splitlines() if "hint:" not in line]
    assert [2, 4, 5, 6, 8, 9] == [int(line.split("line ")[1].split(":")[0].split(",")[0]) for line in lines]

    code, out, _ = _run(capsys, "--json", "config", "check")
    found = json.loads(out)
    assert (2, False, 6) == (code, found["ok"], len(found["faults"]))
    assert ("risk.max_count", 4, "0.00", "more than 0") == tuple(
        found["faults"][1][name] for name in ("key", "line", "found", "allowed")
    )


def test_a_value_that_was_refused_is_not_judged_by_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    """`liquid` is no number; that the default in its place would be too small is no second fault."""
    Path("depthwalk.yaml").write_text("liquidity: {liquid: x, moderate: 200}\n", encoding="utf-8")
    _, _, err = _run(capsys, "config", "check")
    assert 1 == err.count("liquid:")


def test_a_good_file_is_said_with_its_path(capsys: pytest.CaptureFixture[str]) -> None:
    """The file found by the usual search, or none."""
    code, out, err = _run(capsys, "config", "check")
    assert (0, "") == (code, err)
    assert out.startswith("ok: there is no config file, the built-in defaults are in force")

    Path("depthwalk.yaml").write_text("environment: demo\n", encoding="utf-8")
    assert (0, f"ok: {Path('depthwalk.yaml').absolute()}\n", "") == _run(capsys, "config", "check")
    _, out, _ = _run(capsys, "--json", "config", "check")
    assert {"ok": True, "file": str(Path("depthwalk.yaml").absolute()), "faults": []} == json.loads(out)


def test_init_writes_the_example_and_never_over_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    """It loads to the defaults; what is there stays, unless --force."""
    code, out, _ = _run(capsys, "config", "init")
    assert code == 0
    assert str(Path("depthwalk.yaml").absolute()) in out
    assert Config() == load()
    example = Path(__file__).parents[2] / "config.example.yaml"
    assert example.read_bytes() == Path("depthwalk.yaml").read_bytes()

    Path("depthwalk.yaml").write_text("environment: demo\n", encoding="utf-8")
    Path("depthwalk.yaml").chmod(0o600)
    code, out, err = _run(capsys, "config", "init")
    assert (2, "") == (code, out)
    assert "is there already (hint: --force" in err
    assert "environment: demo\n" == Path("depthwalk.yaml").read_text(encoding="utf-8")

    assert 0 == _run(capsys, "config", "init", "--force")[0]
    assert Config() == load()
    assert 0o600 == Path("depthwalk.yaml").stat().st_mode & 0o777
    assert [Path("depthwalk.yaml")] == list(Path().iterdir())


def test_init_says_what_it_cannot_write(capsys: pytest.CaptureFixture[str]) -> None:
    """A folder of that name, a folder that is not there; another name through --config."""
    Path("here").mkdir()
    for path, words in (("here", "is a folder"), ("nowhere/c.yaml", "cannot be written: No such file or directory")):
        for force in ([], ["--force"]):
            code, out, err = _run(capsys, "--config", path, "config", "init", *force)
            assert (2, "") == (code, out)
            assert words in err
    code, out, _ = _run(capsys, "--json", "--config", "here/c.yaml", "config", "init")
    assert (0, {"written": str(Path("here/c.yaml").absolute())}) == (code, json.loads(out))


def test_show_says_where_things_come_from(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that won, defaults marked, flags named; of the key only whether it is there and private."""
    key = Path("key.pem")
    key.write_text("-----BEGIN PRIVATE KEY-----\nSECRETSECRET\n", encoding="utf-8")
    key.chmod(0o644)
    Path("depthwalk.yaml").write_text("credentials: {private_key_path: key.pem, api_key_id_env: MY_ID}\n", encoding="utf-8")
    monkeypatch.setenv("MY_ID", "secret-id-12345")

    _, out, _ = _run(capsys, "--env", "demo", "--db", "x.sqlite", "config", "show")
    lines = out.splitlines()
    assert f"# {Path('depthwalk.yaml').absolute()}: read" == lines[0]
    assert lines[1].endswith("not there")
    assert "environment: demo  # from --env" in lines
    assert "database: x.sqlite  # from --db" in lines
    assert "  api_key_id_env: MY_ID  # the variable is set" in lines
    assert "  private_key_path: key.pem  # there, but others can read it: chmod 600" in lines
    assert "  max_retries: 3  # default" in lines

    key.chmod(0o600)
    _, shown, _ = _run(capsys, "--json", "config", "show")
    found = json.loads(shown)
    assert {
        "api_key_id_env": "MY_ID",
        "api_key_id_set": True,
        "private_key_path": str(key.absolute()),
        "private_key_found": True,
        "private_key_private": True,
    } == found["credentials"]
    assert [True, False] == [place["used"] for place in found["searched"]]
    assert "execution.max_retries" in found["defaults"]
    assert "SECRET" not in out + shown
    assert "12345" not in out + shown


def test_show_without_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    """The defaults, and where a file would be looked for; --config names one more place, which wins."""
    code, out, _ = _run(capsys, "config", "show")
    assert code == 0
    assert "# no file: the built-in defaults are in force" in out
    Path("depthwalk.yaml").write_text("", encoding="utf-8")
    Path("other.yaml").write_text("", encoding="utf-8")
    _, out, _ = _run(capsys, "--config", "other.yaml", "config", "show")
    assert ["other.yaml: read", "depthwalk.yaml: there, but not read"] == [
        line.rsplit("/", 1)[1] for line in out.splitlines()[:2]
    ]

"""The README's commands work as they stand, and what it points at exists.

The blocks run as they are written, in a folder of their own, with a `python3.11` on the path that makes a stand-in for the
virtual environment: its `pip` writes down what it was asked to install, its `depthwalk` is the one under test. So nothing is
downloaded; .ci/run does the same with the real thing.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from depthwalk.storage.database import open_database
from tests.support.readme import anchors, bash_blocks, depthwalk_commands, links

ROOT = Path(__file__).parents[1]

SHIMS = {
    "pip": '#!/bin/sh\n[ -f pyproject.toml ] || exit 98\necho "$@" >> pip.log\n',
    "python": '#!/bin/sh\necho "$@" >> python.log\n',
    "depthwalk": '#!/bin/sh\nPYTHONPATH="{root}" exec "{python}" -m depthwalk "$@"\n',
}
PYTHON = """#!/bin/sh
[ "$*" = "-m venv .venv" ] || { echo "python3.11 $*: not what makes a virtual environment" >&2; exit 97; }
mkdir -p .venv/bin && cp "$(dirname "$0")"/venv/* .venv/bin/
"""


@pytest.fixture(scope="module")
def readme() -> str:
    """Return the README's text."""
    return (ROOT / "README.md").read_text(encoding="utf-8")


def run_block(block: str, folder: Path, *, timeout: float) -> subprocess.CompletedProcess[str]:
    """Run a block of the README in *folder*, made to look like a fresh clone, with the shims in front of the path."""
    shims = folder / "shims"
    (shims / "venv").mkdir(parents=True)
    for name, text in SHIMS.items():
        script = shims / "venv" / name
        script.write_text(text.replace("{root}", str(ROOT)).replace("{python}", sys.executable), encoding="utf-8")
        script.chmod(0o755)
    (shims / "python3.11").write_text(PYTHON, encoding="utf-8")
    (shims / "python3.11").chmod(0o755)
    clone = folder / "clone"
    clone.mkdir()
    shutil.copy(ROOT / "pyproject.toml", clone)
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=clone,
        env={**os.environ, "PATH": f"{shims}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def test_the_first_two_blocks_are_the_two_commands(readme: str) -> None:
    """An execution first, the tests second; each makes its environment and is one command, complete in itself."""
    execution, testing = bash_blocks(readme)[:2]
    prefix = r"python3\.11 -m venv \.venv && \.venv/bin/pip install (-q )?"
    assert re.fullmatch(prefix + r"\. && \.venv/bin/depthwalk (\S+ )*execute PAPER-\S+ .*--yes.*\n", execution)
    assert re.fullmatch(prefix + r"(['\"]?)\.\[dev\]\2 && \.venv/bin/python -m pytest.*\n", testing)


@pytest.mark.slow
def test_the_execution_command_runs_as_written(readme: str, tmp_path: Path) -> None:
    """The first command ends by itself, done or not fully filled, with nothing installed but this project."""
    ended = run_block(bash_blocks(readme)[0], tmp_path, timeout=120)
    assert ended.returncode in {0, 3}, ended.stderr
    assert "Traceback" not in ended.stderr
    (installed,) = _log(tmp_path, "pip.log")
    assert re.fullmatch(r"install (-q )?\.", installed)


def test_the_test_command_runs_pytest_with_the_dev_extra(readme: str, tmp_path: Path) -> None:
    """The second command installs the project with its dev extra and starts pytest, on the whole suite."""
    ended = run_block(bash_blocks(readme)[1], tmp_path, timeout=30)
    assert not ended.returncode, ended.stderr
    (installed,) = _log(tmp_path, "pip.log")
    (tested,) = _log(tmp_path, "python.log")
    assert re.fullmatch(r"install (-q )?\.\[dev\]", installed)
    assert re.fullmatch(r"-m pytest( -[a-z]+)*", tested)


def _log(folder: Path, name: str) -> list[str]:
    return (folder / "clone" / name).read_text(encoding="utf-8").splitlines()


def test_ci_runs_the_readme_s_own_test_command(readme: str) -> None:
    """.ci/run takes its command from here rather than repeating it."""
    shown = subprocess.run(["bash", ROOT / ".ci" / "run", "--show"], capture_output=True, text=True, check=True)
    assert bash_blocks(readme)[1] == shown.stdout
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_every_command_of_the_readme_exists(readme: str) -> None:
    """Each depthwalk command in a shell block is known with its options: its --help answers."""
    from depthwalk.cli.main import app  # noqa: PLC0415 - the other tests here need no command line

    commands = list(depthwalk_commands(readme))
    answers = {" ".join(command): CliRunner().invoke(app, [*command, "--help"]) for command in commands}
    assert commands
    assert not {command: answer.output for command, answer in answers.items() if answer.exit_code}


def test_every_query_of_the_readme_runs(readme: str, tmp_path: Path) -> None:
    """Each SQL block is understood by a database of ours."""
    queries = re.findall(r"^```sql\n(.*?)^```", readme, flags=re.MULTILINE | re.DOTALL)
    assert queries
    with open_database(tmp_path / "readme.sqlite") as database:
        assert all(database.rows(query) == [] for query in queries)


def test_every_link_leads_somewhere(readme: str) -> None:
    """Links to files and headings of this repository exist."""
    here = [link for link in links(readme) if not re.match(r"[a-z]+:", link)]
    missing = [link for link in here if not _exists(link, anchors(readme))]
    assert not missing


def _exists(link: str, headings: set[str]) -> bool:
    path, _, anchor = link.partition("#")
    return (ROOT / path).exists() if path else anchor in headings


def test_commands_are_found_however_they_are_written() -> None:
    """Pipes, chains, prompts, continuation lines, redirections and comments do not hide or garble a command."""
    text = (
        "```bash\na && .venv/bin/depthwalk --json execute X \\\n  --yes | jq .  # and so on\n```\n"
        "```sh\n$ depthwalk db info > out; ls\n```\n"
        "```yaml\ndepthwalk: no\n```\n```console\n$ depthwalk --help\n```\n"
    )
    expected = [["--json", "execute", "X", "--yes"], ["db", "info"], ["--help"]]
    assert expected == list(depthwalk_commands(text))


def test_links_and_headings_are_found() -> None:
    """Links outside code count; headings have the anchors that hosts give them."""
    text = '# A title, with `code`!\n[a](x.md "t") ![b](y.png)\n```text\n# no\n[c](z)\n```\n'
    expected = (["x.md", "y.png"], {"a-title-with-code"})
    assert expected == (links(text), anchors(text))

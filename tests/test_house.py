"""The house rules hold in every file, and each rule can fail."""

import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

from tests.support import house
from tests.support.house import Source

ROOT = Path(__file__).parents[1]

SourceRule = Callable[[Source], Iterator[str]]
TextRule = Callable[[str], Iterator[str]]
SOURCE_RULES: list[SourceRule] = [
    house.imports,
    house.cli_imports_late,
    house.wall_clock,
    house.randomness,
    house.printing,
    house.logging,
    house.size,
    house.docstrings,
    house.assertions,
    house.mocks,
    house.exemptions,
]
TEXT_RULES: list[TextRule] = [house.unfinished, house.registries]

# What may lie at the top (design, D14), besides names that begin with a dot.
CARD = {"pyproject.toml", "depthwalk", "tests", "config.example.yaml", "README.md", "LICENSE", "CHANGELOG.md"}


@cache
def sources() -> tuple[Source, ...]:
    """Every Python file of the package and of the tests, committed or not."""
    found = sorted(path for folder in ("depthwalk", "tests") for path in (ROOT / folder).rglob("*.py"))
    return tuple(Source(PurePosixPath(path.relative_to(ROOT)), path.read_text(encoding="utf-8")) for path in found)


@cache
def tracked() -> tuple[PurePosixPath, ...]:
    """Every file under version control; where there is none (an unpacked release), every file that git would not ignore."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        return tuple(PurePosixPath(name) for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())
    texts = (path for pattern in ("*.py", "*.md", "*.toml", "*.yaml") for path in ROOT.rglob(pattern))
    return tuple(PurePosixPath(path.relative_to(ROOT)) for path in texts if ".venv" not in path.parts)


@pytest.mark.parametrize("rule", SOURCE_RULES)
def test_every_source_keeps_the_rule(rule: SourceRule) -> None:
    """No Python file breaks the rule; each breach is shown as path:line."""
    faults = [f"{source.path}:{fault}" for source in sources() for fault in rule(source)]
    assert not faults, "\n".join([rule.__doc__ or "", *faults])


@pytest.mark.parametrize("rule", TEXT_RULES)
def test_every_tracked_file_keeps_the_rule(rule: TextRule) -> None:
    """No file under version control breaks the rule."""
    faults = [f"{path}:{fault}" for path in tracked() for fault in rule((ROOT / path).read_text("utf-8", "replace"))]
    assert not faults, "\n".join([rule.__doc__ or "", *faults])


def test_the_rules_are_applied_to_something() -> None:
    """The searches find this file, the package and the tests' support."""
    paths = {str(source.path) for source in sources()}
    assert {"tests/test_house.py", "tests/support/house.py", "depthwalk/domain/units.py"} <= paths
    assert PurePosixPath("pyproject.toml") in tracked()


def test_the_card_is_kept() -> None:
    """At the top lie the things of the design's D14 and nothing else."""
    tops = {path.parts[0] for path in tracked() if not path.parts[0].startswith(".")}
    assert not tops - CARD


def test_tests_are_not_a_package() -> None:
    """No __init__.py in tests/, so that two test files may have the same name."""
    assert not list((ROOT / "tests").rglob("__init__.py"))


BAD = [
    (house.imports, "depthwalk/domain/book.py", "from depthwalk.analysis import fees"),
    (house.imports, "depthwalk/domain/book.py", "import depthwalk.ports"),
    (house.imports, "depthwalk/domain/book.py", "from depthwalk import config"),
    (house.imports, "depthwalk/domain/book.py", "from . import units"),
    (house.imports, "depthwalk/domain/book.py", "import msgspec"),
    (house.imports, "depthwalk/clock.py", "from depthwalk.domain.book import Book"),
    (house.imports, "depthwalk/clock.py", "from depthwalk.domain import book"),
    (house.imports, "depthwalk/kalshi/client.py", "def f():\n    from depthwalk.paper.app import build"),
    (house.imports, "depthwalk/executors/registry.py", "import importlib\nimportlib.import_module('depthwalk.runtime.runner')"),
    (house.imports, "depthwalk/assembly/execution.py", "from depthwalk.cli.main import app"),
    (house.imports, "depthwalk/errors.py", "from depthwalk.domain.units import ONE"),
    (house.imports, "depthwalk/novelty/thing.py", "x = 1"),
    (house.cli_imports_late, "depthwalk/cli/execute.py", "from depthwalk.assembly import build"),
    (house.cli_imports_late, "depthwalk/cli/execute.py", "import rich"),
    (house.cli_imports_late, "depthwalk/cli/execute.py", "try:\n    import httpx\nexcept ImportError:\n    pass"),
    (house.wall_clock, "depthwalk/runtime/runner.py", "import time"),
    (house.wall_clock, "depthwalk/runtime/runner.py", "from time import monotonic as now"),
    (house.wall_clock, "depthwalk/runtime/runner.py", "from datetime import datetime as d\nx = d.now"),
    (house.wall_clock, "depthwalk/runtime/runner.py", "import datetime\ndatetime.datetime.now(datetime.UTC)"),
    (house.wall_clock, "depthwalk/runtime/runner.py", "import datetime\ndatetime.date.today()"),
    (house.wall_clock, "depthwalk/runtime/runner.py", "import asyncio\nasyncio.get_running_loop().time()"),
    (house.wall_clock, "depthwalk/runtime/runner.py", "def f(self):\n    return self._loop.time()"),
    (house.wall_clock, "depthwalk/runtime/runner.py", "import asyncio\nasync def f():\n    await asyncio.sleep(1)"),
    (house.wall_clock, "depthwalk/runtime/runner.py", "from asyncio import sleep\nasync def f(s=sleep):\n    await s(1)"),
    (house.wall_clock, "depthwalk/storage/rows.py", "SQL = \"insert into run values (datetime('now'))\""),
    (house.wall_clock, "depthwalk/storage/rows.py", "SQL = 'at text default current_timestamp'"),
    (house.randomness, "depthwalk/paper/crowd.py", "import random\nrandom.random()"),
    (house.randomness, "depthwalk/paper/crowd.py", "from random import choice"),
    (house.randomness, "depthwalk/paper/crowd.py", "import random as r\nr.seed(1)"),
    (house.randomness, "depthwalk/paper/crowd.py", "import random\nx = random.Random()"),
    (house.randomness, "depthwalk/kalshi/retry.py", "from tenacity import wait_random"),
    (house.randomness, "depthwalk/runtime/runner.py", "from uuid import uuid4"),
    (house.randomness, "depthwalk/runtime/runner.py", "import secrets"),
    (house.randomness, "depthwalk/storage/rows.py", "import os\nos.urandom(16)"),
    (house.randomness, "tests/test_x.py", "import random\nrandom.shuffle([])"),
    (house.printing, "depthwalk/runtime/runner.py", "print(1)"),
    (house.printing, "depthwalk/assembly/execution.py", "import sys\nsys.stderr.write('x')"),
    (house.logging, "depthwalk/paper/app.py", "import logging"),
    (house.logging, "depthwalk/executors/base.py", "def f():\n    from logging import getLogger"),
    (house.size, "depthwalk/domain/book.py", "x = 1\n" * 401),
    (house.docstrings, "depthwalk/domain/book.py", "x = 1"),
    (house.docstrings, "tests/test_x.py", "def test_it():\n    assert True"),
    (house.docstrings, "tests/test_x.py", "class TestX:\n    async def test_it(self):\n        assert True"),
    (house.assertions, "tests/test_x.py", "def test_it():\n    '''It does.'''\n    run()"),
    (house.mocks, "tests/test_x.py", "from unittest.mock import Mock"),
    (house.exemptions, "depthwalk/domain/book.py", "x = 1  # no" + "qa"),
    (house.exemptions, "depthwalk/domain/book.py", "x = 1  # no" + "qa: E501"),
    (house.exemptions, "depthwalk/domain/book.py", "x = 1  # type: " + "ignore"),
    (house.exemptions, "depthwalk/domain/book.py", "x = 1  # type: " + "ignore[misc]"),
]

GOOD = [
    (
        house.imports,
        "depthwalk/domain/book.py",
        "import re\nfrom depthwalk.domain.units import ONE\nfrom depthwalk.errors import X",
    ),
    (house.imports, "depthwalk/clock.py", "from depthwalk.domain.units import Instant\nfrom depthwalk.domain import units"),
    (house.imports, "depthwalk/wire/orders.py", "import msgspec"),
    (house.imports, "depthwalk/__main__.py", "def main():\n    from depthwalk.cli.main import run"),
    (house.imports, "tests/domain/test_book.py", "import hypothesis"),
    (house.cli_imports_late, "depthwalk/cli/execute.py", "import typer\ndef f():\n    from depthwalk.assembly import build"),
    (
        house.cli_imports_late,
        "depthwalk/cli/execute.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from depthwalk.config import Config",
    ),
    (house.wall_clock, "depthwalk/clock.py", "import time\ntime.time_ns()"),
    (house.wall_clock, "depthwalk/runtime/runner.py", "import asyncio\nasync def f(clock):\n    await asyncio.sleep(0)"),
    (house.wall_clock, "depthwalk/runtime/runner.py", "from datetime import datetime, time\nx = datetime.fromtimestamp(0)"),
    (house.wall_clock, "depthwalk/storage/rows.py", "SQL = 'select datetime(at / 1000000) from now'"),
    (house.randomness, "depthwalk/paper/crowd.py", "import random\ndef f(rng: random.Random):\n    return random.Random(7)"),
    (house.randomness, "depthwalk/assembly/execution.py", "import secrets"),
    (house.randomness, "depthwalk/runtime/runner.py", "from uuid import UUID"),
    (house.printing, "depthwalk/cli/main.py", "print(1)"),
    (house.logging, "depthwalk/kalshi/client.py", "import logging"),
    (house.size, "depthwalk/domain/book.py", "x = 1\n" * 400),
    (house.docstrings, "depthwalk/domain/book.py", '"""Books."""'),
    (house.assertions, "tests/test_x.py", "def test_it():\n    '''It does.'''\n    check_it(1)"),
    (house.exemptions, "depthwalk/domain/book.py", "x = 1  # no" + "qa: E501, S101 - a table"),
    (house.exemptions, "depthwalk/domain/book.py", "x = 1  # type: " + "ignore[misc]  # the stub is wrong"),
]


@pytest.mark.parametrize(("rule", "path", "text"), BAD)
def test_a_breach_is_found(rule: SourceRule, path: str, text: str) -> None:
    """Each rule, fed with a breach of it, says so."""
    assert list(rule(Source(PurePosixPath(path), text)))


@pytest.mark.parametrize(("rule", "path", "text"), GOOD)
def test_what_is_allowed_passes(rule: SourceRule, path: str, text: str) -> None:
    """Each rule leaves alone what looks like a breach and is none."""
    assert not list(rule(Source(PurePosixPath(path), text)))


def test_every_source_rule_has_been_seen_to_fail() -> None:
    """No rule is without a snippet that breaks it."""
    assert set(SOURCE_RULES) == {rule for rule, _, _ in BAD}


@pytest.mark.parametrize("text", ["# TO" + "DO: later", "x = 1  # FIX" + "ME"])
def test_unfinished_work_is_found(text: str) -> None:
    """Both usual words for it are found in any text."""
    assert list(house.unfinished(text))


@pytest.mark.parametrize(
    "text",
    [
        "pip install --index" + "-url=https://example.invalid/x",
        "PIP_EXTRA_INDEX" + "_URL: y",
        "https://py" + "pi.org/project/x",
        "https://files.python" + "hosted.org/x",
        "http://10.0.0.1:8080/mirror/simp" + "le",
    ],
)
def test_registry_addresses_are_found(text: str) -> None:
    """Well-known registries, options that name one, and the usual path of a mirror are found in any text."""
    assert list(house.registries(text))

"""Finding and reading the file; what is not YAML."""

from pathlib import Path

import pytest

from depthwalk.config import Config, Environment, Method, load
from depthwalk.errors import ConfigError
from tests.support.configs import faults_of, loaded


def test_no_file_means_the_defaults() -> None:
    """A newcomer needs no configuration."""
    assert Config() == load()
    assert load().origin is None
    assert Environment.PAPER == load().environment


def test_the_file_here_wins_over_the_users() -> None:
    """Working directory first, then the platform's folder, then the defaults; an explicit path before all."""
    folder = Path.home() / "xdg_config_home" / "depthwalk"
    folder.mkdir()
    (folder / "depthwalk.yaml").write_text("environment: demo")
    assert Environment.DEMO == load().environment

    Path("depthwalk.yaml").write_text("environment: live")
    assert Environment.LIVE == load().environment

    Path("other.yaml").write_text("")
    assert Config() == load(Path("other.yaml"))
    assert Path("other.yaml").absolute() == load(Path("other.yaml")).origin


def test_a_named_file_must_exist() -> None:
    """A typing error in --config is not answered with the defaults."""
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: cannot be read: No such file"):
        load(Path("nowhere.yaml"))


def test_a_file_that_cannot_be_read_is_not_passed_over() -> None:
    """A folder and a broken link of the right name are said, not skipped."""
    Path("depthwalk.yaml").mkdir()
    with pytest.raises(ConfigError, match=r"depthwalk\.yaml: cannot be read: Is a directory"):
        load()
    Path("depthwalk.yaml").rmdir()
    Path("depthwalk.yaml").symlink_to("gone")
    with pytest.raises(ConfigError, match="No such file"):
        load()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: [1", "mine.yaml, line 1, column 6: expected ',' or ']', but got '<stream end>'"),
        ("live:\n  enabled: true\n enabled: false", "mine.yaml, line 3, column 2: "),
        ("risk: {max_count: 1}\nlive: {}\nrisk: {}", "mine.yaml, line 3, column 1: the key 'risk' stands twice"),
        ("live:\n  enabled: false\n  enabled: true", "mine.yaml, line 3, column 3: the key 'enabled' stands twice"),
        ("--- {}\n--- {}", "mine.yaml, line 2, column 1: but found another document"),
        ("database: !!python/object/apply:os.getcwd []", "mine.yaml, line 1, column 11: could not determine a constructor"),
        ("? [a]\n: 1", "mine.yaml, line 1, column 3: found unhashable key"),
        ("database: 2026-99-99", "mine.yaml: is not YAML: month must be in 1..12"),
        ("database: !!bool x", "mine.yaml: is not YAML: a value is not what its tag"),
        ("database: !!timestamp x", "mine.yaml: is not YAML: a value is not what its tag"),
        ("database: \x01", "mine.yaml: is not YAML: unacceptable character"),
        ("[" * 5000, "mine.yaml: is not YAML: maximum recursion depth"),
        ("- environment", "mine.yaml, line 1: the document: found a list; allowed: a mapping of keys"),
        ("paper", "mine.yaml, line 1: the document: found text; allowed: a mapping of keys"),
    ],
)
def test_what_is_not_yaml_is_said_with_its_place(text: str, fault: str) -> None:
    """One line: file, line, column, problem."""
    (line,) = faults_of(text)
    assert line.startswith(fault)


def test_a_file_that_is_not_text_is_refused() -> None:
    """Bytes that are not UTF-8 are no configuration; a byte order mark is harmless."""
    Path("mine.yaml").write_bytes(b"environment: \xff\xfe")
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        load(Path("mine.yaml"))
    assert Environment.DEMO == loaded("\ufeffenvironment: demo").environment


def test_merge_keys_are_not_doubles() -> None:
    """YAML's own way to say the same twice."""
    config = loaded("methods:\n  a: &a {algorithm: simple_limit, max_slippage: 0.5}\n  b: {<<: *a, max_slippage: 0.25}")

    assert Method(algorithm="simple_limit", overrides={"max_slippage": 0.25}) == config.method("b")

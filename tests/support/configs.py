"""Configurations from text, as a user's file in the working directory would hold it."""

from pathlib import Path

import pytest

from depthwalk.config import Config, load
from depthwalk.errors import ConfigError, ExitCode


def loaded(text: str) -> Config:
    """Load `mine.yaml` with this text."""
    path = Path("mine.yaml")
    path.write_text(text, encoding="utf-8")
    return load(path)


def faults_of(text: str) -> list[str]:
    """Return the faults that loading this text is refused with: exit 2, each one line of bounded length."""
    with pytest.raises(ConfigError) as caught:
        loaded(text)
    assert caught.value.exit_code is ExitCode.USAGE
    assert all("\n" not in line and len(line) < 600 for line in caught.value.faults)
    return caught.value.faults

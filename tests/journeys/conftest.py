"""What every journey may rely on."""

from collections.abc import Iterator

import pytest

from tests.support.killed import STARTED


@pytest.fixture(autouse=True)
def _no_process_left() -> Iterator[None]:
    """End what a failed test left behind."""
    yield
    while STARTED:
        with STARTED.pop() as process:
            process.kill()

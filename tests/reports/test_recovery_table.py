"""What recovering did, on screen and as JSON."""

from dataclasses import replace

from depthwalk.domain.result import Recovery, Status
from depthwalk.domain.units import Quantity
from depthwalk.reports.recovery_table import recovery_json, recovery_table
from tests.support.tables import as_text

SETTLED = Recovery(
    execution_id="3f0e" + "0" * 28,
    ticker="KXHIGHNY-26NOV21-B52",
    environment="live",
    before=Status.RUNNING,
    after=Status.CANCELED,
    requested=Quantity(30_000),
    filled=Quantity(12_050),
    detail="its process died",
)
LEFT = Recovery(
    execution_id="aa11" + "0" * 28,
    ticker="PAPER-THIN",
    environment="live",
    before=Status.UNKNOWN,
    after=None,
    requested=Quantity(100),
    filled=Quantity(0),
    detail="no paper exchange answers at http://127.0.0.1:8765",
)


def test_the_table_fits_eighty_columns() -> None:
    """One row an execution, what was and what is, and what happened in words."""
    lines = as_text(recovery_table([SETTLED, LEFT]), width=80).splitlines()

    assert max(len(line) for line in lines) <= 80
    assert ["id", "market", "before", "after", "filled", "what", "happened"] == lines[0].split()
    assert "3f0e0000" in lines[1]
    assert "120.50/300.00" in lines[1]
    assert any("as it was" in line for line in lines)


def test_the_environment_is_shown_where_there_are_several() -> None:
    """One environment is no news, two are."""
    assert "env" not in as_text(recovery_table([SETTLED]), width=80).splitlines()[0]
    other = replace(SETTLED, environment="paper")
    assert "env" in as_text(recovery_table([SETTLED, other]), width=120).splitlines()[0].split()


def test_nothing_to_recover_is_said() -> None:
    """A line, not an empty table."""
    assert as_text(recovery_table([]), width=80).startswith("nothing to recover")


def test_absent_is_null() -> None:
    """Counts with their decimals; what was left alone has no status afterwards."""
    assert ("300.00", "120.50", "canceled") == tuple(recovery_json(SETTLED)[name] for name in ("requested", "filled", "after"))
    assert recovery_json(LEFT)["after"] is None

"""The section `decision` and its faults."""

import pytest

from depthwalk.config import Config
from depthwalk.domain.units import DOLLAR, Price
from tests.support.configs import faults_of, loaded


def test_thresholds_are_set_by_the_file() -> None:
    """Shares as numbers, dollars in quotes; what is left out keeps its default."""
    found = loaded('decision: {average_slippage: 0.02, min_gain: "0.0020", annual_cost: 900, sensitivity: [0.5, 2]}').decision
    assert (0.02, Price(20), 900 * DOLLAR, (0.5, 2.0)) == (
        found.average_slippage, found.min_gain, found.annual_cost, found.sensitivity,
    )  # fmt: skip
    assert Config().decision.thin_slippage == found.thin_slippage


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("baseline: twap9", "decision.baseline: found 'twap9'; allowed: simple_limit"),
        ("candidates: [simple_limit]", "decision.candidates: found 'simple_limit'; allowed: static_split, spread_walker"),
        ("candidates: [dynamic_depth_walker, dynamic_depth_walker]", "allowed: each one once"),
        ("min_executions: 1", "decision.min_executions: found 1; allowed: 2 or more"),
        ("min_events: 0", "decision.min_events: found 0; allowed: 2 or more"),
        ("resamples: 1999", "decision.resamples: found 1999; allowed: 2000 to 50000"),
        ("average_slippage: 1.5", "decision.average_slippage: found 1.5; allowed: 0 to 1"),
        ("veto_thin_share: 0.31", "decision.veto_thin_share: found 0.31; allowed: at most thin_share"),
        ("shallow_time: 0", "decision.shallow_time: found 0.0; allowed: more than 0"),
        ('shallow_depth: "0.5"', "decision.shallow_depth: found 0.50; allowed: 1 contract or more"),
        ("needs: 7", "decision.needs: found 7; allowed: 1 to 6"),
        ("min_gain: 0.001", "decision.min_gain: found 0.001 without quotes"),
        ('annual_cost: "-1"', "decision.annual_cost: found -1.000000; allowed: 0 or more"),
        ("sensitivity: []", "decision.sensitivity: found an empty list"),
        ("sensitivity: [0]", "decision.sensitivity: found 0.0; allowed: factors, each above 0"),
        ("average_slipage: 0.1", "decision.average_slipage: found an unknown key (did you mean average_slippage?)"),
    ],
)
def test_faults_name_their_key(section: str, words: str) -> None:
    """What was found and what is allowed."""
    (fault,) = faults_of(f"decision: {{{section}}}")
    assert words in fault

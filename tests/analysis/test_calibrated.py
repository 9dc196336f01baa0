"""Whether a class shows what a recording shows, by hand."""

import pytest

from depthwalk.analysis.calibrated import MomentFit, Verdict


@pytest.mark.parametrize(
    ("shown", "verdict"),
    [
        (1.9, Verdict.OK),
        (2.3, Verdict.OK),
        (1.89, Verdict.NEAR),
        (1.71, Verdict.NEAR),
        (2.31, Verdict.OFF),
        (1.69, Verdict.OFF),
        (None, Verdict.OFF),
        (float("nan"), Verdict.OFF),
    ],
)
def test_a_moment_is_ok_in_its_band_and_near_within_15_percent_of_the_recording(shown: float | None, verdict: Verdict) -> None:
    """The recording says 2 and that it may be 1.9 to 2.3; what the class shows too little of is off."""
    fit = MomentFit(key="spread", name="spread", unit="c", data=2.0, low=1.9, high=2.3, shown=shown)
    assert verdict is fit.verdict


def test_near_is_in_proportion_below_0_too() -> None:
    """Of a mid that moves against takers."""
    fit = MomentFit(key="lean", name="lean", unit="c", data=-2.0, low=-2.1, high=-1.9, shown=-2.2)
    assert fit.verdict is Verdict.NEAR

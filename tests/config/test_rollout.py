"""What `--algo auto` may draw, and with which share, as the configuration says it."""

import pytest

from depthwalk.config import Config
from depthwalk.domain.result import LiquidityClass
from tests.support.configs import faults_of, loaded


def test_nothing_is_drawn_unless_said() -> None:
    """Built in: share 0 in every class."""
    assert {0} == {Config().rollout.millionths(liquidity) for liquidity in LiquidityClass}


def test_a_class_may_have_its_own_share() -> None:
    """Also 0, which is not the same as none; the others have the common one; exact to the millionth."""
    rollout = loaded("rollout: {share: 0.1, shares: {thin: 0, liquid: 0.333333}}").rollout
    assert {"liquid": 333_333, "moderate": 100_000, "thin": 0} == {
        liquidity.value: rollout.millionths(liquidity) for liquidity in LiquidityClass
    }


@pytest.mark.parametrize("millionths", [1, 249, 498, 123_457, 290_000, 999_999, 1_000_000])
def test_a_share_is_taken_as_it_stands(millionths: int) -> None:
    """No digit is lost on the way through a float, which for 0.000249 lies a little below."""
    assert millionths == loaded(f"rollout: {{share: {millionths / 1_000_000:.6f}}}").rollout.millionths(LiquidityClass.THIN)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("rollout: {share: 1.1}", "rollout.share: found 1.1; allowed: 0 to 1, at most 6 decimals"),
        ("rollout: {share: -0.1}", "rollout.share: found -0.1; allowed: 0 to 1, at most 6 decimals"),
        ("rollout: {share: 0.1234567}", "rollout.share: found 0.1234567; allowed: 0 to 1, at most 6 decimals"),
        ("rollout: {shares: {moderate: 2}}", "rollout.shares.moderate: found 2.0; allowed: 0 to 1, at most 6 decimals"),
        ("rollout: {shares: {liqud: 1}}", "rollout.shares.liqud: found an unknown key (did you mean liquid?)"),
        ("rollout: {algorithm: magic}", "rollout.algorithm: found 'magic'; allowed: simple_limit, "),
        ("rollout: {algorithm: auto}", "rollout.algorithm: found 'auto'; allowed: simple_limit, "),
        ("execution: {algorithm: auto}", "execution.algorithm: found 'auto'; allowed: simple_limit, "),
    ],
)
def test_what_cannot_be_is_refused(text: str, fault: str) -> None:
    """With the key, what was found and what is allowed; the control arm cannot itself be drawn."""
    (found,) = faults_of(text)
    assert f"mine.yaml, line 1: {fault}" in found


def test_the_configured_algorithm_is_not_auto_and_says_why() -> None:
    """It is what `--algo auto` draws against."""
    (fault,) = faults_of("execution: {algorithm: auto}")
    assert fault.endswith("(--algo auto draws between this one and rollout.algorithm)")

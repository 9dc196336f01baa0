"""Arms out of words: algorithms, methods, the control, parameters of one's own, and every way to get it wrong."""

import pytest

from depthwalk.assembly.lab_arms import arm_of, arms_of, asked_arm
from depthwalk.config import Config
from depthwalk.errors import UsageError
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalkerParams
from depthwalk.executors.simple_limit import SimpleLimitParams
from depthwalk.executors.state import EndAction
from depthwalk.executors.twap import TwapParams

CONFIG = Config()
SHORT = Config(algorithms=Config().algorithms | {"simple_limit": SimpleLimitParams(timeout_seconds=5.0)})


def test_names_are_algorithms_methods_and_the_control() -> None:
    """Each under its own name, with the parameters that it has there."""
    plain, method, control = arms_of("simple_limit, three_level,simple_limit_40x", CONFIG)
    assert ("simple_limit", "simple_limit") == (plain.name, plain.algorithm)
    assert CONFIG.section("simple_limit") == plain.params
    assert ("three_level", "dynamic_depth_walker") == (method.name, method.algorithm)
    assert isinstance(method.params, DynamicDepthWalkerParams)
    assert (0.5, 0.3, 0.2) == method.params.split_ratios
    assert ("simple_limit_40x", "simple_limit") == (control.name, control.algorithm)
    assert (40.0, EndAction.CROSS) == (control.params.timeout_seconds, control.params.end_action)


def test_the_configuration_holds() -> None:
    """An algorithm is compared as it would trade."""
    assert arm_of("simple_limit", SHORT).params.timeout_seconds == 5
    assert arm_of("simple_limit_40x", SHORT).params.timeout_seconds == 40


def test_parameters_of_ones_own_follow_a_colon() -> None:
    """Commas belong to the arm before them as long as a parameter follows; lists are in brackets; prices are dollars."""
    text = (
        "twap:slices=5,end_action=cancel,simple_limit,dynamic_depth_walker:patience=1.5,offsets=[2.0,1.2,0],base_increment=0.01"
    )
    slices, plain, walker = arms_of(text, CONFIG)
    assert isinstance(slices.params, TwapParams)
    assert (5, EndAction.CANCEL) == (slices.params.slices, slices.params.end_action)
    assert slices.name == "twap:slices=5,end_action=cancel"
    assert plain.name == "simple_limit"
    assert isinstance(walker.params, DynamicDepthWalkerParams)
    assert (1.5, (2.0, 1.2, 0.0), 100) == (walker.params.patience, walker.params.offsets, walker.params.base_increment)


def test_a_method_can_be_varied_too() -> None:
    """What it says holds where nothing else is said."""
    params = arm_of("three_level:patience=2", CONFIG).params
    assert isinstance(params, DynamicDepthWalkerParams)
    assert ((0.5, 0.3, 0.2), 2.0) == (params.split_ratios, params.patience)


def test_the_control_can_be_varied_too() -> None:
    """What is given beats what the control is."""
    control = arm_of("simple_limit_40x:timeout_seconds=20", CONFIG)
    assert (20.0, EndAction.CROSS) == (control.params.timeout_seconds, control.params.end_action)


def test_spaces_do_not_matter() -> None:
    """The name is the words without them."""
    assert "twap:slices=5,passive=true" == arm_of(" twap : slices = 5 , passive=true ", CONFIG).name.replace(" ", "")


def test_what_is_reported_of_an_arm_is_how_a_configuration_has_it() -> None:
    """With the names of what is not as the algorithm comes."""
    asked = asked_arm(arm_of("dynamic_depth_walker:base_increment=0.01", CONFIG))
    assert ("dynamic_depth_walker", ("base_increment",)) == (asked.algorithm, asked.changed)
    assert asked.parameters["base_increment"] == "0.01"
    assert asked_arm(arm_of("twap", CONFIG)).changed == ()


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("nope", "unknown algorithm or method 'nope'", "known: simple_limit, static_split"),
        ("simple_limi", "(did you mean simple_limit?)", "simple_limit_40x, default"),
        ("twap,twap", "twap is named twice", None),
        ("", "names nothing", "known: simple_limit"),
        (" , ", "unknown algorithm or method ''", "known: "),
        ("twap:slice=5", "twap has no parameter 'slice' (did you mean slices?)", "it has timeout_seconds"),
        ("twap:slices", "twap: 'slices' is no key=value", "slices=5"),
        ("twap:slices=", "is no key=value", None),
        ("twap:slices=abc", "twap.slices: found 'abc'; allowed: a whole number", None),
        ("twap:slices=0", "twap.slices: found 0; allowed: 1 to 1000", None),
        ("twap:slices=null", "twap.slices: found 'null'", None),
        ("twap:max_slippage=NaN", "twap.max_slippage: found", None),
        ("twap:slices=5,slices=6", "twap: slices is given twice", None),
        ("dynamic_depth_walker:offsets=[1,2", "found '[1,2'; allowed: a list", None),
        ("dynamic_depth_walker:base_increment=0.00001", "base_increment: found '0.00001'", None),
        ("slices=5", "unknown algorithm or method 'slices=5'", None),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(text: str, message: str, hint: str | None) -> None:
    """In words that begin with the flag."""
    with pytest.raises(UsageError) as caught:
        arms_of(text, CONFIG)
    assert caught.value.message.startswith("--algos")
    assert message in caught.value.message
    assert (hint or "") in (caught.value.hint or "")


def test_a_baseline_is_refused_under_its_own_flag() -> None:
    """The user typed another one."""
    with pytest.raises(UsageError, match=r"^--baseline: unknown algorithm"):
        arm_of("nope", CONFIG, "--baseline")

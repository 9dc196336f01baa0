"""What wins over what, and where things are."""

from pathlib import Path

import pytest

from depthwalk.config import Config, load
from depthwalk.domain.units import Quantity
from depthwalk.errors import UsageError
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalkerParams
from depthwalk.executors.simple_limit import SimpleLimitParams
from depthwalk.executors.state import EndAction
from tests.support.configs import faults_of, loaded


def test_parameters_are_merged_in_order() -> None:
    """Defaults, the algorithm's section, the method, the command line; each layer keeps what the next leaves out."""
    config = loaded(
        """
        algorithms: {dynamic_depth_walker: {max_walks: 5, timeout_seconds: 50, max_slippage: 0.01, min_split: 9}}
        methods: {fast: {algorithm: dynamic_depth_walker, timeout_seconds: 20, max_slippage: 0.03}}
        """
    )

    params = config.params_for("dynamic_depth_walker", "fast", {"max_slippage": 0.04, "end_action": None, "min_split": "8.5"})

    assert DynamicDepthWalkerParams(max_walks=5, timeout_seconds=20.0, max_slippage=0.04, min_split=Quantity(850)) == params
    assert config.params_for("dynamic_depth_walker", "fast", {"max_slippage": 0.04, "min_split": "8.5"}) == config.params_for(
        None, "fast", {"max_slippage": 0.04, "min_split": "8.5"}
    )
    assert "aggressive_nfl_advanced" in config.methods


def test_the_default_algorithm_is_the_configured_one() -> None:
    """Neither name nor method: the execution section decides."""
    assert SimpleLimitParams() == Config().params_for()
    assert "dynamic_depth_walker" == loaded("execution: {algorithm: dynamic_depth_walker}").algorithm_for()
    assert "dynamic_depth_walker" == Config().algorithm_for(None, "aggressive_nfl_advanced")
    assert "simple_limit" == Config().algorithm_for("simple_limit")


def test_a_method_is_checked_on_top_of_its_section() -> None:
    """What is possible alone may be impossible together."""
    faults = faults_of(
        "algorithms: {dynamic_depth_walker: {split_ratios: [0.5, 0.3, 0.2]}}\n"
        "methods: {m: {algorithm: dynamic_depth_walker, offsets: [1.0, 0.5]}}"
    )
    assert ["mine.yaml, line 2: methods.m.offsets: found [1.0, 0.5]; allowed: at least 3, one for each split level"] == faults


def test_values_from_the_command_line_are_checked_alike() -> None:
    """Members of an enum and tuples are as good as text and lists; faults name the parameter."""
    config = Config()

    assert SimpleLimitParams(end_action=EndAction.CROSS) == config.params_for(overrides={"end_action": EndAction.CROSS})
    assert (1.0,) == getattr(config.params_for("dynamic_depth_walker", None, {"split_ratios": (1,)}), "split_ratios", None)
    for overrides, words in (
        ({"max_slippage": 1.5}, "simple_limit.max_slippage: found 1.5; allowed: 0 to 1"),
        ({"max_walks": 3}, "simple_limit has no parameter max_walks"),
        ({"timeout_seconds": "x", "end_action": 1}, "timeout_seconds: found 'x'; allowed: a number; simple_limit.end_action: "),
    ):
        with pytest.raises(UsageError, match=words.replace("(", r"\(")):
            config.params_for("simple_limit", None, overrides)


def test_unknown_names_are_answered_with_the_known_ones() -> None:
    """Exit 2 and a list to choose from."""
    for name, method, words, hint in (
        ("vwap", None, "unknown algorithm 'vwap'", "simple_limit, static_split"),
        (
            None,
            "slow",
            "unknown method 'slow'",
            "known methods: default, fee_aware, urgent, three_level, reference, aggressive_nfl_advanced",
        ),
        ("simple_limit", "aggressive_nfl_advanced", "is of dynamic_depth_walker, not of simple_limit", "leave --algo out"),
    ):
        with pytest.raises(UsageError, match=words) as caught:
            Config().params_for(name, method)
        assert hint in str(caught.value.hint)


def test_where_things_are() -> None:
    """The platform's folder by default; `~` is the home; a relative path counts from the file that names it."""
    assert Path.home() / "xdg_data_home" / "depthwalk" / "depthwalk.sqlite" == Config().database_path()
    assert Path.home() / ".config" / "depthwalk" / "kalshi.pem" == Config().private_key_path()
    assert Path("x.db") == Config(database="x.db").database_path()
    Path("sub").mkdir()
    Path("sub", "c.yaml").write_text("database: x.db\ncredentials: {private_key_path: /etc/k.pem}")
    config = load(Path("sub", "c.yaml"))
    assert Path("sub", "x.db").absolute() == config.database_path()
    assert Path("/etc/k.pem") == config.private_key_path()
    assert Path.home() / "y.db" == Config(database="~/y.db").database_path()


@pytest.mark.parametrize(("said", "other"), [("urgency", "edge_half_life_seconds"), ("edge_half_life_seconds", "urgency")])
def test_a_flag_takes_back_what_the_file_says_in_another_way(said: str, other: str) -> None:
    """Urgency and half-life are two ways to say one thing: the last word counts, and both in one place are refused."""
    filed = loaded(f"algorithms: {{adaptive_limit: {{{other}: 0.75}}}}")
    params = filed.params_for("adaptive_limit", None, {said: 0.25})

    assert (0.25, None) == (getattr(params, said), getattr(params, other))
    with pytest.raises(UsageError, match="another way to say the same"):
        filed.params_for("adaptive_limit", None, {said: 0.25, other: 0.75})


def test_what_an_algorithm_has_no_parameter_for_names_those_that_have() -> None:
    """A flag that would do nothing is refused."""
    with pytest.raises(UsageError, match="twap has no parameter urgency") as caught:
        Config().params_for("twap", None, {"urgency": 1.0})

    assert caught.value.hint == "algorithms that have it: spread_walker, adaptive_limit, dynamic_depth_walker"

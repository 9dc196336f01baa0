"""Tuned parameters as a method of the configuration: text to be pasted under `methods:`, read back before it is shown."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from depthwalk.errors import DepthwalkError

if TYPE_CHECKING:
    from depthwalk.analysis.tuned import Rival, Tuned
    from depthwalk.config import Config
    from depthwalk.executors.state import BaseParams
    from depthwalk.lab.running import Arm


def method_snippet(tuned: "Tuned", arm: "Arm", config: "Config") -> str:
    """Return the method, with comments on how it was found and what it measured on fresh seeds.

    It says all that differs from the built-in parameters or from the *config*'s, so that it means the same in both.

    Raises:
        DepthwalkError: read back, it would not be the same parameters; a fault of ours.

    """
    from depthwalk.config.rendering import on_one_line

    stated = _stated(tuned, arm, config)
    lines = [f"  # {words}" for words in _comments(tuned)]
    lines += [f"  {on_one_line(arm.name)}:", f"    algorithm: {on_one_line(arm.algorithm)}"]
    text = "".join(f"{line}\n" for line in [*lines, *(f"    {name}: {on_one_line(value)}" for name, value in stated.items())])
    if any(params != arm.params for params in _read_back(text, arm.name, config)):
        raise DepthwalkError(f"the method {arm.name}, read back, is not what was tuned")
    return text


def _stated(tuned: "Tuned", arm: "Arm", config: "Config") -> dict[str, object]:
    """Return the parameters that were varied, or that differ from the built-in or configured ones, as a file has them."""
    from depthwalk.config.rendering import parameters_as_written
    from depthwalk.executors.registry import default_parameters, plain_parameters

    mine, built_in, configured = (
        parameters_as_written(arm.algorithm, plain_parameters(params))[0]
        for params in (arm.params, default_parameters(arm.algorithm), config.section(arm.algorithm))
    )
    varied = {path.partition(".")[0] for path in tuned.sought.varied}
    return {name: value for name, value in mine.items() if name in varied or not value == built_in[name] == configured[name]}


def _comments(tuned: "Tuned") -> list[str]:
    asked = tuned.comparison.asked
    last = asked.first_seed + asked.runs - 1
    sought = tuned.sought
    how = f"lab tune, with seed {sought.seed}, for the {sought.objective.value} shortfall in {', '.join(asked.classes)}"
    seeds = f"on fresh seeds {asked.first_seed} to {last}, in percent of {asked.baseline}'s shortfall, 95 % interval:"
    lines = [f"found by depthwalk {asked.version}, {how}", seeds]
    lines += [f"{_change(rival)} against {rival.name} in world {asked.worlds[0]}" for rival in tuned.rivals]
    return [*lines, "recommended" if tuned.recommended else "NOT recommended"]


def _change(rival: "Rival") -> str:
    estimate = rival.changes[0].estimate
    if estimate is None or estimate.low is None or estimate.high is None:
        return "nothing known"
    return f"{estimate.value:+.1f} [{estimate.low:+.1f}, {estimate.high:+.1f}]"


def _read_back(text: str, name: str, config: "Config") -> tuple["BaseParams", "BaseParams"]:
    """Return the parameters of the method as a configuration of its own has them, and as *config* with it has them."""
    from depthwalk.config import load

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "depthwalk.yaml"
        path.write_text(f"methods:\n{text}", encoding="utf-8")
        alone = load(path)
    beside = replace(config, methods=config.methods | {name: alone.method(name)})
    return alone.params_for(method=name), beside.params_for(method=name)

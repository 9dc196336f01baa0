"""What `depthwalk --help` costs against a bare Typer application of the same shape, pairwise in one run.

Run it from the repository root: python tests/benchmarks/bench_startup.py [ROUNDS]. The goal is 1.25 at most (median of the
pairs' ratios); `--version` and the bare interpreter stand beside it for context. Absolute times say more about the machine.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from typer.main import get_command

from depthwalk.cli.main import app

_ROOT = Path(__file__).parents[2]


def _signature(command: Any) -> str:
    """Write a command's parameters as a bare application would declare them: same names, same help, no types of ours."""
    parts = []
    for number, parameter in enumerate(command.params):
        declared = ", ".join(repr(name) for name in parameter.opts)
        if parameter.param_type_name == "argument":
            parts.append(f"p{number}: str = typer.Argument(help={parameter.help!r})")
        elif parameter.is_flag:
            parts.append(f"p{number}: bool = typer.Option(False, {declared}, help={parameter.help!r})")
        else:
            parts.append(f"p{number}: str = typer.Option(None, {declared}, help={parameter.help!r})")
    return ", ".join(parts)


def _group(command: Any, name: str, lines: list[str]) -> None:
    """Write a group and everything below it."""
    settings = "rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False"
    lines.append(f"{name} = typer.Typer({settings}, epilog={command.epilog!r})")
    lines.append(f"@{name}.callback()")
    lines.append(f"def {name}_root({_signature(command)}):\n    {command.help!r}")
    for title, inner in command.commands.items():
        if hasattr(inner, "commands"):
            _group(inner, f"{name}_{title}", lines)
            lines.append(f"{name}.add_typer({name}_{title}, name={title!r})")
        else:
            lines.append(f"@{name}.command({title!r})")
            lines.append(f"def {name}_{title}_command({_signature(inner)}):\n    {inner.help!r}")


def bare_source() -> str:
    """Return a Typer program with our commands, options and help texts, and nothing behind them."""
    lines = ["import typer"]
    _group(get_command(app), "app", lines)
    return "\n".join([*lines, "app(prog_name='depthwalk')", ""])


def _measured(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, cwd=_ROOT, check=True, stdout=subprocess.DEVNULL)
    return 1000 * (time.perf_counter() - begun)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main(rounds: int) -> None:
    """Measure and report."""
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(bare_source(), encoding="utf-8")
        ours = Path(folder) / "depthwalk"  # what pip installs as the console script
        ours.write_text(f"import sys\nsys.path.insert(0, {str(_ROOT)!r})\nfrom depthwalk.__main__ import main\nmain()\n")
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "bare Typer --help": [sys.executable, str(bare), "--help"],
            "depthwalk --help": [sys.executable, str(ours), "--help"],
            "depthwalk --version": [sys.executable, str(ours), "--version"],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for command in commands.values():
            _measured(command)  # once for the disk and the bytecode
        for _ in range(rounds):
            for name, command in commands.items():
                times[name].append(_measured(command))
    for name, found in times.items():
        _say(f"{name:<20} {statistics.median(found):6.1f} ms  [{min(found):.1f} to {max(found):.1f}]")
    ratios = [one / other for one, other in zip(times["depthwalk --help"], times["bare Typer --help"], strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    _say(f"--help against bare Typer, {rounds} pairs: {middle:.2f} (quartiles {low:.2f} to {high:.2f}); the goal is 1.25")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)

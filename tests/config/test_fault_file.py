"""The file of `--faults`: read into a plan, refused with all its mistakes at once."""

from pathlib import Path

import pytest

from depthwalk.assembly.faults import fault_plan
from depthwalk.errors import ConfigError
from depthwalk.paper.fault_plan import CallFault, Calls, FaultKind, FaultPlan, TimedFault, moderate


def written(folder: Path, text: str) -> str:
    """Write a file and return its path."""
    path = folder / "faults.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_seed_is_moderate_weather() -> None:
    """A whole number needs no file."""
    assert moderate(7) == fault_plan("7")


def test_an_empty_file_is_fair_weather(tmp_path: Path) -> None:
    """Nothing goes wrong but what is asked for."""
    assert FaultPlan() == fault_plan(written(tmp_path, ""))


def test_every_key(tmp_path: Path) -> None:
    """Shares, kinds, lag; faults at calls and at times."""
    text = """
        seed: 3
        writes: 0.2
        reads: 0
        kinds: [lost_after, 503_after]
        lag_seconds: 0.4
        calls: [{call: create, number: 3, fault: hung_after, seconds: 2.0}, {call: read, fault: slow}, {}]
        times: [{at: 12.5, fault: exchange_pause, seconds: 8}]
    """
    expected = FaultPlan(
        seed=3,
        writes=0.2,
        kinds=(FaultKind.LOST_AFTER, FaultKind.E503_AFTER),
        lag_seconds=0.4,
        calls=(
            CallFault(call=Calls.CREATE, number=3, fault=FaultKind.HUNG_AFTER, seconds=2.0),
            CallFault(call=Calls.READ, fault=FaultKind.SLOW),
            CallFault(call=Calls.ANY, number=1, fault=FaultKind.LOST_AFTER),
        ),
        times=(TimedFault(at=12.5, fault=FaultKind.EXCHANGE_PAUSE, seconds=8.0),),
    )
    assert expected == fault_plan(written(tmp_path, text))


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    """Each with the file, the line, the key, what was found and what is allowed."""
    text = """seed: many
writes: 2
weather: bad
calls:
  - {call: create, number: 0}
  - {call: read, fault: twice}
  - {call: sell, falt: dropped}
times:
  - {at: 1, fault: slow}
"""
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as refused:
        fault_plan(path)

    told = refused.value.faults
    beginnings = [
        "line 1: seed: found 'many'; allowed: a whole number",
        "line 2: writes: found 2.0; allowed: 0 to 1",
        "line 3: weather: found an unknown key; allowed: seed, writes,",
        "line 5: calls.0.number: found 0; allowed: 1 or more",
        "line 6: calls.1.fault: found twice; allowed: with call: read, dropped,",
        "line 7: calls.2.falt: found an unknown key (did you mean fault?); allowed: call, number, fault, seconds",
        "line 7: calls.2.call: found 'sell'; allowed: create, amend, cancel, read, any",
        "line 9: times.0.fault: found slow; allowed: at a time, dropped,",
    ]
    assert len(beginnings) == len(told)
    for line in beginnings:
        assert any(each.startswith(f"{path}, {line}") for each in told), line


@pytest.mark.parametrize(
    ("text", "words"),
    [("- a\n", "the document: found a list; allowed: a mapping"), ("a: [", "line 1"), ("seed: 1\nseed: 2\n", "stands twice")],
)
def test_what_is_no_plan_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """A list, text that is no YAML, a key that stands twice: one line."""
    with pytest.raises(ConfigError) as refused:
        fault_plan(written(tmp_path, text))
    (line,) = refused.value.faults
    assert words in line


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """It is named."""
    with pytest.raises(ConfigError) as refused:
        fault_plan(str(tmp_path / "none.yaml"))
    assert [f"{tmp_path / 'none.yaml'}: cannot be read: No such file or directory"] == refused.value.faults

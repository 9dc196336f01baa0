"""Exit codes are one table; every error has its place in it and something to say."""

import ast
import inspect
import re
from itertools import permutations

import pytest

from depthwalk import errors
from depthwalk.errors import DepthwalkError, ExitCode, RefusalReason, worst

CLASSES = sorted(
    (kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, DepthwalkError)),
    key=lambda kind: kind.__name__,
)


def make(kind: type[DepthwalkError]) -> DepthwalkError:
    """Build an error of any kind with a message and a hint."""
    if kind is errors.ConfigError:
        return errors.ConfigError(["something happened"], hint="do this")
    if kind is errors.OrderRefused:
        return errors.OrderRefused("something happened", reason=RefusalReason.OTHER, hint="do this")
    return kind("something happened", hint="do this")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (0, ExitCode.DONE),
        (1, ExitCode.FAULT),
        (2, ExitCode.USAGE),
        (3, ExitCode.INCOMPLETE),
        (4, ExitCode.REFUSED),
        (5, ExitCode.UNREACHABLE),
        (6, ExitCode.IN_DOUBT),
        (7, ExitCode.FAIL_IF),
        (130, ExitCode.INTERRUPTED),
    ],
)
def test_exit_codes_have_the_designed_numbers(number: int, code: ExitCode) -> None:
    """Scripts depend on these numbers (design, section 3), and each has one line that says what it means."""
    assert number == code.value
    assert re.fullmatch(r"\S.*\S", code.meaning)


def test_no_exit_code_is_missing_from_the_table() -> None:
    """Nine codes, nine distinct meanings."""
    meanings = {code.meaning for code in ExitCode}
    assert len(ExitCode) == len(meanings)


def test_the_worst_code_wins() -> None:
    """6 before 1 before 130 before 5 before the rest, and success only where nothing else applies."""
    order = [6, 1, 130, 5, 4, 2, 7, 3, 0]
    for position, code in enumerate(order):
        rest = [ExitCode(other) for other in order[position:]]
        assert ExitCode(code) is worst(*rest)
        assert ExitCode(code) is worst(*reversed(rest))


@pytest.mark.parametrize("codes", list(permutations([ExitCode.INCOMPLETE, ExitCode.IN_DOUBT, ExitCode.INTERRUPTED])))
def test_the_worst_code_does_not_depend_on_the_order(codes: tuple[ExitCode, ...]) -> None:
    """The same codes in any order give the same answer."""
    assert ExitCode.IN_DOUBT is worst(*codes)


def test_nothing_wrong_is_done() -> None:
    """Without any code the answer is success."""
    assert ExitCode.DONE is worst()


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_has_message_hint_and_exit_code(kind: type[DepthwalkError]) -> None:
    """Each carries both lines a user sees, and an exit code that is not success."""
    error = make(kind)
    expected = ("something happened", "do this", "something happened")
    assert expected == (error.message, error.hint, str(error))
    assert isinstance(error.exit_code, ExitCode)
    assert error.exit_code is not ExitCode.DONE


@pytest.mark.parametrize("kind", CLASSES)
def test_a_hint_is_optional(kind: type[DepthwalkError]) -> None:
    """Where we know no remedy, none is made up."""
    required = {"reason": RefusalReason.OTHER} if kind is errors.OrderRefused else {}
    message = ["a", "b"] if kind is errors.ConfigError else "a\nb"
    error = kind(message, **required)
    assert error.hint is None
    assert [*"ab"] == error.message.splitlines()


def drawn() -> dict[str, tuple[str, int | None]]:
    """Read the tree at the top of errors.py: name → (parent, exit code)."""
    doc = ast.get_docstring(ast.parse(inspect.getsource(errors)), clean=False) or ""
    stack: list[tuple[int, str]] = []
    tree: dict[str, tuple[str, int | None]] = {}
    for line in doc.splitlines():
        found = re.match(r"^(    (?:[│ ]   )*(?:[├└]── )?)([A-Z]\w+)(?:\s.*?exit (\d+))?\s*$", line)
        if found is None:
            continue
        depth, name, code = len(found[1]), found[2], found[3]
        while stack and stack[-1][0] >= depth:
            stack.pop()
        tree[name] = (stack[-1][1] if stack else "Exception", int(code) if code else None)
        stack.append((depth, name))
    return tree


def test_the_drawn_tree_is_the_tree() -> None:
    """The drawing at the top of errors.py has every class, under its parent, with its exit code."""
    real = {kind.__name__: (kind.__bases__[0].__name__, kind.exit_code.value) for kind in CLASSES}
    picture = drawn()
    assert set(real) == set(picture)
    for name, (above, code) in picture.items():
        assert above == real[name][0]
        assert code in {None, real[name][1]}


def test_exchange_errors_keep_what_the_venue_said() -> None:
    """HTTP status, the venue's code and the reason stay with the error."""
    error = errors.OrderRefused("no", reason=RefusalReason.PAUSED, status=409, code="trading_is_paused")
    expected = (RefusalReason.PAUSED, 409, "trading_is_paused")
    assert expected == (error.reason, error.status, error.code)


def test_config_faults_come_all_at_once() -> None:
    """Each fault is a line of its own, in the message and in the list."""
    faults = ["config: a", "config: b"]
    error = errors.ConfigError(faults)
    assert faults == error.faults
    assert faults == error.message.splitlines()

"""Reading README.md the way a newcomer does: its command blocks, the depthwalk commands in them, its links."""

import re
import shlex
from collections.abc import Iterator

_FENCE = re.compile(r"^```(?P<language>\w*)[^\n]*\n(?P<body>.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)[^)]*\)")
_SHELLS = frozenset({"bash", "sh", "shell", "console"})


def bash_blocks(text: str) -> list[str]:
    """Return the bodies of the blocks fenced as bash, in order."""
    return [found["body"] for found in _FENCE.finditer(text) if found["language"] == "bash"]


def depthwalk_commands(text: str) -> Iterator[list[str]]:
    """Return the arguments of every depthwalk command in the fenced shell blocks, without the program's name."""
    for found in _FENCE.finditer(text):
        if found["language"] in _SHELLS:
            for line in found["body"].replace("\\\n", " ").splitlines():
                yield from _in_line(line.removeprefix("$ "))


def _in_line(line: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    command: list[str] | None = None
    for token in [*lexer, ";"]:
        if set(token) <= set("|&;<>"):
            if command is not None:
                yield command
            command = None
        elif command is not None:
            command.append(token)
        elif token.rpartition("/")[2] == "depthwalk":
            command = []


def links(text: str) -> list[str]:
    """Return the targets of all links outside fenced blocks."""
    return [found["target"] for found in _LINK.finditer(_FENCE.sub("", text))]


def anchors(text: str) -> set[str]:
    """Return the anchors of the headings, as the usual hosts make them."""
    headings = re.findall(r"^#+\s+(.+?)\s*#*$", _FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading.lower())) for heading in headings}

"""A YAML file as values that know their lines: read safely, keys that stand twice noted. What values mean is not known here."""

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from depthwalk.config.conversion import short
from depthwalk.config.faults import Fault
from depthwalk.config.faults import Path as Keys


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, which also finds keys that stand twice: the second would silently win."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.twice: list[tuple[str, yaml.Mark]] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Build a mapping, and note the second of two equal keys."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    self.twice.append((key.value, key.start_mark))
                seen.add(key.value)
        return super().construct_mapping(node, deep)


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text as values, and the nodes they stand in, which know their lines."""

    raw: object
    root: yaml.Node | None

    def line_of(self, path: Keys) -> int | None:
        """Return the line of a key, or of the nearest one above it that the file has; None for an empty file."""
        node, line = self.root, None if self.root is None else self.root.start_mark.line + 1
        for part in path:
            found = _child(node, part)
            if found is None:
                break
            line, node = found
        return line


def _child(node: yaml.Node | None, part: str) -> tuple[int, yaml.Node] | None:
    """Return the line of a part of *node* and what stands there; of two that are called alike the later, which holds."""
    match node:
        case yaml.MappingNode():
            for key, value in reversed(node.value):
                if isinstance(key, yaml.ScalarNode) and short(key.value) == part:
                    return key.start_mark.line + 1, value
        case yaml.SequenceNode() if part.isdecimal() and int(part) < len(node.value):
            item = node.value[int(part)]
            return item.start_mark.line + 1, item
    return None


def read_document(path: Path, faults: list[Fault]) -> Document | None:
    """Return the document, or None where there is none; what is wrong with its text is added to *faults*."""
    where = str(path)
    line = column = None
    try:
        loader = _Loader(path.read_text(encoding="utf-8-sig"))
        try:
            root = loader.get_single_node()
            raw = None if root is None else loader.construct_document(root)
        finally:
            loader.dispose()
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8 text: {error.reason} at byte {error.start}"
    except yaml.MarkedYAMLError as error:
        if error.problem_mark is not None:
            line, column = error.problem_mark.line + 1, error.problem_mark.column + 1
        problem = error.problem or error.context or "is not YAML"
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # Characters that YAML does not allow, a date that is none, nesting without end.
        problem = f"is not YAML: {str(error).splitlines()[0]}"
    except (KeyError, AttributeError):
        # All that yaml itself says of !!bool x and !!timestamp x.
        problem = "is not YAML: a value is not what its tag (!!...) says"
    else:
        faults += [
            Fault(file=where, line=mark.line + 1, column=mark.column + 1, key=(key,), problem=f"the key {key!r} stands twice")
            for key, mark in loader.twice
        ]
        return Document(raw, root)
    faults.append(Fault(file=where, line=line, column=column, problem=problem))
    return None

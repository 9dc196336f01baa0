"""The file of `--faults`: YAML into the plan its caller has, checked as a config is. What the keys mean is not known here."""

from pathlib import Path
from typing import Final, TypeVar

from depthwalk.config.conversion import section
from depthwalk.config.document import read_document
from depthwalk.config.faults import Fault, Faults
from depthwalk.errors import ConfigError

T = TypeVar("T")

HINT: Final = "README.md, Rehearsing faults, has an example; `--faults 7` needs no file"


def read_fault_file(path: Path, kind: type[T]) -> T:
    """Return *kind*, a dataclass with a default for every field, from the YAML file *path*.

    Raises:
        ConfigError: the file is not there, cannot be read, or has faults: all of them, one line each.

    """
    path = path.expanduser()
    found: list[Fault] = []
    document = read_document(path, found)
    plan: T | None = None
    if document is not None:
        faults = Faults(str(path), document.line_of)
        plan = section(kind, document.raw, (), faults)
        found += faults.all
    if plan is None or found:
        raise ConfigError([str(fault) for fault in sorted(found, key=lambda fault: fault.line or 0)], hint=HINT)
    return plan

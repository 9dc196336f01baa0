"""Whether the key is where the configuration says: is the variable set, is the file there, who can read it. Never the key."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from depthwalk.config.settings import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyState:
    """What can be said of a key without looking at it. *private* is None where there is no such file."""

    variable: str
    variable_set: bool
    path: Path
    exists: bool
    private: bool | None


def key_state(config: Config) -> KeyState:
    """Look at the environment and at the file's permissions."""
    path = config.private_key_path()
    mode: int | None = None
    try:
        status = path.stat()
        mode = status.st_mode if stat.S_ISREG(status.st_mode) else None
    except OSError:
        pass  # not there, or in a folder we may not enter: for us there is none
    variable = config.credentials.api_key_id_env
    return KeyState(
        variable=variable,
        variable_set=bool(os.environ.get(variable)),
        path=path,
        exists=mode is not None,
        private=None if mode is None else not mode & (stat.S_IRWXG | stat.S_IRWXO),
    )

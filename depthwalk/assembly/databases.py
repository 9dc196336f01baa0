"""Which database a command works on."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from depthwalk.storage.database import Database


def open_store(config_path: Path | None, database_path: Path | None) -> "Database":
    """Open the database: the one named, else the config's, else the platform's place. A context manager."""
    from depthwalk.config import load
    from depthwalk.storage.database import open_database

    return open_database(database_path or load(config_path).database_path())

"""`runs/<model>/metadata.db`, where ML Metadata keeps what the model's runs have made.

SQLite's own words for what is wrong with it name neither the file nor what it is for, and some of
them come from the middle of a node. So it is looked at before it is used.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from models.common.errors import RunError
from pipeline.local.holders import holders
from pipeline.show import formatting

FILE = "metadata.db"
PARTS = ("", "-journal", "-wal", "-shm")
"""The endings of the files that SQLite keeps one database in."""
PURPOSE = (
    "ML Metadata keeps there which artifacts the model's runs have made: the cache, and the "
    "blessed model that the next one is compared with."
)
PATIENCE = 10.0
"""Seconds that another process may have the file locked."""

Kind = Literal["damaged", "older", "newer", "locked", "unusable"]
_WORDS: dict[Kind, str] = {
    "damaged": "is damaged",
    "older": "is of an earlier version of ML Metadata",
    "newer": "is of a later version of ML Metadata",
    "locked": "is locked",
    "unusable": "cannot be used",
}
_VERSIONS = re.compile(r"MLMD database version \d+ is (older|greater) than library version \d+")
_DAMAGE = re.compile(r"malformed|not a database|disk I/O error|no such table|no such column")


@dataclass(frozen=True)
class Problem:
    """Why a metadata.db cannot be used."""

    kind: Kind
    detail: str

    def words(self, path: Path) -> str:
        """In a line, beginning with the file."""
        return f"{formatting.path(path)} {_WORDS[self.kind]}"


def opened(path: Path, patience: float = PATIENCE) -> MetadataStore:
    """A model's ML Metadata, made where there is none.

    Args:
        path: The model's `metadata.db`.
        patience: Seconds to wait for another process that has it locked.

    Raises:
        RunError: It cannot be used; what it is for and what mends it is said.
    """
    found = problem(path, patience)
    if isinstance(found, Problem):
        raise refusal(path, found)
    return found


def problem(path: Path, patience: float = PATIENCE) -> Problem | MetadataStore:
    """Why a metadata.db cannot be used, or the store that it is.

    A look takes 2 ms and another millisecond for each 250 KB.

    Args:
        path: The model's `metadata.db`; made where there is none.
        patience: Seconds to wait for another process that has it locked.
    """
    found = _of_file(path, patience) if path.exists() or path.is_symlink() else None
    if found is not None:
        return found
    try:
        return MetadataStore(connection(path))
    except Exception as error:  # ML Metadata raises RuntimeError itself.
        return of_error(error) or Problem("unusable", _first_line(error))


def connection(path: Path) -> metadata_store_pb2.ConnectionConfig:
    """What ML Metadata is to open, or to make."""
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = str(path)
    config.sqlite.connection_mode = config.sqlite.READWRITE_OPENCREATE
    return config


def of_error(error: BaseException) -> Problem | None:
    """What an error of ML Metadata says of the file; None where it says nothing of that."""
    if not type(error).__module__.startswith("ml_metadata") and type(error) is not RuntimeError:
        return None
    text = str(error)
    if version := _VERSIONS.search(text):
        return Problem("older" if version[1] == "older" else "newer", f"{version[0]}.")
    if "database is locked" in text:
        return Problem("locked", "Another process has it locked.")
    if "disk is full" in text or "readonly database" in text or "unable to open" in text:
        return Problem("unusable", _first_line(error))
    if _DAMAGE.search(text):
        return Problem("damaged", _first_line(error))
    return None


def explained(error: BaseException, path: Path) -> BaseException:
    """The error that a person is told of: of the file, where it is the file's fault."""
    found = of_error(error)
    return refusal(path, found) if found else error


def refusal(path: Path, found: Problem) -> RunError:
    """The error that tells of it."""
    if found.kind == "unusable":
        remedy = "Make it readable and writable, and free some space."
    else:
        command = formatting.command(f"repair {path.parent.name}")
        remedy = f"See what mends it, and what would be lost: {command}"
    return RunError(found.words(path), f"{found.detail}\n{PURPOSE}", remedy)


def _of_file(path: Path, patience: float) -> Problem | None:
    """What SQLite itself says of the file."""
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "no file"
        return Problem("damaged", f"Received: {kind}. Expected: a SQLite database.")
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=patience)) as database:
            database.isolation_level = None
            database.execute("BEGIN IMMEDIATE")
            [(found,)] = database.execute("PRAGMA quick_check(1)").fetchall()
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
            database.execute("ROLLBACK")
    except sqlite3.Error as error:
        return _of_sqlite(path, error, patience)
    if found != "ok":
        return Problem("damaged", f"SQLite's check: {found}.")
    if tables and "MLMDEnv" not in tables:
        return Problem("damaged", "It is a database of something else.")
    return None


def _of_sqlite(path: Path, error: sqlite3.Error, patience: float) -> Problem:
    text = str(error)
    if "locked" in text:
        others = ", ".join(holders(path)) or "a process that cannot be seen from here"
        return Problem("locked", f"For {patience:g} s and longer, by {others}.")
    if re.search("unable to open|readonly|disk is full", text):
        return Problem("unusable", f"SQLite says: {text}.")
    return Problem("damaged", f"SQLite says: {text}.")


def _first_line(error: Any) -> str:
    return f"ML Metadata says: {str(error).strip().splitlines()[0][:200]}"

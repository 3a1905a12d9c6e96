"""Files of the request log that cannot be read: what is left of them goes into new ones."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from serving.core.errors import ServingError
from serving.core.hooks import Entry
from serving.core.repair import Finding, move
from serving.request_log import database
from serving.request_log.database import COLUMNS, Database

_BATCH = 500
_SELECT = f"SELECT {', '.join(COLUMNS)} FROM requests WHERE rowid = ?"
_WRITER = re.compile(r"-(?P<process>\d+)$")


def find(folder: Path) -> Iterator[Finding]:
    """The files that cannot be read and that no process writes.

    Args:
        folder: The log's folder.
    """
    for path in database.files(folder):
        problem = _problem(path)
        if problem is not None and not _is_written(path):
            yield _finding(path, problem)


def _finding(path: Path, problem: str) -> Finding:
    return Finding(
        f"{path} cannot be read: a file of the request log. {problem}",
        "Set it aside, and copy the entries that can still be read into a new file.",
        lambda aside: _recover(path, aside),
    )


def _problem(path: Path) -> str | None:
    """Why a file cannot be read to its end; None where it can."""
    try:
        with contextlib.closing(_opened(path)) as connection:
            [(found,)] = connection.execute("PRAGMA quick_check(1)").fetchall()
        if found != "ok":
            return f"SQLite's check: {found}."
        for _ in database.read(path, after=2**62):
            pass
    except sqlite3.Error as error:
        return f"SQLite says: {error}."
    except ServingError as error:
        # One of another release's format is whole.
        return None if "another format" in error.message else error.message
    return None


def _is_written(path: Path) -> bool:
    """Whether the process that its name ends with is there, or one that got its number."""
    found = _WRITER.search(path.stem)
    return found is not None and Path("/proc", found["process"]).exists()


def _recover(path: Path, aside: Path) -> str:
    moved = move(path, aside)
    for ending in ("-wal", "-shm"):
        if (part := path.with_name(path.name + ending)).exists():
            move(part, aside)
    entries = list(_readable(moved))
    if not entries:
        return f"No entry of {path.name} could be read."
    # The day's file, so that it goes with the others of its time.
    target = Database(path.parent, "power")
    for start in range(0, len(entries), _BATCH):
        target.add(entries[start : start + _BATCH])
    target.close()
    latest = datetime.fromtimestamp(max(entry.time for entry in entries), timezone.utc)
    return (
        f"{len(entries):,} entries, the last of {latest:%Y-%m-%d %H:%M:%S} UTC, are in "
        f"{target.path.name}."
    )


def _readable(path: Path) -> Iterator[Entry]:
    """The entries of a damaged file that can be read, row by row past those that cannot."""
    try:
        with contextlib.closing(_opened(path)) as connection:
            for number in _rows(connection):
                with contextlib.suppress(sqlite3.Error, AttributeError, TypeError):
                    for row in connection.execute(_SELECT, (number,)):
                        entry = Entry(*row)
                        yield entry._replace(
                            request=entry.request.encode(),  # type: ignore[attr-defined]
                            response=entry.response.encode(),  # type: ignore[attr-defined]
                        )
    except sqlite3.Error:
        return


def _rows(connection: sqlite3.Connection) -> Iterator[int]:
    """Numbers of rows: as many as one reads from either end before it comes to the damage."""
    seen: set[int] = set()
    for order in ("ASC", "DESC"):
        with contextlib.suppress(sqlite3.Error):
            for (number,) in connection.execute(
                f"SELECT rowid FROM requests NOT INDEXED ORDER BY rowid {order}"
            ):
                if number in seen:
                    break
                seen.add(number)
    yield from sorted(seen)


def _opened(path: Path) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=10)
    connection.text_factory = lambda value: value.decode("utf-8", errors="replace")
    return connection

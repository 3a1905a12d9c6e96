"""The log's files: SQLite databases in write-ahead mode, one writer each.

A file is `requests-<UTC time>-<process>.sqlite` with the one table `requests`, whose columns are
those of `hooks.Entry`, bodies as JSON text (`null` where one was left out). The version of
this format is `PRAGMA user_version`.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from serving.core.errors import Code, ServingError
from serving.core.hooks import Entry

VERSION = 1
COLUMNS = Entry._fields
_CREATE = """
CREATE TABLE requests (
  id TEXT NOT NULL, time REAL NOT NULL, model TEXT NOT NULL, version INTEGER, label TEXT,
  seconds REAL NOT NULL, request TEXT NOT NULL, response TEXT NOT NULL, status INTEGER NOT NULL
)"""
_VALUES = f"({', '.join('?' * len(COLUMNS))})"
_MOST_IN_A_STATEMENT = 100
# A request of many rows is tens of kilobytes, which take half as long again in SQLite's 4 a page.
_PAGE_BYTES = 16 * 2**10
_MERGE_AFTER_BYTES = 32_000_000
_SYNCHRONOUS = {"process": "NORMAL", "power": "FULL"}
_LOCKED_SECONDS = 1.0
_REQUEST, _RESPONSE = COLUMNS.index("request"), COLUMNS.index("response")


class Database:
    """A file that is being written, by one thread.

    Args:
        folder: The log's folder; made where it is missing.
        durability: `process`: what is committed survives the process. `power`: the machine too.

    Raises:
        OSError, sqlite3.Error: The file cannot be made.
    """

    def __init__(self, folder: Path, durability: Literal["process", "power"]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        now = datetime.now(timezone.utc)
        self.path = folder / f"requests-{now:%Y%m%dT%H%M%S.%f}-{os.getpid()}.sqlite"
        self.day = now.date()
        self.size = 0
        self._merged = 0
        self._merging: threading.Thread | None = None
        self._connection = sqlite3.connect(
            self.path, timeout=_LOCKED_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            self._connection.execute(f"PRAGMA page_size={_PAGE_BYTES}")
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute(f"PRAGMA synchronous={_SYNCHRONOUS[durability]}")
            self._connection.execute("PRAGMA wal_autocheckpoint=0")
            with self._transaction():
                self._connection.execute(_CREATE)
                self._connection.execute("CREATE INDEX by_time ON requests (time)")
                self._connection.execute(f"PRAGMA user_version={VERSION}")
        except sqlite3.Error:
            self._connection.close()
            for part in _parts(self.path):
                part.unlink(missing_ok=True)
            raise

    def add(self, entries: Sequence[Entry]) -> None:
        """Adds entries in one transaction: all of them are committed, or none.

        Raises:
            sqlite3.Error: They could not be.
        """
        rows = [tuple(map(_storable, entry)) for entry in entries]
        with self._transaction():
            # SQLite is left by a statement's end only, and the interpreter's lock is then waited
            # for, which predictions need as well; so no statement for each row.
            for start in range(0, len(rows), _MOST_IN_A_STATEMENT):
                some = rows[start : start + _MOST_IN_A_STATEMENT]
                self._connection.execute(
                    f"INSERT INTO requests VALUES {', '.join([_VALUES] * len(some))}",
                    list(chain.from_iterable(some)),
                )
        self.size += sum(len(row[_REQUEST]) + len(row[_RESPONSE]) + 100 for row in rows)
        busy = self._merging is not None and self._merging.is_alive()
        if self.size > self._merged + _MERGE_AFTER_BYTES and not busy:
            self._merged = self.size
            self._merging = threading.Thread(target=self._merge, name="request-log-merge")
            self._merging.start()

    def close(self) -> None:
        """Merges the rest of the write-ahead log into the file, and closes it."""
        if self._merging is not None:
            self._merging.join()
        with contextlib.suppress(sqlite3.Error):
            # Closing would do it as well, but with the interpreter's lock held.
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()

    def _merge(self) -> None:
        """Merges the write-ahead log into the file.

        That waits for the disk; on a thread and a connection of its own, no commit waits for it.
        """
        with contextlib.suppress(sqlite3.Error):
            connection = sqlite3.connect(self.path)
            with contextlib.closing(connection):
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise


def _storable(value: Any) -> Any:
    # Clients send what they like; what is no Unicode must not keep other entries from the log.
    if isinstance(value, str):
        value = value.encode("utf-8", errors="replace")
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else value


def files(folder: Path) -> list[Path]:
    """The log's files, oldest first."""
    return sorted(folder.glob("requests-*.sqlite"))


def read(
    path: Path,
    *,
    model: str | None = None,
    since: float = 0,
    until: float = float("inf"),
    after: int = 0,
    upto: int = 2**63 - 1,
) -> Iterator[tuple[int, Entry]]:
    """The entries of a file, which may still be written, in the order of their commits.

    Args:
        path: The file.
        model: Only requests to this model.
        since: Only requests of this time or later, in seconds since 1970.
        until: Only requests before this time.
        after: Only rows after the one with this number.
        upto: Only rows up to the one with this number.

    Yields:
        The row's number, which grows by one from 1, and the entry.

    Raises:
        ServingError: It is not a file of the log.
    """
    query = (
        f"SELECT rowid, {', '.join(COLUMNS)} FROM requests WHERE rowid > ? "
        "AND rowid <= ? AND time >= ? AND time < ? AND (? IS NULL OR model = ?) ORDER BY rowid"
    )
    try:
        with contextlib.closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)
        ) as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:  # A process was killed while it made the file.
                return
            if version != VERSION:
                raise ServingError(
                    Code.FAILED_PRECONDITION,
                    f"{path} has another format",
                    f"Expected version {VERSION}. Received: {version}.",
                    "Read it with the release that wrote it.",
                )
            for row in connection.execute(query, (after, upto, since, until, model, model)):
                number, *fields = row
                for body in (_REQUEST, _RESPONSE):
                    fields[body] = fields[body].encode()
                yield number, Entry(*fields)
    except sqlite3.Error as error:
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"{path} cannot be read as a request log",
            str(error),
            "Take out what can be read, and set it aside: python -m serving repair --apply",
        ) from error


def remove_old(folder: Path, keep_days: float, keep_mb: float, current: Path | None) -> list[Path]:
    """Removes files that are too old, and the oldest while all together are too large.

    Args:
        folder: The log's folder.
        keep_days: How long a file is kept after it was last written.
        keep_mb: Megabytes that all files may have.
        current: The file that is being written; it stays.
    """
    kept = {}
    removed = []
    for path in files(folder):
        with contextlib.suppress(FileNotFoundError):
            parts = [part.stat() for part in _parts(path)]
            kept[path] = max(p.st_mtime for p in parts), sum(p.st_size for p in parts)
    total = sum(size for _, size in kept.values())
    for path, (written, size) in sorted(kept.items(), key=lambda item: item[1][0]):
        too_old = time.time() - written > keep_days * 86_400
        if path != current and (too_old or total > keep_mb * 1e6):
            # The database goes last: without it the other two would be left behind.
            for part in reversed(_parts(path)):
                part.unlink(missing_ok=True)
            total -= size
            removed.append(path)
    return removed


def _parts(path: Path) -> list[Path]:
    """The database and, while it is open or after a kill, its write-ahead log and index."""
    others = (path.with_name(f"{path.name}{ending}") for ending in ("-wal", "-shm"))
    return [path, *(other for other in others if other.exists())]

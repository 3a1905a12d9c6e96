"""The log's files: SQLite databases in write-ahead mode, one writer each.

A file is `requests-<UTC time>-<process>.sqlite` with the one table `requests`, whose columns are
those of `hooks.Entry`, bodies as JSON text (`null` where one was left out). The version of
this format is `PRAGMA user_version`.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, Literal

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
_ENDINGS = ("", "-wal", "-shm")
_SYNCHRONOUS = {"process": "NORMAL", "power": "FULL"}
_LOCKED_SECONDS = 1.0
_COUNTER = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_BEGAN = time.time(), time.clock_gettime(_COUNTER)
_CORRECTED = 3600.0
"""Seconds by which clocks are corrected in the course of time, and files may be kept too short."""
_REQUEST, _RESPONSE = COLUMNS.index("request"), COLUMNS.index("response")


class Database:
    """A file that is being written, by one thread; its owner alone can read it.

    Args:
        folder: The log's folder; made, for its owner alone, where it is missing.
        durability: `process`: what is committed survives the process. `power`: the machine too.

    Raises:
        OSError, sqlite3.Error: The file cannot be made.
    """

    _open: ClassVar[set[Path]] = set()
    """The files that this process writes. To open one of them apart from SQLite and close it again
    would take SQLite's locks away."""

    def __init__(self, folder: Path, durability: Literal["process", "power"]) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        now = datetime.now(timezone.utc)
        self.path = folder / f"requests-{now:%Y%m%dT%H%M%S.%f}-{os.getpid()}.sqlite"
        self.day = now.date()
        self.size = 0
        self.rows = 0
        """Entries that were committed to a file that was reachable by its name after that."""
        self._merged = 0
        self._merging: threading.Thread | None = None
        # SQLite gives the files beside it the same rights.
        self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._open.add(self.path)
        try:
            # While it is held, nobody's rotation takes the file away.
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._connection = sqlite3.connect(
                self.path, timeout=_LOCKED_SECONDS, isolation_level=None, check_same_thread=False
            )
        except BaseException:
            self._let_go()
            raise
        try:
            self._connection.execute(f"PRAGMA page_size={_PAGE_BYTES}")
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute(f"PRAGMA synchronous={_SYNCHRONOUS[durability]}")
            self._connection.execute("PRAGMA wal_autocheckpoint=0")
            with self._transaction():
                self._connection.execute(_CREATE)
                self._connection.execute("CREATE INDEX by_time ON requests (time)")
                self._connection.execute(f"PRAGMA user_version={VERSION}")
            self._identity = _identity(self.path)
        except (sqlite3.Error, OSError):
            self._connection.close()
            for part in _parts(self.path):
                part.unlink(missing_ok=True)
            self._let_go()
            raise

    def add(self, entries: Sequence[Entry]) -> None:
        """Adds entries in one transaction: all of them are committed, or none.

        Raises:
            sqlite3.Error: They could not be.
            FileGoneError: They are where nobody finds them: the file was removed or moved.
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
        # Afterwards: a file that was removed takes entries without a word.
        if _identity(self.path) != self._identity:
            raise FileGoneError(f"{self.path} was removed, moved or replaced")
        self.rows += len(rows)
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
        self._let_go()

    def rescue(self, folder: Path) -> int:
        """Brings a file that is gone back under its name, with what was in it while it was there.

        A file that was moved away keeps it where it is now.

        Args:
            folder: The log's folder, which is there.

        Returns:
            How many entries are back.

        Raises:
            OSError, sqlite3.Error: They cannot be written.
        """
        if self._merging is not None:
            self._merging.join()
        # What came after that has gone to another file.
        self._connection.execute("DELETE FROM requests WHERE rowid > ?", (self.rows,))
        if os.fstat(self._handle).st_nlink:
            return 0  # Closing merges what only this process could reach.
        target, part = folder / self.path.name, folder / f".{self.path.name}.part"
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        self._connection.execute("VACUUM INTO ?", (str(part),))
        for number in itertools.count(1):
            try:
                os.link(part, target)  # Never over what has the name by now.
                break
            except FileExistsError:
                target = folder / f"{self.path.stem}-{number}.sqlite"
        part.unlink()
        return self.rows

    def _let_go(self) -> None:
        """Closes what holds the lock: after SQLite, whose locks it would take away."""
        os.close(self._handle)
        self._open.discard(self.path)

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


class FileGoneError(Exception):
    """A log file is not under its name any more."""


def _identity(path: Path) -> tuple[int, ...]:
    """What is under the names of a database and of the files beside it."""
    found = []
    for ending in _ENDINGS:
        try:
            status = os.stat(f"{path}{ending}")  # noqa: PTH116 (at each commit: half the time)
        except OSError:
            found.append(0)
        else:
            found += [status.st_dev, status.st_ino]
    return tuple(found)


def in_use(path: Path) -> bool:
    """Whether a server writes this file."""
    if path in Database._open:
        return True
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _storable(value: Any) -> Any:
    # Clients send what they like; what is no Unicode must not keep other entries from the log.
    if isinstance(value, str):
        value = value.encode("utf-8", errors="replace")
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else value


def files(folder: Path) -> list[Path]:
    """The log's files, oldest first."""
    return sorted(path for path in folder.glob("requests-*.sqlite") if path.is_file())


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


def write_part(path: Path, to: Path, after: int, upto: int) -> None:
    """Writes a log file with some of another's entries, which may still be written to.

    Args:
        path: The file that has them.
        to: The new file; replaced where it is there.
        after: Only rows after the one with this number.
        upto: Only rows up to the one with this number.

    Raises:
        sqlite3.Error: It cannot be read or written.
    """
    to.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(to, isolation_level=None, uri=True)) as part:
        part.execute("PRAGMA journal_mode=OFF")
        part.execute("PRAGMA synchronous=OFF")  # It is read back from where it is copied to.
        part.execute(_CREATE)
        part.execute("ATTACH ? AS log", (f"{path.absolute().as_uri()}?mode=ro",))
        part.execute("BEGIN")
        part.execute(
            "INSERT INTO main.requests SELECT * FROM log.requests WHERE rowid > ? AND rowid <= ?"
            " ORDER BY rowid",
            (after, upto),
        )
        part.execute(f"PRAGMA main.user_version={VERSION}")
        part.execute("COMMIT")


def last_row(path: Path) -> int:
    """The number of a file's last entry; 0 where there is none yet.

    Raises:
        sqlite3.Error: It cannot be read.
    """
    address = f"{path.absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(address, uri=True)) as log:
        if not log.execute("PRAGMA user_version").fetchone()[0]:
            return 0  # It is being made.
        return int(log.execute("SELECT coalesce(max(rowid), 0) FROM requests").fetchone()[0])


def remove_old(folder: Path, keep_days: float, keep_mb: float, current: Path | None) -> list[Path]:
    """Removes files that are too old, and the oldest while all together are too large.

    Args:
        folder: The log's folder.
        keep_days: How long a file is kept after it was last written.
        keep_mb: Megabytes that all files may have.
        current: The file that is being written; it stays, as do those that other servers write.
    """
    kept = {}
    removed = []
    for path in files(folder):
        with contextlib.suppress(FileNotFoundError):
            parts = [part.stat() for part in _parts(path)]
            kept[path] = max(p.st_mtime for p in parts), sum(p.st_size for p in parts)
    total = sum(size for _, size in kept.values())
    for path, (written, size) in sorted(kept.items(), key=lambda item: item[1][0]):
        too_old = not _clock_was_set() and time.time() - written > keep_days * 86_400
        due = path != current and (too_old or total > keep_mb * 1e6)
        if due and not in_use(path):
            remove(path)
            total -= size
            removed.append(path)
    return removed


def remove(path: Path) -> None:
    """Removes a file of the log that no server writes."""
    # The database goes last: without it the other two would be left behind.
    for part in reversed(_parts(path)):
        part.unlink(missing_ok=True)


def _clock_was_set() -> bool:
    """Whether the clock was set since this process began: then nothing is known of a file's age."""
    passed = time.clock_gettime(_COUNTER) - _BEGAN[1]
    return abs(time.time() - _BEGAN[0] - passed) > _CORRECTED


def _parts(path: Path) -> list[Path]:
    """The database and, while it is open or after a kill, its write-ahead log and index."""
    others = (path.with_name(f"{path.name}{ending}") for ending in _ENDINGS[1:])
    return [path, *(other for other in others if other.exists())]

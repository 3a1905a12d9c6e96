"""The log's SQLite files, read without ever locking the server that writes them.

Each chunk is a read-only transaction of its own, of milliseconds, so that the writer can always
merge its write-ahead log. A row's number says where it stands: it grows by one from 1.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from monitoring.core.errors import MonitoringError
from monitoring.log.bodies import Answered, Names, Plain, answered, as_columns, plain
from monitoring.log.chunk import ANSWERED, NO_VERSION, Chunk, NamesOf, outcomes
from monitoring.summary.rows import Column, Rows

VERSION = 1
_MOST_ENTRIES = 5_000
_MOST_BYTES = 16_000_000
_LOCKED_SECONDS = 10.0
_MOST_IDS = 20_000
_MOST_NAMED = 500
_COLUMNS = """
SELECT rowid, id, time, version, status,
  CASE WHEN status < 300 THEN request END, CASE WHEN status < 300 THEN response END
FROM requests"""
_NEXT = f"{_COLUMNS} WHERE rowid > ? AND model = ? ORDER BY rowid"
_IDS = "SELECT rowid, id FROM requests WHERE rowid > ? AND rowid <= ? AND model = ? ORDER BY rowid"


class DatabaseFile:
    """A file of the log.

    Args:
        path: The file.
        model: Whose requests are read.
    """

    def __init__(self, path: Path, model: str) -> None:
        self._path = path
        self._model = model

    def first_id(self) -> str:
        """The id of the first entry, by which a file is known; empty where there is none yet."""
        with self._connection() as log:
            row = log and log.execute("SELECT id FROM requests WHERE rowid = 1").fetchone()
        return _text(row[0]) if row else ""

    def last(self) -> int:
        """The number of the last entry."""
        with self._connection() as log:
            row = log and log.execute("SELECT max(rowid) FROM requests").fetchone()
        return int(row[0] or 0) if row else 0

    def next_time(self, after: int) -> float | None:
        """The time of the model's next entry; None: there is none."""
        query = "SELECT time FROM requests WHERE rowid > ? AND model = ? ORDER BY rowid LIMIT 1"
        with self._connection() as log:
            row = log and log.execute(query, (after, self._model)).fetchone()
        return float(row[0]) if row else None

    def chunk(self, after: int, names_of: NamesOf) -> EntriesChunk | None:
        """The next entries; None: there are none.

        Raises:
            MonitoringError: The file cannot be read.
        """
        with self._connection() as log:
            if log is None:
                return None
            entries = _some(log.execute(_NEXT, (after, self._model)))
        return EntriesChunk(entries, names_of) if entries else None

    def ids(self, after: int, upto: int) -> Iterator[tuple[np.ndarray, list[str]]]:
        """Numbers and ids; see `LogFile.ids`.

        Raises:
            MonitoringError: The file cannot be read.
        """
        while after < upto:
            with self._connection() as log:
                if log is None:
                    return
                # So many, and then the file is let go.
                found = log.execute(f"{_IDS} LIMIT {_MOST_IDS}", (after, upto, self._model))
                rows = found.fetchall()
            if not rows:
                return
            after = rows[-1][0]
            yield np.array([row[0] for row in rows]), [_text(row[1]) for row in rows]

    def entries(self, numbers: np.ndarray, names_of: NamesOf) -> Iterator[EntriesChunk]:
        """Some entries; see `LogFile.entries`.

        Raises:
            MonitoringError: The file cannot be read.
        """
        while len(numbers):
            with self._connection() as log:
                if log is None:
                    return
                entries = _some(_named(log, numbers))
            if not entries:
                return
            numbers = numbers[numbers > entries[-1][0]]
            yield EntriesChunk(entries, names_of)

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection | None]:
        """A connection that cannot write; None: the file is just being made."""
        # While a server has a file open, its write-ahead log is beside it. Without one nobody
        # writes, and the file is read as it is, also in a folder that cannot be written to.
        closed = not self._path.with_name(f"{self._path.name}-wal").exists()
        mode = "mode=ro&immutable=1" if closed else "mode=ro"
        address = f"{self._path.absolute().as_uri()}?{mode}"
        try:
            with contextlib.closing(
                sqlite3.connect(address, uri=True, timeout=_LOCKED_SECONDS)
            ) as connection:
                connection.text_factory = bytes
                version = connection.execute("PRAGMA user_version").fetchone()[0]
                if version not in (0, VERSION):
                    raise MonitoringError(
                        f"{self._path} has another format",
                        f"Expected a request log of version {VERSION}. Received: {version}.",
                        "Read it with the release that wrote it, or move it out of the log.",
                    )
                # Version 0: a server begins it, or was killed while it did.
                yield connection if version else None
        except sqlite3.Error as error:
            if not self._path.exists():  # It was rotated away meanwhile.
                raise FileNotFoundError(self._path) from error
            raise MonitoringError(
                f"{self._path} cannot be read as a request log",
                f"Received: {error}.",
                "Take out what can be read, and set it aside: python -m serving repair --apply",
            ) from error


class EntriesChunk(Chunk):
    """Entries with bodies as JSON; parsed once, at the beginning.

    Args:
        entries: Row number, id, time, version, status, request, response of each.
        names_of: Of the versions that are read.
    """

    whole_requests = True

    def __init__(self, entries: list[Any], names_of: NamesOf) -> None:
        self._entries = entries
        self.reads = np.array([entry[0] for entry in entries], dtype=np.int64)
        self.times = np.array([entry[2] for entry in entries], dtype=np.float64)
        versions = [NO_VERSION if entry[3] is None else entry[3] for entry in entries]
        self.versions = np.array(versions, dtype=np.int64)
        statuses = np.array([entry[4] for entry in entries], dtype=np.int64)
        self.outcomes = outcomes(statuses, self.versions)
        self.requests = np.ones(len(entries), dtype=np.int64)
        known = {version: names_of(version) for version in set(versions) - {NO_VERSION}}
        self.sizes = np.zeros(len(entries), dtype=np.int64)
        with _without_collection():
            self._plain = self._all_plain(known)
            self._answered = [] if self._plain else self._parsed(versions, known)
        for place, one in enumerate(self._answered):
            self.sizes[place] = len(one.inputs) if one is not None else 0

    def _all_plain(self, known: dict[int, Names | None]) -> tuple[np.ndarray, Plain] | None:
        """The entries that were answered, and their rows, if they are as most are."""
        compared = [version for version, names in known.items() if names is not None]
        of = np.flatnonzero(np.isin(self.versions, compared) & (self.outcomes == ANSWERED))
        if len(compared) != 1 or not len(of):
            return None
        bodies = [self._entries[place][5:7] for place in of.tolist()]
        names = known[compared[0]]
        assert names is not None
        found = plain([each[0] for each in bodies], [each[1] for each in bodies], names)
        if found is None:
            return None
        self.sizes[of] = found.sizes
        return of, found

    def _parsed(self, versions: list[int], known: dict[int, Names | None]) -> list[Answered | None]:
        found: list[Answered | None] = []
        for entry, version, outcome in zip(
            self._entries, versions, self.outcomes.tolist(), strict=True
        ):
            names = known.get(version) if outcome == ANSWERED else None
            found.append(None if names is None else answered(entry[5], entry[6], names))
        return found

    def ids(self) -> list[str]:
        """See `Chunk.ids`."""
        return [_text(entry[1]) for entry in self._entries]

    def rows(self, entries: np.ndarray) -> list[Rows]:
        """See `Chunk.rows`; those without outputs of their own come apart."""
        if self._plain is not None:
            of, columns = self._plain
            some_plain = columns.rows(np.searchsorted(of, entries))
            return [self._as_rows(entries, some_plain.inputs, some_plain.outputs)]
        wanted = [(int(n), self._answered[n]) for n in entries.tolist()]
        found = []
        for with_outputs in (True, False):
            some = [
                (number, one)
                for number, one in wanted
                if one is not None and one.inputs and (one.outputs is not None) == with_outputs
            ]
            if some:
                found.append(self._rows(some, with_outputs))
        return found

    def _rows(self, some: list[tuple[int, Answered]], with_outputs: bool) -> Rows:
        chain = itertools.chain.from_iterable
        inputs = list(chain(one.inputs for _, one in some))
        outputs = list(chain(one.outputs or () for _, one in some)) if with_outputs else []
        entries = np.array([number for number, _ in some], dtype=np.int64)
        return self._as_rows(entries, as_columns(inputs), as_columns(outputs))

    def _as_rows(
        self, entries: np.ndarray, inputs: Mapping[str, Column], outputs: Mapping[str, Column]
    ) -> Rows:
        sizes = self.sizes[entries]
        size = int(sizes.sum())
        return Rows(
            size=size,
            inputs=inputs,
            outputs=outputs,
            entries=np.repeat(entries, sizes),
            numbers=np.arange(size) - np.repeat(np.cumsum(sizes) - sizes, sizes),
        )


def _named(log: sqlite3.Connection, numbers: np.ndarray) -> Iterator[Any]:
    """The entries of these numbers."""
    for start in range(0, len(numbers), _MOST_NAMED):
        some = numbers[start : start + _MOST_NAMED].tolist()
        marks = ", ".join("?" * len(some))
        yield from log.execute(f"{_COLUMNS} WHERE rowid IN ({marks}) ORDER BY rowid", some)


def _some(rows: Iterator[Any]) -> list[Any]:
    """The first rows, as many as are held at once."""
    entries, size = [], 0
    for row in rows:
        entries.append(row)
        size += len(row[5] or b"") + len(row[6] or b"")
        if len(entries) == _MOST_ENTRIES or size > _MOST_BYTES:
            break
    return entries


@contextlib.contextmanager
def _without_collection() -> Iterator[None]:
    """Without Python's search for cycles, which what is read from JSON has none of: it takes a
    third of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _text(value: bytes | str) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value

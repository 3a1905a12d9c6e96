"""True labels that were given, and what became of them: `.monitoring/<model>/labels/`.

`labels.sqlite` has them by request id and row. Whatever kills a command, each label has been joined
with its answer once or not at all: both are in one transaction.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from monitoring.core.errors import MonitoringError
from monitoring.labels.live import LiveMetrics

FILE = "labels.sqlite"
VERSION = 1
WAITING, JOINED, SURPLUS, INVALID = range(4)
"""What became of a label: its request is not in the log yet; it was joined; the request has no such
row; it is no label of the model, or the row has no answer."""
_LOCKED_SECONDS = 30.0
_MOST_IDS = 500
_CREATE = f"""
CREATE TABLE labels (
  id TEXT NOT NULL, row INTEGER NOT NULL, truth TEXT NOT NULL, state INTEGER NOT NULL,
  PRIMARY KEY (id, row)
) WITHOUT ROWID;
CREATE INDEX by_state ON labels (state);
CREATE TABLE joined (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL, row INTEGER NOT NULL, version INTEGER NOT NULL,
  time REAL NOT NULL, features TEXT NOT NULL, truth TEXT NOT NULL
);
CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL);
PRAGMA user_version={VERSION};
"""

Truth = dict[str, Any]
"""The columns of a label's row that the model's label needs."""


class JoinedRow(NamedTuple):
    """A row of the log with its label."""

    id: str
    row: int
    version: int
    time: float
    features: Truth
    truth: Truth


def folder_of(models: Path, model: str) -> Path:
    """Where a model's labels are."""
    return models / ".monitoring" / model / "labels"


class LabelStore:
    """The labels of a model.

    Args:
        folder: See `folder_of`; made where it is missing.

    Raises:
        MonitoringError: It cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / FILE
        with self._problems():
            folder.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                self._path, timeout=_LOCKED_SECONDS, isolation_level=None
            )
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                self._connection.execute("PRAGMA journal_mode=WAL")
                with contextlib.suppress(sqlite3.OperationalError):  # Another one has made it.
                    self._connection.executescript(f"BEGIN IMMEDIATE; {_CREATE} COMMIT;")
            elif version != VERSION:
                raise MonitoringError(
                    f"{self._path} has another format",
                    f"Expected version {VERSION}. Received: {version}.",
                    "Use it with the release that wrote it.",
                )

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All of what is written within, or nothing of it.

        Raises:
            MonitoringError: It cannot be written, or another command has it for too long.
        """
        with self._problems():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._connection.in_transaction:  # On a full disk SQLite has ended it.
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def given(self, labels: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Truth]:
        """What was given before of some labels; what was no label may be given again."""
        wanted = set(labels)
        return {
            (one, row): truth
            for one, row, truth, state in self._of_ids({one for one, _ in labels})
            if (one, row) in wanted and state != INVALID
        }

    def add(self, labels: Iterable[tuple[str, int, Truth]]) -> None:
        """Adds labels that were not given before; within a transaction."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO labels VALUES (?, ?, ?, ?)",
            [(one, row, json.dumps(truth), WAITING) for one, row, truth in labels],
        )

    def waiting_ids(self, ids: Iterable[str]) -> set[str]:
        """Those of some requests that have labels which have not been joined."""
        found: set[str] = set()
        for some, marks in _marked(set(ids)):
            # With the plus the primary key is used: all labels may be waiting.
            query = f"SELECT DISTINCT id FROM labels WHERE id IN ({marks}) AND +state = ?"
            with self._problems():
                found.update(row[0] for row in self._connection.execute(query, (*some, WAITING)))
        return found

    def waiting(self, ids: Iterable[str]) -> dict[str, dict[int, Truth]]:
        """The labels of some requests that have not been joined: by id and row."""
        found: dict[str, dict[int, Truth]] = {}
        for one, row, truth, state in self._of_ids(set(ids)):
            if state == WAITING:
                found.setdefault(one, {})[row] = truth
        return found

    def mark(self, labels: Iterable[tuple[str, int]], state: int) -> None:
        """Says what became of labels; within a transaction."""
        self._connection.executemany(
            "UPDATE labels SET state = ? WHERE id = ? AND row = ?",
            [(state, one, row) for one, row in labels],
        )

    def add_joined(self, rows: Iterable[JoinedRow]) -> None:
        """Adds rows with their labels; within a transaction."""
        self._connection.executemany(
            "INSERT INTO joined (id, row, version, time, features, truth) VALUES (?,?,?,?,?,?)",
            [(*row[:4], json.dumps(row.features), json.dumps(row.truth)) for row in rows],
        )

    def joined(self, after: int, upto: int) -> Iterator[JoinedRow]:
        """Rows with their labels, by number."""
        query = (
            "SELECT id, row, version, time, features, truth FROM joined "
            "WHERE number > ? AND number <= ? ORDER BY number"
        )
        with self._problems():
            for one, row, version, time, *texts in self._connection.execute(query, (after, upto)):
                features, truth = map(json.loads, texts)
                yield JoinedRow(one, row, version, time, features, truth)

    def last_joined(self) -> int:
        """The number of the last row that was joined; 0: none was."""
        with self._problems():
            row = self._connection.execute("SELECT coalesce(max(number), 0) FROM joined")
            return int(row.fetchone()[0])

    def counts(self) -> dict[int, int]:
        """How many labels there are in each state."""
        with self._problems():
            rows = self._connection.execute("SELECT state, count(*) FROM labels GROUP BY state")
            return dict(rows.fetchall())

    def examples(self, state: int, most: int = 3) -> list[str]:
        """The ids of some labels in a state."""
        query = "SELECT DISTINCT id FROM labels WHERE state = ? LIMIT ?"
        with self._problems():
            return [row[0] for row in self._connection.execute(query, (state, most))]

    def note(self, key: str) -> str | None:
        """What was noted under a name."""
        with self._problems():
            row = self._connection.execute("SELECT value FROM notes WHERE key = ?", (key,))
            found = row.fetchone()
        return None if found is None else str(found[0])

    def set_note(self, key: str, value: str) -> None:
        """Notes something; within a transaction, or alone."""
        with self._problems():
            self._connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (key, value))

    def live(self, version: int) -> LiveMetrics | None:
        """The live metrics of a version; None: no label was joined."""
        text = self.note(f"live:{version}")
        return None if text is None else LiveMetrics.model_validate_json(text)

    def all_live(self) -> list[LiveMetrics]:
        """The live metrics of each version of which a label was joined, by version."""
        with self._problems():
            query = "SELECT value FROM notes WHERE key LIKE 'live:%'"
            texts = [row[0] for row in self._connection.execute(query)]
        found = [LiveMetrics.model_validate_json(text) for text in texts]
        return sorted(found, key=lambda one: one.version)

    def set_live(self, live: LiveMetrics) -> None:
        """Keeps a version's live metrics; within a transaction."""
        self.set_note(f"live:{live.version}", live.model_dump_json())

    def _of_ids(self, ids: set[str]) -> Iterator[tuple[str, int, Truth, int]]:
        for some, marks in _marked(ids):
            query = f"SELECT id, row, truth, state FROM labels WHERE id IN ({marks})"
            with self._problems():
                for one, row, truth, state in self._connection.execute(query, some):
                    yield one, row, json.loads(truth), state

    @contextlib.contextmanager
    def _problems(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise MonitoringError(
                f"{self._path} cannot be read or written",
                f"Received: {error}.",
                "Make its folder writable or free some space; no other command may hold it.",
            ) from error


def _marked(ids: set[str]) -> Iterator[tuple[list[str], str]]:
    """So many ids as a query takes, in order, and as many marks for them."""
    wanted = sorted(ids)
    for start in range(0, len(wanted), _MOST_IDS):
        some = wanted[start : start + _MOST_IDS]
        yield some, ", ".join("?" * len(some))


def live_metrics(models: Path, model: str, version: int) -> LiveMetrics | None:
    """The live metrics of a version, without making anything; None: no label was joined.

    Raises:
        MonitoringError: The file cannot be read.
    """
    folder = folder_of(models, model)
    if not (folder / FILE).exists():
        return None
    store = LabelStore(folder)
    try:
        return store.live(version)
    finally:
        store.close()

"""Every run of a folder in memory, kept up to date in the background."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dashboard.records import notes, runs
from dashboard.records.runs import Run

_SECONDS_BETWEEN = 1.0
_SHARE_OF_TIME = 10
"""After a scan of n seconds, the next one waits for ten times n."""
_PUBLISHED_EVERY = 0.25
"""Seconds after which the first scan shows what it has so far."""

_PATIENCE = 0.5
"""Seconds that the first who asks after a pause waits for a scan."""

_State = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True)
class Snapshot:
    """The runs at one moment, newest first."""

    generation: int = 0
    """Changes whenever a run does."""
    runs: tuple[Run, ...] = ()
    folders: int = 0
    """How many run folders there are; more than `runs` only while the first scan goes on."""
    complete: bool = False
    """Whether the first scan has ended."""


class RunIndex:
    """Reads run folders anew when their `run.json` or `notes.json` is another file than before.

    Nothing is scanned while nobody asks.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._known: dict[str, tuple[_State, Run]] = {}
        self._snapshot = Snapshot()
        self._lock = threading.Lock()
        self._scanned = threading.Condition()
        self._scanned_at = 0.0
        self._asked = threading.Event()
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begins to scan in a thread of its own."""
        self._asked.set()
        threading.Thread(target=self._watch, name="run index", daemon=True).start()

    def stop(self) -> None:
        """Ends that thread, at the latest after the scan that it is at."""
        self._stopped.set()
        self._asked.set()

    def snapshot(self) -> Snapshot:
        """The runs as the last scan found them, a moment ago."""
        before = self._scanned_at
        rested = time.monotonic() - before > 2 * _SECONDS_BETWEEN and not self._asked.is_set()
        self._asked.set()
        if rested and self._snapshot.complete:
            with self._scanned:
                self._scanned.wait_for(lambda: self._scanned_at > before, _PATIENCE)
        return self._snapshot

    def scan(self) -> None:
        """Looks at every run folder once."""
        with self._lock:
            found = list(self._run_folders())
            found.sort(key=lambda name: name[-20:], reverse=True)  # Names end with the time.
            published = time.monotonic()
            for name in found:
                self._look_at(name)
                first = not self._snapshot.complete
                if first and time.monotonic() - published > _PUBLISHED_EVERY:
                    self._publish(len(found), complete=False)
                    published = time.monotonic()
            for name in self._known.keys() - set(found):
                del self._known[name]
            self._publish(len(found), complete=True)
        with self._scanned:
            self._scanned_at = time.monotonic()
            self._scanned.notify_all()

    def find(self, name: str) -> Run | None:
        """A run as it is now, if there is one of this name."""
        if not name or name in (".", "..") or "/" in name or "\0" in name or not _is_text(name):
            return None
        if not _has_record(self.folder / name):
            return None
        with self._lock:
            self._look_at(name)
            return self._known[name][1]

    def _watch(self) -> None:
        while not self._stopped.is_set():
            started = time.monotonic()
            self._asked.clear()
            self.scan()
            took = time.monotonic() - started
            self._stopped.wait(max(_SECONDS_BETWEEN, _SHARE_OF_TIME * took))
            self._asked.wait()

    def _run_folders(self) -> Iterator[str]:
        try:
            with os.scandir(self.folder) as entries:
                names = [entry.name for entry in entries]
        except OSError:
            return
        for name in names:
            if _is_text(name) and _has_record(self.folder / name):
                yield name

    def _look_at(self, name: str) -> None:
        folder = self.folder / name
        state = _state(folder)
        before = self._known.get(name)
        if before is None or before[0] != state or before[1].status == "running":
            self._known[name] = state, runs.read(folder)

    def _publish(self, folders: int, *, complete: bool) -> None:
        now = tuple(
            sorted(
                (run for _, run in self._known.values()),
                key=lambda run: (run.number, run.started or 0, run.id),
                reverse=True,
            )
        )
        before = self._snapshot
        if (before.runs, before.folders, before.complete) != (now, folders, complete):
            self._snapshot = Snapshot(before.generation + 1, now, folders, complete)


def _has_record(folder: Path) -> bool:
    """Whether this is a run's folder; one that cannot be looked into is none, nor is a link to
    itself."""
    try:
        return stat.S_ISREG((folder / runs.RECORD).stat().st_mode)
    except (OSError, ValueError):
        return False


def _state(folder: Path) -> _State:
    """What changes whenever one of the files is written."""
    found: list[tuple[int, int, int] | None] = []
    for name in (runs.RECORD, notes.FILE):
        try:
            status = (folder / name).stat()
            found.append((status.st_ino, status.st_mtime_ns, status.st_size))
        except OSError:
            found.append(None)
    return tuple(found)


def _is_text(name: str) -> bool:
    """Whether a folder's name is text, so that an address can name it."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True

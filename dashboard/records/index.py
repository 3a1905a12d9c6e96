"""Every run of all sources in memory, kept up to date in the background."""

from __future__ import annotations

import heapq
import os
import stat
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.errors import DashboardError
from dashboard.records import notes, runs
from dashboard.records.runs import Run
from dashboard.records.sources.folder import FolderSource, Source

_SECONDS_BETWEEN = 1.0
_SHARE_OF_TIME = 10
"""After a scan of n seconds, the next one waits for ten times n."""
_PUBLISHED_EVERY = 0.25
"""Seconds after which the first scan shows what it has so far."""

_PATIENCE = 0.5
"""Seconds that the first who asks after a pause waits for a scan."""

_Version = tuple[int, int, int]
_State = tuple[_Version, _Version | None]
"""Of a run's record and of its notes, if there are any."""


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

    Args:
        sources: Where the runs are; of a run that several have, the first one's is shown.
    """

    def __init__(self, *sources: Source | Path):
        self.sources: tuple[Source, ...] = tuple(
            FolderSource(one) if isinstance(one, Path) else one for one in sources
        )
        self._known: dict[str, tuple[_State | None, Run]] = {}
        self._of: dict[str, Source] = {}
        self._snapshot = Snapshot()
        self._lock = threading.Lock()
        self._scanned = threading.Condition()
        self._scanned_at = 0.0
        self._asked = threading.Event()
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begins to scan in a thread of its own."""
        self._asked.set()
        for source in self.sources:
            source.start()
        threading.Thread(target=self._watch, name="run index", daemon=True).start()

    def stop(self) -> None:
        """Ends that thread, at the latest after the scan that it is at."""
        for source in self.sources:
            source.stop()
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
            there = {name: (source, state) for name, source, state in self._run_folders()}
            self._of = {name: source for name, (source, _) in there.items()}
            found = sorted(there, key=lambda name: name[-20:], reverse=True)  # The time is last.
            published = time.monotonic()
            for name in found:
                self._look_at(name, there[name][1])
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

    def find(self, name: str) -> tuple[Run, Source] | None:
        """A run as it is now, and where it is, if there is one of this name."""
        if not name or name in (".", "..") or "/" in name or "\0" in name or not _is_text(name):
            return None
        source = next((one for one in self.sources if _state(one.folder, name)), None)
        if source is None:
            return None
        source.fetch(name)
        with self._lock:
            self._of[name] = source
            self._look_at(name, _state(source.folder, name))
            return self._known[name][1], source

    def found(self, name: str) -> tuple[Run, Path]:
        """A run as it is now, and its folder.

        Raises:
            DashboardError: There is no such run.
        """
        found = self.find(name)
        if found is None:
            places = ", ".join(source.address for source in self.sources)
            raise DashboardError(f"There is no run {name!r:.100}", f"In {places}.", status=404)
        row, source = found
        return row, source.folder / name

    def folder_of(self, name: str) -> Path:
        """The folder of a run of the last snapshot, without fetching anything."""
        return self._of.get(name, self.sources[0]).folder / name

    @property
    def own_folder(self) -> Path:
        """Where what belongs to the whole list is kept: the first folder of this machine.

        Where all sources are buckets, the first one's copy.
        """
        own = (source for source in self.sources if isinstance(source, FolderSource))
        return next(own, self.sources[0]).folder

    def publish_notes(self, name: str) -> None:
        """Writes the notes of a run to where the run is.

        Raises:
            DashboardError: It cannot be written there.
        """
        self._of[name].publish_notes(name)

    def lists(self, name: str) -> bool:
        """Whether there is a run of this name, without fetching anything of it."""
        return bool(name) and any(_state(source.folder, name) for source in self.sources)

    def states(self) -> list[dict[str, Any]]:
        """What a page says of each source."""
        return [source.state() for source in self.sources]

    def _watch(self) -> None:
        while not self._stopped.is_set():
            started = time.monotonic()
            self._asked.clear()
            self.scan()
            took = time.monotonic() - started
            self._stopped.wait(max(_SECONDS_BETWEEN, _SHARE_OF_TIME * took))
            self._asked.wait()

    def _run_folders(self) -> Iterator[tuple[str, Source, _State]]:
        """The names of all run folders with their sources and states, the first source last."""
        for source in reversed(self.sources):
            try:
                with os.scandir(source.folder) as entries:
                    names = [entry.name for entry in entries]
            except OSError:
                continue
            for name in names:
                if _is_text(name) and (state := _state(source.folder, name)):
                    yield name, source, state

    def _look_at(self, name: str, state: _State | None) -> None:
        """Reads a run again if its state is another than before; the state was taken before."""
        before = self._known.get(name)
        if before is None or before[0] != state or before[1].status == "running":
            self._known[name] = state, runs.read(self._of[name].folder / name)

    def _publish(self, folders: int, *, complete: bool) -> None:
        now = tuple(self._newest_first())
        before = self._snapshot
        if (before.runs, before.folders, before.complete) != (now, folders, complete):
            self._snapshot = Snapshot(before.generation + 1, now, folders, complete)

    def _newest_first(self) -> Iterator[Run]:
        """All runs: those of one source by their numbers, which are of that source alone."""
        of_sources: list[list[Run]] = [[] for _ in self.sources]
        places = {id(source): place for place, source in enumerate(self.sources)}
        for name, (_, run) in self._known.items():
            of_sources[places[id(self._of[name])]].append(run)
        for found in of_sources:
            found.sort(key=lambda run: (run.number, run.started or 0, run.id), reverse=True)
        return heapq.merge(*of_sources, key=lambda run: -(run.started or 0))


def _state(runs_folder: Path, name: str) -> _State | None:
    """What changes whenever one of a run's two files is written; None if this is no run's folder.

    One that cannot be looked into is none, nor is a link to itself. Each scan asks this of every
    run while requests wait for their turn, so it makes no `Path`, which costs more than the system.
    """
    folder = f"{runs_folder}/{name}"
    try:
        record = os.stat(f"{folder}/{runs.RECORD}")  # noqa: PTH116
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(record.st_mode):
        return None
    try:
        return _version(record), _version(os.stat(f"{folder}/{notes.FILE}"))  # noqa: PTH116
    except OSError:
        return _version(record), None


def _version(file: os.stat_result) -> _Version:
    return file.st_ino, file.st_mtime_ns, file.st_size


def _is_text(name: str) -> bool:
    """Whether a folder's name is text, so that an address can name it."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True

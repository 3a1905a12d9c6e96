"""Run folders in a bucket, of which a copy is kept on this machine.

The copy is what is shown: it is there at once, and when the bucket is not. A run that has ended is
read once; of one that goes on, the record again and again; notes when somebody has changed them.
What else is in a run's folder comes when somebody looks at the run.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from dashboard.errors import DashboardError
from dashboard.records import notes
from dashboard.records.runs import RECORD
from dashboard.records.sources import stores
from dashboard.records.sources.copies import write_whole
from dashboard.records.sources.stores import Found, Store

_EVERY = 5.0
"""Seconds between two looks into the bucket."""
_AFTER_FAILURE = 20.0
"""The same, when the last look has failed."""
_FRESH = 2.0
"""Seconds for which a run's files count as fetched, while it goes on."""
_LARGEST = 256 * 2**20
"""Bytes of a file that is copied."""
_AT_ONCE = 8
_STATE = ".source.json"
_ENDED = ".ended.json"
_NOTED = ".notes"
"""A folder beside the runs': of each run that has notes a file by its name, which is another one
once they are. Listing it takes one request, where asking each run takes thousands."""


class BucketSource:
    """A folder in a bucket.

    Args:
        address: Such as `gs://bucket/runs`.
        cache: The folder for the copies of all buckets; this one has a folder of its own in it.
    """

    def __init__(self, address: str, cache: Path) -> None:
        self._address = address
        self._folder = cache / hashlib.sha256(address.encode()).hexdigest()[:16]
        self._store: Store | None = None
        self._prefix = ""
        self._looking = threading.Lock()
        self._copying = threading.Lock()
        self._stopped = threading.Event()
        self._problem = "It has not been read yet."
        self._since: float | None = None
        self._failed_at = 0.0
        self._fetched: dict[str, float] = {}
        """When each run's files were last fetched; infinite once it had ended by then."""
        self._ended: set[str] = set()
        """Runs whose record here is their last; on disk too, as reading all of them takes long."""
        self._noted: dict[str, str] = {}
        """Of each run that has notes the version of them that is here."""
        self._versions: dict[str, dict[str, str]] = {}
        """Of each run the version of each file that is here."""
        self._remember()

    @property
    def address(self) -> str:
        """The bucket's address."""
        return self._address

    @property
    def folder(self) -> Path:
        """The copy."""
        return self._folder

    def start(self) -> None:
        """Begins to look into the bucket, in a thread of its own."""
        threading.Thread(target=self._watch, name=f"reads {self._address}", daemon=True).start()

    def stop(self) -> None:
        """Ends that, at the latest after the look that it is at."""
        self._stopped.set()

    def refresh(self) -> None:
        """Looks into the bucket once: copies the records that are new or may have changed."""
        try:
            with self._looking:
                store = self._opened()
                names = [name for name in store.folders(self._prefix) if not name.startswith(".")]
                wanted = [name for name in names if not self._has_ended(name)]
                with ThreadPoolExecutor(_AT_ONCE) as pool:
                    for name, content in zip(wanted, pool.map(self._record, wanted), strict=True):
                        if content is not None:
                            write_whole(self._folder / name / RECORD, content)
                            self._note_end(name, content)
                self._take_notes(store, set(names))
                self._forget(set(names))
                write_whole(self._folder / _ENDED, json.dumps(sorted(self._ended)).encode())
        except Exception as error:  # Each client has kinds of its own.
            self._note(error)
        else:
            self._note(None)

    def fetch(self, run: str) -> None:
        """Copies the files of a run that are new or have changed, if the bucket answers."""
        now = time.monotonic()
        if now - self._fetched.get(run, -_FRESH) < _FRESH or now - self._failed_at < _AFTER_FAILURE:
            return
        try:
            with self._copying:
                self._copy(run)
        except Exception as error:
            self._note(error)

    def publish_notes(self, run: str) -> None:
        """Writes the notes of a run's copy into the bucket.

        Raises:
            DashboardError: It cannot be written there.
        """
        try:
            content = (self._folder / run / notes.FILE).read_bytes()
            store = self._opened()
            store.write(self._key(run, notes.FILE), content)
            store.write(self._key(_NOTED, run), hashlib.sha256(content).hexdigest().encode())
        except Exception as error:
            raise DashboardError(
                f"The notes cannot be written to {self._address}",
                f"{_first_line(error)} They are on this machine alone.",
                "Log in as somebody who may write there, and save them again.",
                status=502,
            ) from error

    def state(self) -> dict[str, Any]:
        """What a page says of the bucket."""
        return {
            "address": self._address,
            "reached": not self._problem,
            "since": self._since,
            "problem": self._problem,
        }

    def _watch(self) -> None:
        while not self._stopped.is_set():
            self.refresh()
            self._stopped.wait(_AFTER_FAILURE if self._problem else _EVERY)

    def _opened(self) -> Store:
        if self._store is None:
            self._store, self._prefix = stores.of(self._address)
        return self._store

    def _record(self, name: str) -> bytes | None:
        return self._opened().read(self._key(name, RECORD))

    def _key(self, *parts: str) -> str:
        return "/".join(filter(None, [self._prefix, *parts]))

    def _has_ended(self, name: str) -> bool:
        """Whether the copy of a run's record says that it has ended, so that it stays as it is."""
        if name not in self._ended:
            with contextlib.suppress(OSError):
                self._note_end(name, (self._folder / name / RECORD).read_bytes())
        return name in self._ended

    def _note_end(self, name: str, content: bytes) -> None:
        """Notes that a run has ended, if its record says so."""
        with contextlib.suppress(ValueError, RecursionError):
            record = json.loads(content)
            if isinstance(record, dict) and record.get("status") not in (None, "running"):
                self._ended.add(name)

    def _copy(self, run: str) -> None:
        store, began = self._opened(), time.monotonic()
        ended = self._has_ended(run)
        there = self._versions.setdefault(run, {})
        found = [
            one
            for one in store.files(self._key(run))
            if one.size <= _LARGEST and _is_inside(one.path) and one.path != notes.FILE
        ]
        self._copy_notes(store, run)
        new = [one for one in found if there.get(one.path) != one.version]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            contents: Iterable[tuple[Found, bytes | None]] = pool.map(
                lambda one: (one, store.read(self._key(run, one.path))), new
            )
            for one, content in contents:
                if content is not None:
                    write_whole(self._folder / run / one.path, content)
                    there[one.path] = one.version
        self._fetched[run] = float("inf") if ended else began

    def _take_notes(self, store: Store, names: set[str]) -> None:
        """Takes over all notes that somebody has changed elsewhere."""
        changed = [
            one
            for one in store.files(self._key(_NOTED))
            if one.path in names and self._noted.get(one.path) != one.version
        ]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(lambda one: self._copy_notes(store, one.path), changed))
        self._noted.update({one.path: one.version for one in changed})

    def _copy_notes(self, store: Store, run: str) -> None:
        """Takes over notes that somebody has written elsewhere."""
        content = store.read(self._key(run, notes.FILE))
        if content is not None:
            write_whole(self._folder / run / notes.FILE, content)

    def _forget(self, names: set[str]) -> None:
        """Removes the records of runs that are gone from the bucket."""
        for folder in self._folder.iterdir() if self._folder.is_dir() else ():
            if folder.name not in names and (folder / RECORD).is_file():
                self._ended.discard(folder.name)
                self._fetched.pop(folder.name, None)
                (folder / RECORD).unlink(missing_ok=True)

    def _note(self, error: Exception | None) -> None:
        """Remembers whether the bucket has answered, on disk too."""
        if error is not None:
            self._failed_at = time.monotonic()
            self._problem = _first_line(error)
            return
        self._problem, self._since, self._failed_at = "", time.time(), 0.0
        try:
            content = {"address": self._address, "since": self._since}
            write_whole(self._folder / _STATE, json.dumps(content).encode())
        except OSError as failed:
            self._problem = f"Its copy cannot be written: {failed.strerror}."

    def _remember(self) -> None:
        self._failed_at = -_AFTER_FAILURE
        unreadable = (OSError, ValueError, TypeError, KeyError)
        with contextlib.suppress(*unreadable):
            self._since = float(json.loads((self._folder / _STATE).read_bytes())["since"])
        with contextlib.suppress(*unreadable):
            names = map(str, json.loads((self._folder / _ENDED).read_bytes()))
            # A record may have been removed, or be empty since the machine lost its power.
            self._ended = {name for name in names if _size(self._folder / name / RECORD)}


def _size(path: Path) -> int:
    """A file's bytes; 0 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _is_inside(path: str) -> bool:
    """Whether a name in a bucket is a path that stays in the run's folder."""
    parts = path.split("/")
    return all(part not in ("", ".", "..") for part in parts) and "\\" not in path


def _first_line(error: BaseException) -> str:
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    return f"{type(error).__name__}: {text[:300]}"

"""The request log: a bounded queue, and one thread that commits what has queued meanwhile.

Nothing waits for the disk longer than `wait_ms`: an entry that the queue has no room for, or that
cannot be written, is dropped and counted. An entry is reported as stored after its commit only, and
if the file is then still under its name. Where the file is gone, another is begun, the entries are
written once more, and what the lost file had is brought back.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import dataclasses
import sqlite3
import threading
import time
import zlib
from datetime import datetime, timezone
from pathlib import Path

from serving.core import logs
from serving.core.hooks import Entry
from serving.request_log import redaction
from serving.request_log.database import Database, FileGoneError, remove_old
from serving.request_log.settings import LogSettings

_MOST_IN_A_COMMIT = 1000
_SECONDS_BEFORE_ANOTHER_TRY = 1.0
_SECONDS_BETWEEN_WARNINGS = 10.0

_Waiting = tuple[Entry, "asyncio.Future[bool] | None"]


@dataclasses.dataclass
class Counts:
    """What became of the entries so far."""

    stored: int = 0
    left_out: int = 0
    """Not logged because of `sample`."""
    queue_full: int = 0
    """Dropped because the writer did not keep up."""
    failed: int = 0
    """Dropped because they could not be written."""
    restored: int = 0
    """Stored entries whose file was removed, and that are in a file again."""
    lost: int = 0
    """Stored entries whose file was removed, and that could not be brought back."""

    @property
    def dropped(self) -> int:
        """Entries that should have been stored and were not."""
        return self.queue_full + self.failed


class RequestLog:
    """Stores requests and answers in files of a folder.

    Args:
        folder: Where the files go; made where it is missing.
        settings: What is logged, and for how long it is kept.
    """

    def __init__(self, folder: Path, settings: LogSettings) -> None:
        self._folder = folder
        self._settings = settings
        self._queue: collections.deque[_Waiting] = collections.deque()
        self._queued_bytes = 0
        self._changed = threading.Condition()
        self._wake_scheduled = False
        self._closing = False
        self._counts = Counts()
        self._warned = (float("-inf"), 0)
        self._database: Database | None = None
        self._gone: list[Database] = []
        """Files that were removed, as this process still has them open."""
        self._rescues: list[threading.Thread] = []
        self._broken_until = 0.0
        self._thread = threading.Thread(target=self._write, name="request-log", daemon=True)
        self._thread.start()

    async def submit(self, entry: Entry) -> bool:
        """Stores an entry; True means that it is committed and survives a SIGKILL.

        Comes back after `wait_ms` at the latest, with False; the entry may still be stored then.
        """
        loop = asyncio.get_running_loop()
        stored: asyncio.Future[bool] = loop.create_future()
        if not self._enqueue(entry, stored):
            return False
        if not self._wake_scheduled:
            # Once for all that this round of the event loop brings.
            self._wake_scheduled = True
            loop.call_soon(self._wake)
        timer = loop.call_later(self._settings.wait_ms / 1000, _set, stored, False)
        try:
            return await stored
        finally:
            timer.cancel()

    def add(self, entry: Entry) -> bool:
        """Queues an entry without waiting; False if it is left out or dropped."""
        queued = self._enqueue(entry, None)
        self._wake()
        return queued

    def counts(self) -> Counts:
        """What became of the entries so far."""
        with self._changed:
            return dataclasses.replace(self._counts)

    def close(self, seconds: float = 10) -> None:
        """Writes what is queued and closes the file; gives up after so many seconds."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(seconds)

    def _enqueue(self, entry: Entry, stored: asyncio.Future[bool] | None) -> bool:
        settings = self._settings
        share = settings.sample_of(entry.model)
        size = _size(entry)
        with self._changed:
            # By the id, so that a repeated run leaves the same entries out.
            if share < 1 and zlib.crc32(entry.id.encode(errors="replace")) >= share * 2**32:
                self._counts.left_out += 1
                return False
            full = len(self._queue) >= settings.queue
            if full or self._queued_bytes + size > settings.queue_mb * 1e6 or self._closing:
                self._counts.queue_full += 1
                return False
            self._queue.append((entry, stored))
            self._queued_bytes += size
            return True

    def _wake(self) -> None:
        """Wakes the thread that writes."""
        self._wake_scheduled = False
        with self._changed:
            self._changed.notify()

    def _write(self) -> None:
        while batch := self._next_batch():
            entries = [entry for entry, _ in batch]
            stored = False
            try:
                if time.monotonic() >= self._broken_until:
                    self._store([self._redacted(entry) for entry in entries])
                    stored = True
            except Exception as error:
                # Whatever it is must not end this thread: predictions go on, and so does the log
                # once there is room on the disk again.
                self._broken(error)
            with self._changed:
                self._counts.stored += len(batch) if stored else 0
                self._counts.failed += 0 if stored else len(batch)
            _notify(batch, stored)
            self._warn_of_drops()
        self._rescue_all()
        for rescue in self._rescues:
            rescue.join()
        if self._database is not None:
            self._database.close()

    def _store(self, entries: list[Entry]) -> None:
        """Writes entries to a file that is there after that."""
        database = self._file()
        try:
            database.add(entries)
        except FileGoneError as error:
            logs.event("request log file gone", "warning", error=str(error))
            self._gone.append(database)
            self._database = None
            self._file().add(entries)
        if self._gone:
            self._rescue_all()

    def _rescue_all(self) -> None:
        """Brings files that are gone back, now that there is a folder; nobody waits for it."""
        self._rescues = [thread for thread in self._rescues if thread.is_alive()]
        for database in self._gone:
            thread = threading.Thread(target=self._rescue, args=[database])
            thread.start()
            self._rescues.append(thread)
        self._gone.clear()

    def _rescue(self, database: Database) -> None:
        name, rows, restored = database.path.name, database.rows, 0
        try:
            restored = database.rescue(self._folder)
        except (OSError, sqlite3.Error) as error:
            logs.event("request log file lost", "error", file=name, entries=rows, error=str(error))
            with self._changed:
                self._counts.lost += rows
        else:
            logs.event("request log file kept", file=name, restored=restored)
            with self._changed:
                self._counts.restored += restored
        finally:
            database.close()

    def _next_batch(self) -> list[_Waiting]:
        """What has queued, without waiting for more; empty when the log is closed."""
        with self._changed:
            while not self._queue and not self._closing:
                self._changed.wait()
            many = min(len(self._queue), _MOST_IN_A_COMMIT)
            batch = [self._queue.popleft() for _ in range(many)]
            self._queued_bytes -= sum(_size(entry) for entry, _ in batch)
            return batch

    def _file(self) -> Database:
        """The file to write to: a new one each day, and when the last has become too large."""
        settings, database = self._settings, self._database
        today = datetime.now(timezone.utc).date()
        if database and (database.day != today or database.size > settings.file_mb * 1e6):
            # Not waited for: it writes many megabytes.
            threading.Thread(target=database.close, name="request-log-close").start()
            self._database = database = None
        if database is None:
            self._database = database = Database(self._folder, settings.durability)
            for path in remove_old(
                self._folder, settings.keep_days, settings.keep_mb, database.path
            ):
                logs.event("request log removed", file=path.name)
        return database

    def _redacted(self, entry: Entry) -> Entry:
        names = self._settings.redact_of(entry.model)
        if not names:
            return entry
        return entry._replace(
            request=redaction.without(entry.request, names),
            response=redaction.without(entry.response, names),
        )

    def _broken(self, error: Exception) -> None:
        logs.event("request log not written", "error", folder=str(self._folder), error=str(error))
        self._broken_until = time.monotonic() + _SECONDS_BEFORE_ANOTHER_TRY
        locked = isinstance(error, sqlite3.OperationalError) and "locked" in str(error)
        if self._database is not None and not locked:
            self._database.close()
            self._database = None

    def _warn_of_drops(self) -> None:
        last, warned = self._warned
        now, dropped = time.monotonic(), self._counts.dropped
        if dropped > warned and now - last >= _SECONDS_BETWEEN_WARNINGS:
            logs.event("request log dropped", "warning", entries=dropped - warned, total=dropped)
            self._warned = (now, dropped)


def _size(entry: Entry) -> int:
    return len(entry.request) + len(entry.response)


def _notify(batch: list[_Waiting], stored: bool) -> None:
    """Tells those who wait, waking each event loop once."""
    waiting = collections.defaultdict(list)
    for _, future in batch:
        if future is not None:
            waiting[future.get_loop()].append(future)
    for loop, futures in waiting.items():
        with contextlib.suppress(RuntimeError):  # The loop was closed meanwhile.
            loop.call_soon_threadsafe(_set_all, futures, stored)


def _set_all(futures: list[asyncio.Future[bool]], stored: bool) -> None:
    for future in futures:
        _set(future, stored)


def _set(future: asyncio.Future[bool], stored: bool) -> None:
    if not future.done():
        future.set_result(stored)

"""The log in windows: so many rows, or so many hours, of each version."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from monitoring.core.errors import MonitoringError
from monitoring.core.memory import keep_freed
from monitoring.log.bodies import Names
from monitoring.log.chunk import ANSWERED, FAILED, NO_VERSION, REFUSED
from monitoring.log.merging import Block, merged
from monitoring.log.position import FilePosition, Position, Waiting, places, streams
from monitoring.log.source import LogSource
from monitoring.profile.reference_profile import ReferenceProfile
from monitoring.summary.rows import Rows
from monitoring.summary.summarizing import Summarizer, added
from monitoring.summary.window_summary import WindowSummary

__all__ = ["FilePosition", "Position", "Window", "windows"]

ProfileOf = Callable[[int], ReferenceProfile]


class Window(NamedTuple):
    """A window of one version's traffic."""

    summary: WindowSummary
    position: Position
    """Where to go on after it."""
    complete: bool
    """False: more may come; the same window is given again, with more, from its position on."""


def windows(
    log: LogSource,
    model: str,
    profiles: ProfileOf,
    position: Position,
    rows: int,
    hours: float,
    *,
    now: float | None = None,
) -> Iterator[Window]:
    """Reads what is new in the log, in memory that does not depend on how much that is.

    A window is complete when it has so many rows (a request is never divided) or when so many
    hours have passed since its first request. Files of several processes are read in the order of
    time. A clock that is set by more than a window's hours, forwards or back, ends the window.
    Requests that no version answered count in every window that is open at their time; where none
    is, in one of the version that answered last. What is still open comes last, not complete.

    Args:
        log: The log.
        model: Whose requests.
        profiles: The reference profile of a version. Where it raises a MonitoringError, `log.tell`
            gets that, and the version's rows are left alone.
        position: Where to go on; a new one: from the beginning.
        rows: After how many rows a window ends.
        hours: After how many hours it ends.
        now: In seconds since 1970, for windows that end by time; default: the clock's.

    Yields:
        Windows, each with the position from which a reader goes on that has seen it.

    Raises:
        MonitoringError: By `log.tell`, if a file cannot be read or a version has no profile.
    """
    keep_freed()
    reader = _Reader(log, model, profiles, position, rows, hours * 3600)
    yield from reader.new()
    yield from reader.rest(time.time() if now is None else now)


class _Open:
    """A window that is being filled."""

    def __init__(self, summarizer: Summarizer, before: WindowSummary | None, first: float) -> None:
        self.summarizer = summarizer
        self.first = first if before is None or not before.first else before.first.timestamp()
        self._before = before

    @property
    def rows(self) -> int:
        """How many it has so far."""
        return self.summarizer.rows + (self._before.rows if self._before else 0)

    def summary(self) -> WindowSummary:
        """What was counted so far."""
        new = self.summarizer.summary()
        return added(self._before, new) if self._before else new


class _Reader:
    """What is read, and the windows that are open meanwhile."""

    def __init__(
        self, log: LogSource, model: str, profiles: ProfileOf, position: Position, rows: int,
        seconds: float,
    ) -> None:  # fmt: skip
        self._log = log
        self._model = model
        self._profiles = profiles
        self._rows = rows
        self._seconds = seconds
        self._known: dict[int, ReferenceProfile | None] = {}
        self._streams = streams(log, model, position)
        self._files = places(position.files, self._streams, lambda stream: stream.read)
        self._current = position.current
        self._waiting = position.waiting
        self._open: dict[int, _Open] = {}
        for version, before in position.open.items():
            if self._profile(version) is not None:
                self._begin(version, 0.0, before)

    def new(self) -> Iterator[Window]:
        """The windows that have become complete."""
        for block in merged(self._streams, self._names):
            at = 0
            while at < len(block):
                stop, version = self._next_end(block, at)
                self._take(block, at, stop)
                at = stop
                if version is not None:
                    yield self._ended(version, self._read(block, at))
            self._files = self._read(block, len(block))
        # Behind its own last entry a file may have many of other models.
        ends = [stream for stream in self._streams if not stream.failed]
        before = self._files
        self._files = places(before, ends, lambda s: max(before[s.name].read, s.last))

    def rest(self, now: float) -> Iterator[Window]:
        """The windows that are still open; those whose time is over are complete."""
        for version in list(self._open):
            if now - self._open[version].first >= self._seconds:
                yield self._ended(version, self._files)
        for one in list(self._open.values()):
            yield Window(one.summary(), self._position(self._files), complete=False)

    def _profile(self, version: int) -> ReferenceProfile | None:
        if version not in self._known:
            self._known[version] = None
            try:
                self._known[version] = self._profiles(version)
            except MonitoringError as error:
                self._log.tell(error)
        return self._known[version]

    def _names(self, version: int) -> Names | None:
        profile = self._profile(version)
        if profile is None:
            return None
        outputs = dict.fromkeys(output.output for output in profile.outputs.values())
        return Names(tuple(profile.features), tuple(outputs))

    def _begin(self, version: int, first: float, before: WindowSummary | None = None) -> _Open:
        profile = self._profile(version)
        assert profile is not None
        # Another seed for each window, and the same for the same window.
        seed = int(first * 1e6) & 0xFFFFFFFF if before is None else before.rows
        self._open[version] = _Open(Summarizer(profile, version, seed), before, first)
        return self._open[version]

    def _next_end(self, block: Block, at: int) -> tuple[int, int | None]:
        """Up to where no window ends, and which one ends there."""
        end: tuple[int, int | None] = (len(block), None)
        versions = np.unique(block.versions[at:]).tolist()
        for version in dict.fromkeys([*self._open, *versions]):
            if version == NO_VERSION or self._profile(version) is None:
                continue
            mine = np.flatnonzero(
                (block.versions[at:] == version) & (block.outcomes[at:] == ANSWERED)
            )
            one = self._open.get(version)
            begin = 0 if one else self._begins(block, at, version)
            if begin is None:
                continue
            first = one.first if one else float(block.times[at + begin])
            over = np.abs(block.times[at + begin :] - first) >= self._seconds
            if over.any():
                end = min(end, (at + begin + int(np.argmax(over)), version), key=_place)
            filled = np.cumsum(block.sizes[at:][mine]) + (one.rows if one else 0) >= self._rows
            if filled.any():
                end = min(end, (at + int(mine[np.argmax(filled)]) + 1, version), key=_place)
        return end

    def _begins(self, block: Block, at: int, version: int) -> int | None:
        """Which entry opens a window that is not open; None: none of them does."""
        found = (block.versions[at:] == version) & (block.outcomes[at:] == ANSWERED)
        if version == self._current and not self._open:
            found |= block.outcomes[at:] != ANSWERED
        return int(np.argmax(found)) if found.any() else None

    def _take(self, block: Block, at: int, stop: int) -> None:
        """Counts some entries, within which no window ends."""
        versions = block.versions[at:stop]
        answered = block.outcomes[at:stop] == ANSWERED
        firsts = [
            at + int(np.argmax(answered & (versions == version)))
            for version in np.unique(versions[answered]).tolist()
            if version not in self._open
        ]
        # A request that nobody answered counts in the windows that are open when it comes.
        for start, end in zip([at, *sorted(firsts)], [*sorted(firsts), stop], strict=True):
            self._take_between(block, np.arange(start, end))

    def _take_between(self, block: Block, entries: np.ndarray) -> None:
        """Counts some entries, of which only the first may open a window."""
        versions, answered = block.versions[entries], block.outcomes[entries] == ANSWERED
        for version in np.unique(versions[answered]).tolist():
            if self._profile(version) is not None:
                self._count_answered(block, entries[answered & (versions == version)], version)
        if not answered.all():
            self._count_others(block, entries[~answered])

    def _count_answered(self, block: Block, entries: np.ndarray, version: int) -> None:
        times = block.times[entries]
        one = self._open.get(version) or self._begin(version, float(times[0]))
        self._current = version
        if self._waiting.requests:
            one.summarizer.add(self._logged(Rows(**self._waiting.model_dump())))
            self._waiting = Waiting()
        requests = int(block.requests[entries].sum())
        first, last = float(times.min()), float(times.max())
        one.summarizer.add(self._logged(Rows(requests=requests, first=first, last=last)))
        for rows in block.rows(entries):
            one.summarizer.add(self._logged(rows))

    def _count_others(self, block: Block, entries: np.ndarray) -> None:
        """Counts requests that were refused or failed."""
        times, outcomes = block.times[entries], block.outcomes[entries]
        rows = Rows(
            requests=int(block.requests[entries].sum()),
            refused=int((outcomes == REFUSED).sum()),
            failed=int((outcomes == FAILED).sum()),
            first=float(times.min()),
            last=float(times.max()),
        )
        if not self._open and self._current is not None and self._profile(self._current):
            self._begin(self._current, float(times[0]))
        for one in self._open.values():
            one.summarizer.add(self._logged(rows))
        if not self._open:
            before = [t for t in (self._waiting.first, self._waiting.last) if t is not None]
            self._waiting = Waiting(
                requests=self._waiting.requests + rows.requests,
                refused=self._waiting.refused + rows.refused,
                failed=self._waiting.failed + rows.failed,
                first=min([*before, float(times.min())]),
                last=max([*before, float(times.max())]),
            )

    def _logged(self, rows: Rows) -> Rows:
        return rows._replace(sampled=self._log.sampled, redacted=self._log.redacted)

    def _read(self, block: Block, upto: int) -> dict[str, FilePosition]:
        """How far the files have been read."""
        new = {
            name: self._files[name].model_copy(update={"read": read})
            for name, read in block.reads(upto).items()
        }
        return {**self._files, **new}

    def _ended(self, version: int, files: dict[str, FilePosition]) -> Window:
        summary = self._open.pop(version).summary()
        return Window(summary, self._position(files), complete=True)

    def _position(self, files: dict[str, FilePosition]) -> Position:
        return Position(
            files=files,
            open={version: one.summary() for version, one in self._open.items()},
            current=self._current,
            waiting=self._waiting,
        )


def _place(end: tuple[int, int | None]) -> tuple[int, bool]:
    return end[0], end[1] is None

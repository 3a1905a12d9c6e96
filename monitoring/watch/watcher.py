"""Looks at each window of a model's traffic once, whenever and however often it is killed.

A look is made when its version's `state.json` is written. Before that nothing of it is seen, and it
is made again; after that the rest (its own file, the event of its alarm) is done again until it is
there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

from monitoring.core import record
from monitoring.core.settings import Settings
from monitoring.look.look import Look
from monitoring.summary.window_summary import WindowSummary
from monitoring.watch import policy
from monitoring.watch.events import Event
from monitoring.watch.folder import ModelFolder
from monitoring.watch.log_lines import log
from monitoring.watch.state import VersionState

_REMEDY = "Set the file aside: the watcher then begins anew with this version."
_MOST_PAGES = 100
"""Pages that are kept of a version."""
_MOST_STATES = 4
"""Versions whose states are held in memory; more than these have no traffic at once."""


class Served(NamedTuple):
    """A window of a version's traffic."""

    summary: WindowSummary
    position: dict[str, Any]
    """Where to read on behind it."""
    complete: bool
    """Whether it has as many rows, or hours, as a window has."""


Reader = Callable[[dict[str, Any] | None], Iterable[Served]]
"""Reads the windows behind a position; None: from the log's beginning."""


Looking = Callable[
    [WindowSummary, WindowSummary | None, Settings, int, dict[str, Any] | None, datetime],
    tuple[Look, dict[str, Any] | None],
]
"""Looks at a window, beside the one before it, by the settings; with the look's number, what was
remembered of the looks before, and the time. Gives the look, and what is to be remembered then."""

Drawing = Callable[[Look], str]
"""Makes a page of a look, as HTML."""


class Watcher:
    """Looks at a model's traffic. One at a time may, see `watch/lock.py`.

    Args:
        folder: What is kept of the model.
        reader: Reads the log.
        looking: Looks at a window.
        clock: Gives the time.
        drawing: Makes the page of a look that raised an alarm; None: there is none.
    """

    def __init__(
        self,
        folder: ModelFolder,
        reader: Reader,
        looking: Looking,
        clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
        drawing: Drawing | None = None,
    ) -> None:
        self._folder = folder
        self._reader = reader
        self._looking = looking
        self._clock = clock
        self._drawing = drawing
        self._states: dict[int, VersionState] = {}
        self._newest: VersionState | None = None
        """The state of the last look at any version."""
        for path in folder.states().values():
            state = _read(path)
            if self._newest is None or state.sequence > self._newest.sequence:
                self._newest = state
        self._position = self._newest.position if self._newest else None

    @property
    def last(self) -> Look | None:
        """The last look at any version; None: there is none yet."""
        return self._newest.look if self._newest else None

    def unfinished(self) -> list[Event]:
        """Does what a kill has left undone of the last look; the events that were not there.

        Raises:
            MonitoringError: Something cannot be written.
        """
        return self._publish(self._newest) if self._newest is not None else []

    def round(self, settings: Settings) -> Iterator[tuple[Look, list[Event]]]:
        """Looks at every complete window that there is since the last round.

        Args:
            settings: The model's, as they are now.

        Yields:
            Each look, with the event of its alarm where that is news.

        Raises:
            MonitoringError: The log or a profile cannot be read, or a look cannot be kept. The next
                round begins where this one ended.
        """
        for served in self._reader(self._position):
            if served.complete:
                state = self._look(served, settings)
            # Of a window that is not complete the position has what was read: not on disk, but it
            # is not read anew in each round.
            self._position = served.position
            if served.complete:
                yield state.look, self._publish(state)
                self._folder.prune(state.look.version)

    def _look(self, served: Served, settings: Settings) -> VersionState:
        version = served.summary.version
        before = self._state(version)
        time = self._clock()
        if self._newest is not None:
            # Looks are in the order of their names, also if the clock was put back.
            time = max(time, self._newest.time + timedelta(microseconds=1))
        number = before.number + 1 if before else 1
        look, history = self._looking(
            served.summary,
            before.last if before else None,
            settings,
            number,
            before.history if before else None,
            time,
        )
        state = VersionState(
            sequence=self._newest.sequence + 1 if self._newest else 1,
            position=served.position,
            number=number,
            history=history,
            last=served.summary,
            look=look,
            event=self._event(look, settings) if look.verdict == "alarm" else None,
        )
        record.write(self._folder.state(version), state)
        self._newest = state
        self._states.pop(version, None)
        self._states[version] = state
        if len(self._states) > _MOST_STATES:
            del self._states[next(iter(self._states))]
        return state

    def _state(self, version: int) -> VersionState | None:
        if version not in self._states and (path := self._folder.state(version)).exists():
            self._states[version] = _read(path)
        return self._states.get(version)

    def _event(self, look: Look, settings: Settings) -> Event | None:
        found = policy.causes(look)
        earlier = self._folder.history.read()
        if not policy.is_news(settings, look.time, look.version, found, earlier):
            return None
        return Event(
            time=look.time,
            event="alarm",
            version=look.version,
            alarm=self._folder.relative(self._folder.look(look.version, look.time)),
            detail={
                "text": look.headline,
                "causes": list(found),
                "number": look.number,
                "page": self._folder.relative(self._folder.page(look.version, look.time)),
            },
        )

    def _publish(self, state: VersionState) -> list[Event]:
        path = self._folder.look(state.look.version, state.look.time)
        if path.exists():  # It comes last.
            return []
        added = []
        if state.event and not _is_there(state.event, self._folder.history.read()):
            self._draw(state.look)
            self._folder.history.append(state.event)
            added.append(state.event)
        record.write(path, state.look)
        return added

    def _draw(self, look: Look) -> None:
        """Writes the page of an alarm; without one it is an alarm all the same."""
        if self._drawing is None:
            return
        path = self._folder.page(look.version, look.time)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            for old in sorted(path.parent.glob("*.html"))[: -_MOST_PAGES + 1]:
                old.unlink()
            path.write_text(self._drawing(look), encoding="utf-8")
        except Exception as error:
            log("no page", "warning", page=str(path), why=f"{type(error).__name__}: {error}")


def _is_there(event: Event, events: list[Event]) -> bool:
    return any(each.event == "alarm" and each.alarm == event.alarm for each in events)


def _read(path: Path) -> VersionState:
    return record.read(path, VersionState, "What the watcher remembers in", _REMEDY)

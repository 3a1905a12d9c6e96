"""Plays a log of the past to a policy: what would it have told of, and when trained again?"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timezone
from typing import Any

from pydantic import Field

from monitoring.core.record import Record
from monitoring.core.settings import Settings
from monitoring.profile.reference_profile import ReferenceProfile
from monitoring.replay.adapted import adapted
from monitoring.replay.truth import Change
from monitoring.watch import policy
from monitoring.watch.events import Event
from monitoring.watch.watcher import Looking, Reader

Profiles = Callable[[int], ReferenceProfile]
ReaderOf = Callable[[Profiles, Settings], Reader]
LookingBy = Callable[[Profiles], Looking]


class Alarm(Record):
    """An alarm that people would have been told of."""

    time: datetime
    """Of the window's last request."""
    version: int
    rows: int
    """Served until then, in all."""
    headline: str
    retraining: bool
    """Whether it would have started one."""
    why_not: str = ""
    """Why it would not have."""
    false: bool | None = None
    """Whether nothing had changed that was not answered by a retraining; null: it is not known."""


class Found(Record):
    """A known change, and the alarm that found it."""

    time: datetime
    name: str
    found: datetime | None
    """The first alarm behind it and before the next change; null: there was none."""
    rows: int | None
    """Served from the change to that alarm's window's end."""


class Replay(Record):
    """What a policy would have done."""

    policy: str
    looks: int = 0
    requests: int = 0
    rows: int = 0
    first: datetime | None = None
    last: datetime | None = None
    alarms: tuple[Alarm, ...] = ()
    retrainings: int = 0
    false_alarms: int | None = None
    """Null: no changes are known."""
    false_retrainings: int | None = None
    changes: tuple[Found, ...] = ()
    rows_until_found: float | None = None
    """The median over the changes that were found."""
    rows_under_alarm: int = 0
    """In windows that differ, told of or not."""
    too_early: int = 0
    """Looks that had too few rows."""
    share_under_alarm: float = Field(default=0.0, ge=0, le=1)


def replay(
    name: str,
    settings: Settings,
    profiles: Profiles,
    reader_of: ReaderOf,
    looking_by: LookingBy,
    changes: Sequence[Change] | None = None,
) -> Replay:
    """Plays a log to a policy.

    After a retraining the version is compared with the profile that training on the alarm's window
    would have given it, see `replay/adapted.py`.

    Args:
        name: The policy's.
        settings: The policy.
        profiles: Gives a version's profile.
        reader_of: Reads the log with given profiles and settings.
        looking_by: Looks at windows beside given profiles.
        changes: Known changes; None: not known.

    Raises:
        MonitoringError: The log or a profile cannot be read.
    """
    return _Player(name, settings, profiles, changes).play(reader_of, looking_by)


class _Player:
    def __init__(
        self,
        name: str,
        settings: Settings,
        profiles: Profiles,
        changes: Sequence[Change] | None,
    ) -> None:
        self._name = name
        self._settings = settings
        self._profiles = profiles
        self._changes = changes
        self._adapted: dict[int, ReferenceProfile] = {}
        self._events: list[Event] = []
        self._alarms: list[Alarm] = []
        self._ends: list[tuple[datetime, int]] = []
        """When each window ended, and how many rows were served until then."""
        self._rows = self._requests = self._rows_under_alarm = self._too_early = 0
        self._first: datetime | None = None

    def play(self, reader_of: ReaderOf, looking_by: LookingBy) -> Replay:
        read = reader_of(self._profile, self._settings)
        looking = looking_by(self._profile)
        position: dict[str, Any] | None = None
        remembered: dict[int, tuple[int, Any, Any]] = {}
        again = True
        while again:
            again = False
            for served in read(position):
                if not served.complete:
                    continue
                window, position = served.summary, served.position
                time = window.last or window.first or datetime.now(timezone.utc)
                version = window.version
                number, last, history = remembered.get(version, (0, None, None))
                look, history = looking(window, last, self._settings, number + 1, history, time)
                remembered[version] = (number + 1, window, history)
                self._count(window.rows, window.requests, window.first, time)
                self._too_early += look.verdict == "too early"
                if look.verdict != "alarm":
                    continue
                self._rows_under_alarm += window.rows
                if self._alarm(time, version, look.headline, policy.causes(look)):
                    self._adapted[version] = adapted(self._profile(version), window)
                    del remembered[version]
                    again = True  # What follows is counted in the bins of the new profile.
                    break
        return self._result()

    def _profile(self, version: int) -> ReferenceProfile:
        return self._adapted.get(version) or self._profiles(version)

    def _count(self, rows: int, requests: int, first: datetime | None, time: datetime) -> None:
        self._rows += rows
        self._requests += requests
        self._first = self._first or first
        self._ends.append((time, self._rows))

    def _alarm(self, time: datetime, version: int, headline: str, causes: Sequence[str]) -> bool:
        """Notes an alarm, and says whether it starts a retraining."""
        if not policy.is_news(self._settings, time, version, causes, self._events):
            return False
        why_not = policy.why_not_retrain(self._settings, time, self._events)
        detail = {"causes": list(causes)}
        self._events.append(Event(time=time, event="alarm", version=version, detail=detail))
        self._alarms.append(
            Alarm(
                time=time,
                version=version,
                rows=self._rows,
                headline=headline,
                retraining=not why_not,
                why_not=why_not,
                false=self._is_false(time),
            )
        )
        if why_not:
            return False
        self._events.append(Event(time=time, event="retraining started", version=version))
        # Its alarms were about a profile that is no more.
        self._events = [each for each in self._events if each.event != "alarm"]
        return True

    def _is_false(self, time: datetime) -> bool | None:
        if self._changes is None:
            return None
        trained = max((each.time for each in self._alarms if each.retraining), default=None)
        return not any(
            change.time <= time and (trained is None or change.time > trained)
            for change in self._changes
        )

    def _result(self) -> Replay:
        found = self._found(self._changes or ())
        rows = [each.rows for each in found if each.rows is not None]
        retrainings = [each for each in self._alarms if each.retraining]
        known = self._changes is not None
        return Replay(
            policy=self._name,
            looks=len(self._ends),
            requests=self._requests,
            rows=self._rows,
            first=self._first,
            last=self._ends[-1][0] if self._ends else None,
            alarms=tuple(self._alarms),
            retrainings=len(retrainings),
            false_alarms=sum(each.false is True for each in self._alarms) if known else None,
            false_retrainings=sum(each.false is True for each in retrainings) if known else None,
            changes=found,
            rows_until_found=statistics.median(rows) if rows else None,
            rows_under_alarm=self._rows_under_alarm,
            too_early=self._too_early,
            share_under_alarm=self._rows_under_alarm / self._rows if self._rows else 0.0,
        )

    def _found(self, changes: Sequence[Change]) -> tuple[Found, ...]:
        made = []
        ends = [change.time for change in changes[1:]] + [None]
        for change, end in zip(changes, ends, strict=False):
            alarm = next(
                (
                    each
                    for each in self._alarms
                    if each.time >= change.time and (end is None or each.time < end)
                ),
                None,
            )
            before = _rows_before(change.time, self._ends)
            made.append(
                Found(
                    time=change.time,
                    name=change.name,
                    found=alarm.time if alarm else None,
                    rows=alarm.rows - before if alarm else None,
                )
            )
        return tuple(made)


def _rows_before(time: datetime, ends: Iterable[tuple[datetime, int]]) -> int:
    """Rows served until a time, as far as whole windows say: that of the last one before it."""
    return max((rows for end, rows in ends if end <= time), default=0)

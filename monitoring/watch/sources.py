"""What the watcher reads and looks with: the log, the profiles, the statistics."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from monitoring.core import record
from monitoring.core.errors import MonitoringError
from monitoring.core.record import Record
from monitoring.core.settings import Settings
from monitoring.labels.estimate import estimates
from monitoring.labels.live import live_findings
from monitoring.labels.store import live_metrics
from monitoring.log.source import LogSource
from monitoring.log.windows import Position, windows
from monitoring.look.history import History, remember
from monitoring.look.look import Look
from monitoring.look.looking import look
from monitoring.profile.reference_profile import ReferenceProfile, read_profile
from monitoring.summary.window_summary import WindowSummary
from monitoring.watch.folder import ModelFolder
from monitoring.watch.labelled import with_findings
from monitoring.watch.watcher import Drawing, Looking, Reader, Served

_Kind = TypeVar("_Kind", bound=Record)
_MOST_TOLD = 1_000
_MOST_EARLIER = 200
"""Looks that a page shows over time."""

Profiles = Callable[[int], ReferenceProfile]


def pushed_profiles(models: Path, model: str) -> Profiles:
    """The profiles of a model's pushed versions; the last ones read are kept in memory.

    Args:
        models: The serving folder.
        model: The model.
    """
    known: dict[int, ReferenceProfile] = {}

    def profile(version: int) -> ReferenceProfile:
        if version not in known:
            known[version] = read_profile(models / model / str(version))
            if len(known) > 4:
                del known[next(iter(known))]
        return known[version]

    return profile


class LeftOut:
    """What cannot be read of a log, or not be compared: each is told of once.

    Args:
        tell: Tells of it.
    """

    def __init__(self, tell: Callable[[MonitoringError], None]) -> None:
        self.first: MonitoringError | None = None
        self._tell = tell
        self._told: set[str] = set()

    def __call__(self, error: MonitoringError) -> None:
        """Takes note of it."""
        self.first = self.first or error
        if error.headline not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(error.headline)
            self._tell(error)


def log_reader(
    log: LogSource, model: str, profiles: Profiles, settings: Callable[[], Settings]
) -> Reader:
    """Reads windows of a model's traffic from its log.

    Args:
        log: The log.
        model: The model.
        profiles: Gives a version's profile.
        settings: Gives the model's settings, which may change meanwhile.

    Returns:
        What reads; it raises a MonitoringError where there is no log.
    """

    def read(position: dict[str, Any] | None) -> Iterator[Served]:
        log.check()
        begin = Position() if position is None else _remembered(Position, position)
        now = settings()
        found = windows(log, model, profiles, begin, now.window_rows, now.window_hours)
        for window in found:
            behind = window.position.model_dump(mode="json")
            yield Served(window.summary, behind, window.complete)

    return read


def looks_by(profiles: Profiles) -> Looking:
    """Looks at windows beside the profiles of their versions.

    Args:
        profiles: Gives a version's profile.
    """

    def looking(
        window: WindowSummary,
        last: WindowSummary | None,
        settings: Settings,
        number: int,
        history: dict[str, Any] | None,
        time: datetime,
    ) -> tuple[Look, dict[str, Any] | None]:
        profile = profiles(window.version)
        known = History() if history is None else _remembered(History, history)
        found = look(profile, window, last, settings, number, known, time)
        return found, remember(known, profile, window, settings).model_dump(mode="json")

    return looking


def with_labels(looking: Looking, profiles: Profiles, models: Path, model: str) -> Looking:
    """Looks, and adds what the labels that were joined say, and estimates.

    Args:
        looking: Looks.
        profiles: Gives a version's profile.
        models: The serving folder, which has the labels.
        model: The model.
    """

    def labelled(
        window: WindowSummary,
        last: WindowSummary | None,
        settings: Settings,
        number: int,
        history: dict[str, Any] | None,
        time: datetime,
    ) -> tuple[Look, dict[str, Any] | None]:
        found, remembered = looking(window, last, settings, number, history, time)
        profile = profiles(window.version)
        more = [*estimates(profile, window, settings)]
        if joined := live_metrics(models, model, window.version):
            more = [*live_findings(joined, profile, settings), *more]
        return with_findings(found, more), remembered

    return labelled


def pages_by(profiles: Profiles, folder: ModelFolder) -> Drawing:
    """Makes pages of looks, beside the looks before them.

    Args:
        profiles: Gives a version's profile.
        folder: What is kept of the model.
    """

    def drawing(look: Look) -> str:
        from monitoring.report.page import page  # Few looks raise an alarm.

        earlier = []
        for path in folder.looks(look.version)[-_MOST_EARLIER:]:
            with contextlib.suppress(MonitoringError):
                earlier.append(record.read(path, Look, "The look", ""))
        return page(look, profiles(look.version), earlier)

    return drawing


def _remembered(kind: type[_Kind], content: dict[str, Any]) -> _Kind:
    """What a watcher remembers, if it is of this release."""
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise MonitoringError(
            "What the watcher remembers is of another release",
            f"Received: {kind.__name__}: {error.errors(include_url=False)[0]['msg']}.",
            "Set the folders' state.json aside: the watcher then begins anew.",
        ) from error

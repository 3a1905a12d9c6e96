"""What the watcher reads and looks with: the log, the profiles, the statistics."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from monitoring.core.settings import Settings
from monitoring.log.windows import LogSource, Position, windows
from monitoring.look.history import History, remember
from monitoring.look.look import Look
from monitoring.look.looking import look
from monitoring.profile.reference_profile import ReferenceProfile, read_profile
from monitoring.summary.window_summary import WindowSummary
from monitoring.watch.watcher import Looking, Reader, Served

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


def log_reader(
    log: LogSource, model: str, profiles: Profiles, settings: Callable[[], Settings]
) -> Reader:
    """Reads windows of a model's traffic from its log.

    Args:
        log: The log.
        model: The model.
        profiles: Gives a version's profile.
        settings: Gives the model's settings, which may change meanwhile.
    """

    def read(position: dict[str, Any] | None) -> Iterator[Served]:
        begin = Position() if position is None else Position.model_validate(position)
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
        known = History() if history is None else History.model_validate(history)
        found = look(profile, window, last, settings, number, known, time)
        return found, remember(known, profile, window, settings).model_dump(mode="json")

    return looking

"""Which part of the log a single look is at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from monitoring.core.settings import Settings
from monitoring.log.source import LogSource
from monitoring.log.windows import Position, Window, windows
from monitoring.profile.reference_profile import ReferenceProfile
from monitoring.summary.summarizing import added
from monitoring.summary.window_summary import WindowSummary

_FINE = 100
"""Rows to within which `since` is kept to."""


class Chosen(NamedTuple):
    """What is looked at."""

    window: WindowSummary
    last: WindowSummary | None
    """The window before it."""


def chosen(
    log: LogSource,
    model: str,
    profiles: Callable[[int], ReferenceProfile],
    settings: Settings,
    version: int | None = None,
    since: datetime | None = None,
) -> Chosen | None:
    """The last complete window with all that came after it; None, if there was no request.

    Args:
        log: The request log.
        model: Whose requests.
        profiles: The reference profile of a version.
        settings: How long windows are.
        version: Of the model. Default: the one that answered last.
        since: Then all windows of up to 100 rows that end later are one.

    Raises:
        MonitoringError: By `log.tell`, if a file cannot be read or a version has no profile.
    """
    rows = settings.window_rows if since is None else min(_FINE, settings.window_rows)
    found: dict[int, Chosen] = {}
    for each in _of(
        windows(log, model, profiles, Position(), rows, settings.window_hours), version
    ):
        summary = each.summary
        before = found.get(summary.version)
        if since is not None:
            if summary.last is not None and summary.last >= since:
                window = summary if before is None else added(before.window, summary)
                found[summary.version] = Chosen(window, None)
        elif before is None:
            found[summary.version] = Chosen(summary, None)
        elif each.complete:
            found[summary.version] = Chosen(summary, before.window)
        else:
            found[summary.version] = Chosen(added(before.window, summary), before.last)
    latest = [each for each in found.values() if each.window.last is not None]
    return max(latest, key=lambda each: each.window.last or datetime.min, default=None)


def _of(all_windows: Iterator[Window], version: int | None) -> Iterator[Window]:
    return (each for each in all_windows if version in (None, each.summary.version))

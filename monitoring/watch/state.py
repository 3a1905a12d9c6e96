"""`<version>/state.json`: what the watcher remembers of a version.

The file is the one point at which a look becomes one that was made: what follows from it (the
look's own file, the event of an alarm) is in it, and is done again after a kill until it is there.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from monitoring.core.record import Record
from monitoring.look.look import Look
from monitoring.summary.window_summary import WindowSummary
from monitoring.watch.events import Event


class VersionState(Record):
    """The content of the file."""

    format: Literal[1] = 1
    sequence: int
    """Of the last look, counted over all versions of the model. The highest has the position up to
    which the log was read."""
    position: dict[str, Any]
    """Where to read on, as the log's reader wants it."""
    number: int
    """Of the last look, counted for this version."""
    history: dict[str, Any] | None
    """What bounds false alarms over all looks, as `look/history.py` has it."""
    last: WindowSummary
    """The window of the last look, which the next one is compared with."""
    look: Look
    """The last look."""
    event: Event | None = None
    """The event of its alarm, if there is something to tell."""

    @property
    def time(self) -> datetime:
        """Of the last look."""
        return self.look.time

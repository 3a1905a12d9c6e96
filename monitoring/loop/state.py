"""`.monitoring/<model>/loop.json`: how far a model is on its way from an alarm to a new version.

    state          what is done in it                        goes to
    idle           waits for an alarm                        retraining, dispatching
    dispatching    asks GitHub to start the workflow         idle
    retraining     `python -m pipeline run`                  pushed, idle
    pushed         `python -m serving canary`                canary, idle
    canary         `python -m serving compare`               promoting, rolling back, idle
    promoting      `python -m serving promote`               idle
    rolling back   `python -m serving rollback`              idle

What is done in a state may be done again after a kill: it first looks whether it was done. A change
of state is one write of the file, with the events that tell of it; these are then added to the
history, and again after a kill until they are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

from monitoring.core import record
from monitoring.core.record import Record
from monitoring.watch.events import Event

State = Literal[
    "idle", "dispatching", "retraining", "pushed", "canary", "promoting", "rolling back"
]
TRANSITIONS: Mapping[State, tuple[State, ...]] = {
    "idle": ("retraining", "dispatching"),
    "dispatching": ("idle",),
    "retraining": ("pushed", "idle"),
    "pushed": ("canary", "idle"),
    "canary": ("promoting", "rolling back", "idle"),
    "promoting": ("idle",),
    "rolling back": ("idle",),
}


class LoopState(Record):
    """The content of the file."""

    format: Literal[1] = 1
    state: State = "idle"
    since: datetime | None = None
    """When it came to this state."""
    considered: str = ""
    """The name of the newest look whose alarm was considered; older ones start nothing."""
    version: int | None = None
    """The version that the alarm is about."""
    alarm: str | None = None
    """Its look's file, as events name it."""
    reason: str = ""
    """The alarm in words, which each command is given for the record."""
    job: str = ""
    """The name of the retraining's files."""
    last_run: int = 0
    """The highest number of a run before the retraining."""
    last_version: int = 0
    """The highest version before the retraining."""
    candidate: int | None = None
    """The version that was pushed."""
    tries: int = 0
    """How often GitHub was asked in vain."""
    next_try: datetime | None = None
    sending: bool = False
    """Whether GitHub was being asked: after a kill nobody knows whether it has heard."""
    events: tuple[Event, ...] = ()
    """Those of the change to this state."""


def read(path: Path) -> LoopState:
    """Reads the file; one that is missing means that nothing goes on.

    Raises:
        MonitoringError: It cannot be read.
    """
    if not path.exists():
        return LoopState()
    remedy = "Set the file aside: what was begun is then left as it is, for you to end."
    return record.read(path, LoopState, "How far a retraining is, in", remedy)


def write(path: Path, state: LoopState) -> None:
    """Writes the file whole.

    Raises:
        MonitoringError: It cannot be written.
    """
    record.write(path, state)

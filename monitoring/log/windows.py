"""The log in windows: so many rows, or so many hours, of each version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from pydantic import Field

from monitoring.core.record import Record
from monitoring.log.source import LogSource
from monitoring.profile.reference_profile import ReferenceProfile
from monitoring.summary.window_summary import WindowSummary


class FilePosition(Record):
    """How far a file has been read."""

    read: int = 0
    """Up to which row."""
    first: str = ""
    """The id of its first row, by which the file is known."""


class Waiting(Record):
    """Requests that no version answered, while no version's window is open."""

    requests: int = 0
    refused: int = 0
    failed: int = 0
    first: float | None = None
    last: float | None = None


class Position(Record):
    """What has been read: where a reader goes on, be it another process."""

    files: dict[str, FilePosition] = Field(default_factory=dict)
    """By their paths, relative to the log."""
    open: dict[int, WindowSummary] = Field(default_factory=dict)
    """By version: windows that are not complete yet."""
    current: int | None = None
    """The version that answered last."""
    waiting: Waiting = Waiting()


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
    profiles: Callable[[int], ReferenceProfile],
    position: Position,
    rows: int,
    hours: float,
) -> Iterator[Window]:
    """Reads what is new in the log."""
    raise NotImplementedError

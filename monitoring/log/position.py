"""How far a log has been read, so that another reader, or this one after a kill, can go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pydantic import Field

from monitoring.core.errors import MonitoringError
from monitoring.core.record import Record
from monitoring.log.database import DatabaseFile
from monitoring.log.merging import LogFile, Stream
from monitoring.log.parquet import ParquetFile
from monitoring.log.source import PARQUET, LogSource
from monitoring.summary.window_summary import WindowSummary

_MOST_FILES = 10_000
"""Of which it is remembered how far they have been read."""


class FilePosition(Record):
    """How far a file has been read."""

    read: int = 0
    """Up to which row."""
    first: str = ""
    """The id of its first row, by which the file is known."""


class Waiting(Record):
    """Requests that no version answered, before any version has answered one."""

    requests: int = 0
    refused: int = 0
    failed: int = 0
    first: float | None = None
    """Seconds since 1970."""
    last: float | None = None


class Position(Record):
    """What has been read."""

    files: dict[str, FilePosition] = Field(default_factory=dict)
    """By their paths, relative to the log."""
    open: dict[int, WindowSummary] = Field(default_factory=dict)
    """By version: windows that are not complete yet."""
    current: int | None = None
    """The version that answered last."""
    waiting: Waiting = Waiting()


def streams(log: LogSource, model: str, position: Position) -> list[Stream]:
    """The log's files, each from where it was read to.

    One of a known name with another first entry is another file and read from its beginning; one
    that has become shorter goes on behind its end.
    """
    found = []
    for path in log.files():
        name = _name(log, path)
        parts = Path(name).parts
        if len(parts) == 3 and parts[1].isdecimal() and parts[0] != model:
            continue  # An export has a folder for each model.
        file = open_file(path, model)
        try:
            first, last = file.first_id(), file.last()
            before = position.files.get(name, FilePosition())
            read = min(before.read, last) if before.first == first else 0
            stream = Stream(name, file, read, log.tell, first, last)
            stream.next = file.next_time(read)
        except FileNotFoundError:  # It was rotated away between listing and reading.
            continue
        except MonitoringError as error:
            log.tell(error)
            continue
        found.append(stream)
    return found


def places(
    before: Mapping[str, FilePosition], found: Sequence[Stream], read: Callable[[Stream], int]
) -> dict[str, FilePosition]:
    """Where all files stand; those that are gone too, as the server may bring them back.

    Args:
        before: Where they stood.
        found: The files that are read.
        read: How far each has been read.
    """
    new = {one.name: FilePosition(read=read(one), first=one.first) for one in found}
    both = {**before, **new}
    # Their names begin with the time.
    return {name: both[name] for name in sorted(both)[-_MOST_FILES:]}


def open_file(path: Path, model: str) -> LogFile:
    """A file of the log, by its ending."""
    return ParquetFile(path, model) if path.suffix == PARQUET else DatabaseFile(path, model)


def _name(log: LogSource, path: Path) -> str:
    return path.name if path == log.path else str(path.relative_to(log.path))

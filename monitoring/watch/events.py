"""`.monitoring/<model>/history.jsonl`: what has happened to a model, one line for each event."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from monitoring.core.errors import MonitoringError
from monitoring.core.record import Record

EventName = Literal[
    "alarm", "notified", "retraining started", "retraining ended", "canary", "promoted",
    "rolled back", "labels joined", "watch started", "watch ended",
]  # fmt: skip
LARGEST = 1 << 20
"""Bytes after which another file is begun; the one before it is kept as `history.1.jsonl`."""


class Event(Record):
    """A line of the file."""

    time: datetime
    event: EventName
    version: int | None = None
    """That it happened to."""
    alarm: str | None = None
    """The look that caused it: its file, relative to the model's folder under `.monitoring`."""
    detail: dict[str, Any] = Field(default_factory=dict)

    @property
    def text(self) -> str:
        """The detail that says it in words; empty: there is none."""
        return str(self.detail.get("text", ""))


class History:
    """The events of a model, which several threads may add to.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before = path.with_name(f"{path.stem}.1{path.suffix}")
        self._lock = threading.Lock()

    def append(self, event: Event) -> None:
        """Adds an event: all of its line or, where there is no room for that, nothing.

        Raises:
            MonitoringError: It cannot be written.
        """
        line = event.model_dump_json(exclude_defaults=True).encode() + b"\n"
        try:
            with self._lock:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with contextlib.suppress(FileNotFoundError):
                    if self._path.stat().st_size > LARGEST:
                        self._path.replace(self._before)
                _append(self._path, line)
        except OSError as error:
            raise MonitoringError(
                f"{self._path} cannot be written",
                f"Received: {error.strerror or error}.",
                "Make the folder writable, or free some space.",
            ) from error

    def read(self) -> list[Event]:
        """The events, the oldest first; lines that are none are passed over."""
        return [*_events(self._before), *_events(self._path)]


def _append(path: Path, line: bytes) -> None:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        size = os.fstat(file).st_size
        # What a killed process has left of a line must not spoil this one.
        if size and os.pread(file, 1, size - 1) != b"\n":
            line = b"\n" + line
        try:
            written = os.write(file, line)
            if written < len(line):
                raise OSError(None, "No space left on device")
        except OSError:
            os.ftruncate(file, size)
            raise
    finally:
        os.close(file)


def _events(path: Path) -> Iterator[Event]:
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return
    except OSError as error:
        raise MonitoringError(
            f"{path} cannot be read", f"Received: {error.strerror or error}.", "Make it readable."
        ) from error
    for line in lines:
        with contextlib.suppress(ValidationError):
            yield Event.model_validate_json(line)

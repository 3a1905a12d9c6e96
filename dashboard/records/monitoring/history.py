"""The events of a model's monitoring: alarms, retrainings, canaries, promotions, labels."""

from __future__ import annotations

import json
import os
from collections import deque
from pathlib import Path
from typing import Any

from dashboard.records.fields import Fields
from dashboard.records.json_files import clean

MOST_EVENTS = 2_000
_MOST_READ = 8 * 2**20
"""Bytes of the end of the file that are read when it is first looked at."""


class History:
    """A `history.jsonl`, of which each time what is new is read.

    A line that is not whole yet is left for the next time; one that is no event is counted.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: tuple[int, int] | None = None
        self._position = 0
        self._events: deque[dict[str, Any]] = deque(maxlen=MOST_EVENTS)
        self.damaged = 0
        """Lines that could not be read."""

    def events(self) -> list[dict[str, Any]]:
        """The latest events, at most 2,000, newest first.

        Each with its `time` in seconds since 1970 or None, `event`, `version`, `alarm` (the file of
        the look that caused it, or empty) and `detail`.
        """
        try:
            with self._path.open("rb") as file:
                self._begin_anew_if_replaced(file)
                file.seek(self._position)
                content = file.read(_MOST_READ)
        except OSError:
            return list(reversed(self._events))
        whole = content[: content.rfind(b"\n") + 1]
        self._position += len(whole)
        for line in whole.splitlines():
            self._take(line)
        return list(reversed(self._events))

    def _begin_anew_if_replaced(self, file: Any) -> None:
        status = os.fstat(file.fileno())
        if self._file == (status.st_dev, status.st_ino) and status.st_size >= self._position:
            return
        self._file = status.st_dev, status.st_ino
        self._events.clear()
        self.damaged = 0
        self._position = 0
        if status.st_size > _MOST_READ:
            file.seek(status.st_size - _MOST_READ)
            file.readline()  # The rest of a line whose beginning is left out.
            self._position = file.tell()

    def _take(self, line: bytes) -> None:
        if not line.strip():
            return
        try:
            content = clean(json.loads(line))
        except (ValueError, RecursionError):
            self.damaged += 1
            return
        event = Fields(content)
        if not event.text("event"):
            self.damaged += 1
            return
        self._events.append(
            {
                "time": event.time("time"),
                "event": event.text("event"),
                "version": _version(event.content.get("version")),
                "alarm": event.text("alarm"),
                "detail": event.part("detail").content,
            }
        )


def _version(value: Any) -> int | None:
    if isinstance(value, str) and value.isdecimal() and value.isascii() and len(value) < 20:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None

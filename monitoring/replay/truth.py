"""The file of known changes, by which alarms on a past log are right or false."""

from __future__ import annotations

import csv
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from monitoring.core.errors import MonitoringError


class Change(NamedTuple):
    """Something that is known to have changed what was served."""

    time: datetime
    name: str = ""


def read(path: Path) -> list[Change]:
    """Reads a CSV file with the column `time` (ISO 8601, of UTC where no zone is said; or seconds
    since 1970), and, if it is wanted, `name`; the earliest change first.

    Raises:
        MonitoringError: It cannot be read, or a time is none.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            if "time" not in (reader.fieldnames or ()):
                raise MonitoringError(
                    f"{path} has no column `time`",
                    f"Received: {', '.join(reader.fieldnames or ()) or 'no header'}.",
                    "Begin it with a line `time,name`.",
                )
            changes = [
                Change(_time(row.get("time") or "", path, number), row.get("name") or "")
                for number, row in enumerate(reader, start=2)
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise MonitoringError(
            f"{path} cannot be read",
            f"Received: {getattr(error, 'strerror', None) or error}.",
            "Name a CSV file of known changes.",
        ) from error
    return sorted(changes)


def _time(text: str, path: Path, line: int) -> datetime:
    text = text.strip()
    try:
        try:
            return datetime.fromtimestamp(float(text), timezone.utc)
        except ValueError:
            # Before Python 3.11 `Z` is not understood.
            time = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
    except (ValueError, OverflowError, OSError) as error:
        raise MonitoringError(
            f"{path}, line {line}: `time` is no time",
            f"Received: '{text}'.",
            "Write it as 2026-11-27T09:30:00+00:00, or as seconds since 1970.",
        ) from error
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)

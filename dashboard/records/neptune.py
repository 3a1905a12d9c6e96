"""What Neptune's client recorded of a run, read as plain JSON, line by line.

The client writes operations, one a line, into `.neptune/<mode>/run__<id>/data-<n>.log`; the state
that they lead to is what a server would show.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashboard.records.json_files import UnreadableError, clean, read_object

FOLDER = ".neptune"
EXPORT = "export.json"
"""In that folder: the record of a run of an exported workspace, read already."""
MAX_POINTS = 1000
"""Of a longer series every second point is left out, as often as needed; the last one stays."""
MAX_LINE = 4 * 2**20
MAX_LINES = 2_000_000
_SHOWN_TEXT = 4000


@dataclass
class Series:
    """Points of a series, thinned."""

    count: int = 0
    """How many there were."""
    step: int = 1
    """Every so many-th is in `points`."""
    points: list[list[Any]] = field(default_factory=list)
    """Pairs of step and value."""
    last: list[Any] = field(default_factory=list)

    def add(self, at: Any, value: Any) -> None:
        """Takes over a point."""
        self.last = [at, value]
        if self.count % self.step == 0:
            self.points.append(self.last)
            if len(self.points) > MAX_POINTS:
                self.points = self.points[::2]
                self.step *= 2
        self.count += 1


class _State:
    """The fields and series after all operations so far."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.fields: dict[str, dict[str, Any]] = {}
        self.series: dict[str, Series] = {}
        self.unknown: Counter[str] = Counter()

    def apply(self, operation: dict[str, Any], uploads: Path) -> None:
        kind = str(operation.get("type"))
        path = "/".join(str(part) for part in operation["path"])
        match kind:
            case "AssignFloat" | "AssignInt" | "AssignBool" | "AssignString" | "AssignDatetime":
                value = operation.get("value")
                if isinstance(value, str) and len(value) > _SHOWN_TEXT:
                    value = value[:_SHOWN_TEXT] + " ..."
                self.fields[path] = {"type": kind.removeprefix("Assign").lower(), "value": value}
            case "LogFloats" | "LogStrings":
                series = self.series.setdefault(path, Series())
                for entry in operation["values"]:
                    at = entry.get("step")
                    series.add(series.count if at is None else at, entry["value"])
            case "AddStrings":
                tags = {*self.fields.get(path, {}).get("value", ()), *map(str, operation["values"])}
                self.fields[path] = {"type": "tags", "value": sorted(tags)}
            case "RemoveStrings":
                kept = {*self.fields.get(path, {}).get("value", ())} - {*operation["values"]}
                self.fields[path] = {"type": "tags", "value": sorted(kept)}
            case "UploadFile":
                name = operation.get("tmp_file_name")
                file = uploads / name if isinstance(name, str) and "/" not in name else None
                there = file is not None and _is_file(file)
                self.fields[path] = {
                    "type": "file",
                    "value": f".{operation.get('ext')}" if operation.get("ext") else "",
                    "file": file.relative_to(self._folder).as_posix() if there and file else None,
                }
            case "UploadFileContent" | "UploadFileSet":
                self.fields[path] = {"type": "file", "value": ""}
            case "DeleteAttribute" | "ClearStringSet":
                self.fields.pop(path, None)
                self.series.pop(path, None)
            case "ClearFloatLog" | "ClearStringLog":
                self.series.pop(path, None)
            case "ConfigFloatSeries":
                pass
            case _:
                self.unknown[kind] += 1


def read(folder: Path) -> dict[str, Any]:
    """The record in a run folder; empty if there is none.

    Returns:
        `fields` (path, type, value, and for a file where its content is), `series` (path, count,
        points as step and value, the last one), `histograms` (path, and `at` with the last steps'
        edges and values) and `problems` in words.
    """
    if _is_file(folder / FOLDER / EXPORT):
        return _exported(folder)
    state = _State(folder)
    problems: list[str] = []
    logs = sorted(filter(_is_file, (folder / FOLDER).glob("**/data-*.log")), key=_order)
    for log in logs:
        _follow(log, state, problems)
    problems += [f"{count} operations of the type {kind}" for kind, count in state.unknown.items()]
    return {
        "files": [log.relative_to(folder).as_posix() for log in logs],
        "fields": [{"path": path, **state.fields[path]} for path in sorted(state.fields)],
        "series": [
            {"path": path, "count": one.count, "points": one.points, "last": one.last}
            for path, one in sorted(state.series.items())
        ],
        "histograms": [],
        "problems": problems,
    }


def _exported(folder: Path) -> dict[str, Any]:
    name = f"{FOLDER}/{EXPORT}"
    nothing: dict[str, list[Any]] = {
        key: [] for key in ("fields", "series", "histograms", "problems")
    }
    try:
        record = read_object(folder / name)
    except (FileNotFoundError, UnreadableError) as error:
        return {**nothing, "files": [name], "problems": [str(error)]}
    return {**nothing, **{key: record.get(key, []) for key in nothing}, "files": [name]}


def _follow(log: Path, state: _State, problems: list[str]) -> None:
    bad = 0
    try:
        with log.open("rb") as lines:
            for _ in range(MAX_LINES):
                line = lines.readline(MAX_LINE)
                if not line:
                    break
                if not line.endswith(b"\n"):
                    problems.append(f"The last line of {log.name} is cut off.")
                    break
                try:
                    state.apply(clean(json.loads(line))["obj"], log.parent / "upload_path")
                except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                    bad += 1
    except OSError as error:
        problems.append(f"{log.name} cannot be read: {error.strerror}.")
    if bad:
        problems.append(f"{bad} lines of {log.name} are not readable.")


def _is_file(path: Path) -> bool:
    """Whether it is a file, and not a named pipe or a link to itself."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _order(log: Path) -> tuple[str, int]:
    number = log.stem.removeprefix("data-")
    return str(log.parent), int(number) if number.isdecimal() else 0

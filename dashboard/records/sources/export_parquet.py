"""A run of an old Neptune workspace, out of the Parquet files that neptune-exporter has written.

https://github.com/neptune-ai/neptune-exporter: one row for each field and each point of a series,
`project_id, run_id, attribute_path, attribute_type, step, timestamp` and a column for each kind of
value; the parts of a run are `<project>/<run>_part_<n>.parquet`. Files are read in batches, and
what is kept has bounds, so memory does not grow with them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from dashboard.records.neptune import Series

REQUIRED = frozenset({"project_id", "run_id", "attribute_path", "attribute_type"})
MOST_FIELDS = 20_000
MOST_SERIES = 2_000
MOST_HISTOGRAMS = 20
"""Of one path, the last of them."""
_MOST_HISTOGRAM_PATHS = 500
_LONGEST_TEXT = 4000
_ROWS = 4096
"""That are in memory at once."""
_FIELDS = {
    "float": "float_value",
    "int": "int_value",
    "string": "string_value",
    "bool": "bool_value",
    "datetime": "datetime_value",
    "string_set": "string_set_value",
}
"""The column with the value of each type of a field."""


class ExportError(Exception):
    """A file is not what neptune-exporter writes; the message says what it is."""


@dataclass
class ExportedRun:
    """What one run's files say, within bounds."""

    project: str = ""
    run: str = ""
    fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Type and value by path."""
    series: dict[str, Series] = field(default_factory=dict)
    histograms: dict[str, dict[float, dict[str, Any]]] = field(default_factory=dict)
    """Of each path the last ones by step, with `edges` and `values`."""
    files: dict[str, str] = field(default_factory=dict)
    """Relative path of what was downloaded, by path; of a series of files with the step behind."""
    first: float | None = None
    """The earliest time of a point, in seconds since 1970."""
    last: float | None = None
    unreadable: list[str] = field(default_factory=list)
    """Which of its files cannot be read, and why."""
    problems: list[str] = field(default_factory=list)
    """What else of it is not shown."""

    def add(self, row: Mapping[str, Any]) -> None:
        """Takes over a row.

        Raises:
            ExportError: It has no path, or a type or value that is none.
        """
        path, kind = row.get("attribute_path"), row.get("attribute_type")
        if not isinstance(path, str) or not path or not isinstance(kind, str):
            raise ExportError("a row without attribute_path or attribute_type")
        self.project = self.project or str(row.get("project_id") or "")
        self.run = self.run or str(row.get("run_id") or "")
        at = _seconds(row.get("timestamp"))
        if at is not None:
            self.first = at if self.first is None else min(self.first, at)
            self.last = at if self.last is None else max(self.last, at)
        step = _number(row.get("step"))
        if kind in _FIELDS:
            self._add_field(path, kind, row.get(_FIELDS[kind]))
        elif kind in ("float_series", "string_series"):
            value = row.get("float_value" if kind == "float_series" else "string_value")
            self._add_point(path, step, _plain(value))
        elif kind == "histogram_series":
            self._add_histogram(path, step, row.get("histogram_value"))
        elif kind in ("file", "file_series"):
            self._add_file(path if kind == "file" else f"{path}/{step or 0:g}", row)
        else:
            raise ExportError(f"a row of the type {kind!r:.40}")

    def as_json(self) -> dict[str, Any]:
        """The record, as `neptune.read` gives it; files without their content."""
        fields = {
            **self.fields,
            **{
                path: {"type": "file", "value": Path(name).suffix}
                for path, name in self.files.items()
            },
        }
        return {
            "files": [],
            "fields": [{"path": path, **fields[path]} for path in sorted(fields)],
            "series": [
                {"path": path, "count": one.count, "points": one.points, "last": one.last}
                for path, one in sorted(self.series.items())
            ],
            "histograms": [
                {"path": path, "at": [{"step": step, **one} for step, one in sorted(some.items())]}
                for path, some in sorted(self.histograms.items())
            ],
            "problems": [*self.unreadable, *self.problems],
        }

    def _add_field(self, path: str, kind: str, value: Any) -> None:
        if self._is_full(self.fields, path, MOST_FIELDS, "fields"):
            return
        name = "tags" if kind == "string_set" else kind
        if kind == "string_set":
            value = [str(one) for one in value or []][:100]
        self.fields[path] = {"type": name, "value": _plain(value)}

    def _add_point(self, path: str, step: float | None, value: Any) -> None:
        if not self._is_full(self.series, path, MOST_SERIES, "series"):
            series = self.series.setdefault(path, Series())
            series.add(series.count if step is None else step, value)

    def _add_histogram(self, path: str, step: float | None, found: Any) -> None:
        edges, values = (_numbers((found or {}).get(key)) for key in ("edges", "values"))
        if not values or len(edges) != len(values) + 1:
            raise ExportError(
                f"a histogram of {path} with {len(edges)} edges, {len(values)} values"
            )
        if self._is_full(self.histograms, path, _MOST_HISTOGRAM_PATHS, "histograms"):
            return
        some = self.histograms.setdefault(path, {})
        some[step or 0.0] = {"edges": edges, "values": values, "type": str(found.get("type") or "")}
        if len(some) > MOST_HISTOGRAMS:
            del some[min(some)]

    def _add_file(self, path: str, row: Mapping[str, Any]) -> None:
        name = (row.get("file_value") or {}).get("path")
        if not self._is_full(self.files, path, MOST_FIELDS, "files"):
            self.files[path] = str(name or "")

    def _is_full(self, there: Mapping[str, Any], path: str, most: int, what: str) -> bool:
        if path in there or len(there) < most:
            return False
        told = f"There are more than {most:,} {what}; the others are not shown."
        if told not in self.problems:
            self.problems.append(told)
        return True


def read(parts: list[Path]) -> ExportedRun:
    """Reads a run. A part that cannot be read is a problem of the run, and hides no other.

    Args:
        parts: Its files, by their numbers.

    Raises:
        ExportError: No part can be read.
    """
    run = ExportedRun()
    for path in parts:
        bad: dict[str, int] = {}
        try:
            for row in _rows(path):
                try:
                    run.add(row)
                except (ExportError, TypeError, ValueError, AttributeError, OverflowError) as error:
                    bad[str(error)] = bad.get(str(error), 0) + 1
        except ExportError as error:
            run.unreadable.append(f"{path.name} cannot be read: {error}.")
        run.problems += [f"{path.name}: {n} x {what}." for what, n in list(bad.items())[:5]]
    if not run.run:
        told = " ".join([*run.unreadable, *run.problems])
        raise ExportError(told or f"{parts[0].name} has no rows.")
    return run


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    """The rows of a file.

    Raises:
        ExportError: It is no Parquet file, or lacks columns.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from dashboard.records.sources import arrow  # noqa: F401

    try:
        with pq.ParquetFile(path) as file:
            names = set(file.schema_arrow.names)
            if missing := sorted(REQUIRED - names):
                raise ExportError(f"it has no column {', '.join(missing)}")
            for batch in file.iter_batches(_ROWS):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ExportError(lines[0][:200].rstrip(".")) from error


def _plain(value: Any) -> Any:
    """A value as JSON has it; None where it is not finite."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return value[:_LONGEST_TEXT] + " ..."
    return value


def _number(value: Any) -> float | None:
    if value is None:
        return None
    number = float(value)
    return (int(number) if number.is_integer() else number) if math.isfinite(number) else None


def _numbers(values: Any) -> list[float]:
    found = [float(value) for value in values or []]
    return found if all(math.isfinite(one) for one in found) else []


def _seconds(value: Any) -> float | None:
    if not isinstance(value, datetime):
        return None
    return (value if value.tzinfo else value.replace(tzinfo=timezone.utc)).timestamp()

"""Labelled rows of the log as a table like that of training, for ExampleGen to read beside it.

A file has its name only when it is whole, and no row is in two files: which rows a file has is
written down before it is begun, so that after a kill the same file is written again.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

import monitoring.core.arrow  # noqa: F401  (no file runs code)
from monitoring.core.errors import MonitoringError
from monitoring.labels.store import JoinedRow, LabelStore
from monitoring.profile.reference_profile import ReferenceProfile

PREFIX = "labelled-"
_DONE, _BEGUN = "exported", "exporting"
_MOST_ROWS = 1_000_000
"""In a file."""
_BATCH_ROWS = 10_000


class Table(NamedTuple):
    """What the training table is like."""

    kind: str
    """`csv` or `parquet`."""
    columns: tuple[str, ...]
    schema: pa.Schema | None = None
    """Of Parquet."""


def training_table(source: Path, model: str, profile: ReferenceProfile) -> Table:
    """The columns of the table that the model is trained on, from its first file.

    Where there is none here, those of the profile's features and label, as CSV.

    Args:
        source: The folder of the models' folders.
        model: The model.
        profile: The newest version's.

    Raises:
        MonitoringError: A file of the table cannot be read.
    """
    path = next(_files(source, model), None)
    if path is None:
        label = profile.label.columns or (profile.label.name,) if profile.label else ()
        return Table("csv", tuple(dict.fromkeys([*profile.features, *label])))
    try:
        if path.suffix == ".parquet":
            schema = pq.read_schema(path)
            return Table("parquet", tuple(schema.names), schema)
        with path.open(encoding="utf-8-sig", newline="") as file:
            return Table("csv", tuple(next(csv.reader(file), ())))
    except (OSError, UnicodeDecodeError, csv.Error, pa.ArrowException) as error:
        raise MonitoringError(
            f"{path}: the columns of the training table cannot be read",
            f"Received: {error}.",
            "Correct the file; config.yaml of the model names it in `data.path`.",
        ) from error


def export(store: LabelStore, to: Path, table: Table) -> Iterator[tuple[Path, int]]:
    """Writes the labelled rows that have not been written before.

    Args:
        store: The labels.
        to: The folder; made where it is missing.
        table: What the files are to be like.

    Yields:
        Each file, with its number of rows.

    Raises:
        MonitoringError: A row does not fit the table, or a file cannot be written.
    """
    while True:
        first, last = _next(store)
        if first >= last:
            return
        path = to / f"{PREFIX}{first + 1}-{last}.{table.kind}"
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            to.mkdir(parents=True, exist_ok=True)
            _write(part, table, store.joined(first, last))
            part.replace(path)
        except OSError as error:
            raise MonitoringError(
                f"{path} cannot be written",
                f"Received: {error.strerror or error}.",
                "Make the folder writable, or free some space, and export again.",
            ) from error
        finally:
            with contextlib.suppress(OSError):
                part.unlink()
        store.set_note(_DONE, str(last))
        yield path, last - first


def _next(store: LabelStore) -> tuple[int, int]:
    """Which rows the next file has: those behind the first number, up to the second."""
    with store.transaction():
        done = int(store.note(_DONE) or 0)
        first, last = json.loads(store.note(_BEGUN) or "[0, 0]")
        if last <= done:
            first, last = done, min(store.last_joined(), done + _MOST_ROWS)
            store.set_note(_BEGUN, json.dumps([first, last]))
    return first, last


def _files(source: Path, model: str) -> Iterator[Path]:
    try:
        content = yaml.safe_load((source / model / "config.yaml").read_text(encoding="utf-8"))
        pattern = content["data"]["path"]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, KeyError):
        return
    for one in pattern if isinstance(pattern, list) else [pattern]:
        path = Path(str(one))
        if path.is_dir():
            path /= "*"
        with contextlib.suppress(ValueError, NotImplementedError):
            for found in sorted(Path(path.anchor or ".").glob(str(path.relative_to(path.anchor)))):
                if found.suffix in (".csv", ".parquet") and not found.name.startswith(PREFIX):
                    yield found


def _write(part: Path, table: Table, rows: Iterator[JoinedRow]) -> None:
    if table.kind == "csv":
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(table.columns)
            for row in rows:
                given = {**row.features, **row.truth}
                writer.writerow([_text(given.get(name), name) for name in table.columns])
            file.flush()
            os.fsync(file.fileno())
        return
    assert table.schema is not None
    with pq.ParquetWriter(part, table.schema) as parquet:
        while batch := [{**row.features, **row.truth} for row in _some(rows, _BATCH_ROWS)]:
            parquet.write_table(_typed(batch, table.schema))


def _typed(batch: Sequence[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    arrays = []
    for name, kind in zip(schema.names, schema.types, strict=True):
        values = [_of_type(row.get(name), kind) for row in batch]
        try:
            arrays.append(pa.array(values, kind))
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            raise MonitoringError(
                f"The column '{name}' does not fit the training table",
                f"Expected {kind}. Received: {error}.",
                "Give the model's label columns in the types of the training table.",
            ) from error
    return pa.table(arrays, schema=schema)


def _of_type(value: Any, kind: pa.DataType) -> Any:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return value if value is None or isinstance(value, list) else [value]
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else value or None
    if pa.types.is_integer(kind) and isinstance(value, float) and value.is_integer():
        return int(value)
    if pa.types.is_floating(kind) and isinstance(value, int):
        return float(value)
    if pa.types.is_string(kind) and isinstance(value, int | float):
        return str(value)
    return value


def _text(value: Any, name: str) -> str:
    """A value as CSV has it."""
    if isinstance(value, list):
        if len(value) > 1:
            raise MonitoringError(
                f"The feature '{name}' has lists, for which CSV has no form",
                f"Received: {json.dumps(value)[:80]}.",
                "Keep the training table as Parquet; then labelled rows are written so as well.",
            )
        value = value[0] if value else None
    return "" if value is None else str(value)


def _some(rows: Iterator[JoinedRow], most: int) -> Iterator[JoinedRow]:
    for _, row in zip(range(most), rows, strict=False):
        yield row

"""The request log as Parquet: a row for each instance, with a typed column for each feature.

`DIR/<model>/<version>/<log file>.parquet` has `input_<name>` and `output_<name>` in the types of
the version's `serving_default` signature. Where there is no such type (another signature, a value
that does not fit), `request` and `response` hold the row's JSON, and are null elsewhere. Requests
that no version answered are in `DIR/_refused/`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import serving.core.arrow  # noqa: F401  (no file runs code)
from serving.core.hooks import Entry
from serving.model.registry import Signature, record
from serving.request_log import database, rows
from serving.request_log.columns import Column, columns

REFUSED = "_refused"
_DEFAULT = "serving_default"
_ROWS_IN_A_GROUP = 10_000
_FIXED = [
    ("id", pa.string()), ("time", pa.timestamp("us", tz="UTC")), ("model", pa.string()),
    ("version", pa.int64()), ("label", pa.string()), ("seconds", pa.float64()),
    ("status", pa.int32()), ("row", pa.int32()), ("error", pa.string()),
    ("request", pa.string()), ("response", pa.string()),
]  # fmt: skip


@dataclass(frozen=True)
class Selection:
    """Which of a log file's entries are wanted."""

    model: str | None = None
    since: float = 0
    until: float = math.inf
    after: int = 0
    upto: int = 2**63 - 1


def export(
    log_folder: Path, serving_folder: Path, to: Path, selection: Selection, runs: Path
) -> Iterator[tuple[Path, int]]:
    """Writes the whole log, a log file at a time, in bounded memory.

    Args:
        log_folder: The log's folder.
        serving_folder: Where the versions are, for their signatures.
        to: The folder to write to; files of an earlier export are replaced.
        selection: Which entries.
        runs: The folder of the pipeline's runs.

    Yields:
        Each Parquet file that was written, with its number of rows.

    Raises:
        ServingError: A log file cannot be read.
        OSError: A file cannot be written.
    """
    for path in database.files(log_folder):
        yield from export_file(path, serving_folder, to, selection, runs)


def export_file(
    path: Path, serving_folder: Path, to: Path, selection: Selection, runs: Path
) -> list[tuple[Path, int]]:
    """Writes one log file; see `export`."""
    writers: dict[Path, _Writer] = {}
    try:
        for _, entry in database.read(path, **vars(selection)):
            # Without a version, the model's name is whatever a client has sent.
            answered = entry.version is not None
            folder = to / entry.model / str(entry.version) if answered else to / REFUSED
            if folder not in writers:
                signature = _signature(serving_folder, entry, runs) if answered else None
                writers[folder] = _Writer(folder / f"{path.stem}.parquet", signature)
            writers[folder].add(entry)
        return [(writer.path, writer.finish()) for writer in writers.values()]
    except BaseException:
        for writer in writers.values():
            writer.abandon()
        raise


def _signature(serving_folder: Path, entry: Entry, runs: Path) -> Signature | None:
    folder = serving_folder / entry.model
    if (
        not (folder / str(entry.version)).is_dir()
        and not (folder / f"{entry.version}.json").exists()
    ):
        return None
    return record(folder, entry.version or 0, runs).signatures.get(_DEFAULT)


@dataclass
class _Writer:
    """A Parquet file that has its name only when it is whole."""

    path: Path
    signature: Signature | None
    _rows: list[dict[str, Any]] = field(default_factory=list)
    _written: int = 0

    def __post_init__(self) -> None:
        known = self.signature
        self._inputs = columns(known.inputs) if known else []
        self._outputs = columns(known.outputs) if known else []
        self._names = (list(known.inputs), list(known.outputs)) if known else ([], [])
        typed = [(f"input_{column.name}", column.type) for column in self._inputs]
        typed += [(f"output_{column.name}", column.type) for column in self._outputs]
        self._schema = pa.schema([*_FIXED, *typed])
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._part = self.path.with_name(f".{self.path.name}.part")
        self._file = pq.ParquetWriter(self._part, self._schema)

    def add(self, entry: Entry) -> None:
        """Adds an entry's rows."""
        fixed = {
            "id": entry.id,
            "time": datetime.fromtimestamp(entry.time, timezone.utc),
            "model": entry.model,
            "version": entry.version,
            "label": entry.label,
            "seconds": entry.seconds,
            "status": entry.status,
            "error": rows.error(entry),
        }
        whole = {"request": entry.request.decode(), "response": entry.response.decode()}
        if self.signature is None or rows.signature_name(entry) != _DEFAULT:
            self._rows.append({**fixed, "row": 0, **whole})
        else:
            found = list(rows.rows(entry, *self._names))
            for number, (given, answer) in enumerate(found):
                typed = {
                    **_typed("input", "request", given, self._inputs),
                    **_typed("output", "response", answer, self._outputs),
                }
                self._rows.append({**fixed, "row": number, **typed})
            if not found:
                self._rows.append({**fixed, "row": 0, **whole})
        if len(self._rows) >= _ROWS_IN_A_GROUP:
            self._flush()

    def finish(self) -> int:
        """Completes the file; the number of its rows."""
        self._flush()
        self._file.close()
        self._part.replace(self.path)
        return self._written

    def abandon(self) -> None:
        """Leaves no file behind."""
        self._file.close()
        self._part.unlink(missing_ok=True)

    def _flush(self) -> None:
        self._file.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
        self._written += len(self._rows)
        self._rows.clear()


def _typed(
    prefix: str, json_column: str, given: dict[str, Any], wanted: list[Column]
) -> dict[str, Any]:
    """The typed columns of one row, and the row's JSON where they do not say it all."""
    values, fits = {}, given.keys() <= {column.name for column in wanted}
    for column in wanted:
        try:
            values[f"{prefix}_{column.name}"] = column.value(given.get(column.name))
        except (ValueError, pa.ArrowException):
            values[f"{prefix}_{column.name}"] = None
            fits = False
    return values if fits else {**values, json_column: json.dumps(given)}

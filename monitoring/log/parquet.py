"""Parquet exports of the log, of `python -m serving log export` or of BigQuery.

They have a row for each instance. Where a value does not fit its column's type, `request` and
`response` have the row as JSON; where nothing is known of the types, the whole request.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import monitoring.core.arrow  # noqa: F401  (no file runs code)
from monitoring.core.errors import MonitoringError
from monitoring.log.bodies import Answered, Names, answered, as_columns, loads
from monitoring.log.chunk import ANSWERED, NO_VERSION, Chunk, NamesOf, outcomes
from monitoring.summary.rows import Rows

_BATCH_ROWS = 131_072
_BATCH_BYTES = 32_000_000
"""Of many features, or of long lists, fewer rows are held at once."""
_FIXED = ("id", "time", "model", "version", "status", "row")
_BODIES = ("request", "response")
_INPUT, _OUTPUT = "input_", "output_"
_WHOLE = ("instances", "inputs", "examples")
_BACK_SECONDS = 3_600.0
_BACK_SHARE = 0.001


class ParquetFile:
    """A file of an export.

    Args:
        path: The file.
        model: Whose requests are read.
    """

    def __init__(self, path: Path, model: str) -> None:
        self._path = path
        self._model = model
        self._batches: tuple[int, Iterator[pa.RecordBatch]] | None = None

    def first_id(self) -> str:
        """The id of the first row, by which a file is known; empty where there is none."""
        with self._file() as file:
            for batch in file.iter_batches(batch_size=1, columns=["id"]):
                return str(batch.column(0)[0].as_py())
        return ""

    def last(self) -> int:
        """The number of rows."""
        with self._file() as file:
            return int(file.metadata.num_rows)

    def next_time(self, after: int) -> float | None:
        """The time of the model's next row; None: there is none.

        Raises:
            MonitoringError: The file cannot be read, or its rows are in no order.
        """
        if after == 0:
            self._check_order()
        at = 0
        with self._file() as file:
            for batch in self._from(file, after, ["time", "model"]):
                mine = np.flatnonzero(_mask(pc.equal(batch.column("model"), self._model)))
                if len(mine):
                    return float(_seconds(batch.column("time"))[mine[0]])
                at += len(batch)
        return None

    def chunk(self, after: int, names_of: NamesOf) -> TypedChunk | None:
        """The next rows; None: there are none.

        Raises:
            MonitoringError: The file cannot be read.
        """
        with self._problems():
            if self._batches is None or self._batches[0] != after:
                self._batches = after, self._read(after)
            _, batches = self._batches
            for batch in batches:
                after += len(batch)
                self._batches = after, batches
                mine = _mask(pc.equal(batch.column("model"), self._model))
                reads = np.arange(after - len(batch), after) + 1
                if mine.any():
                    some = batch if mine.all() else batch.filter(pa.array(mine))
                    return TypedChunk(some, reads[mine], names_of)
        return None

    def ids(self, after: int, upto: int) -> Iterator[tuple[np.ndarray, list[str]]]:
        """Numbers and ids; see `LogFile.ids`.

        Raises:
            MonitoringError: The file cannot be read.
        """
        with self._file() as file:
            for batch in self._from(file, after, ["id", "model"]):
                mine = _mask(pc.equal(batch.column("model"), self._model))
                ids = batch.column("id").filter(pa.array(mine)).to_pylist()
                yield np.flatnonzero(mine) + after + 1, [str(one) for one in ids]
                after += len(batch)

    def entries(self, numbers: np.ndarray, names_of: NamesOf) -> Iterator[TypedChunk]:
        """Some entries; see `LogFile.entries`. Groups of rows that have none are not touched.

        Raises:
            MonitoringError: The file cannot be read.
        """
        with self._file() as file:
            first = 0
            for group in range(file.num_row_groups):
                end = first + file.metadata.row_group(group).num_rows
                if len(_between(numbers, first, end)):
                    batches = file.iter_batches(
                        _rows_at_once(file), row_groups=[group], columns=_columns_of(file)
                    )
                    for batch in batches:
                        some = _between(numbers, first, first + len(batch))
                        if len(some):
                            yield TypedChunk(_taken(batch, some - first - 1), some, names_of)
                        first += len(batch)
                first = end

    def _read(self, after: int) -> Iterator[pa.RecordBatch]:
        with self._file() as file:
            # Ids are a third of the bytes, and a look needs none.
            columns = [name for name in _columns_of(file) if name != "id"]
            yield from self._from(file, after, columns)

    def _from(
        self, file: pq.ParquetFile, after: int, columns: list[str]
    ) -> Iterator[pa.RecordBatch]:
        """The rows behind so many; groups of rows that were read before are not touched."""
        group, skipped = 0, 0
        while group < file.num_row_groups:
            size = file.metadata.row_group(group).num_rows
            if skipped + size > after:
                break
            skipped, group = skipped + size, group + 1
        groups = list(range(group, file.num_row_groups))
        if not groups:  # Which newer Arrow refuses.
            return
        for batch in file.iter_batches(_rows_at_once(file), row_groups=groups, columns=columns):
            start = max(0, after - skipped)
            skipped += len(batch)
            if start < len(batch):
                yield batch.slice(start)

    def _check_order(self) -> None:
        """Checks that rows come in the order of their times, but for a clock that was set."""
        back, total, last = 0, 0, -np.inf
        with self._file() as file:
            for batch in file.iter_batches(_BATCH_ROWS, columns=["time"]):
                times = _seconds(batch.column(0))
                back += int((np.diff(times, prepend=last) < -_BACK_SECONDS).sum())
                total, last = total + len(times), times[-1] if len(times) else last
        if back > max(10, _BACK_SHARE * total):
            raise MonitoringError(
                f"{self._path}: its rows are in no order",
                f"{back} of {total} are an hour or more before the row above them.",
                "Export them by their time: EXPORT DATA OPTIONS (...) AS SELECT * FROM "
                "requests_MODEL ORDER BY time",
            )

    @contextlib.contextmanager
    def _file(self) -> Iterator[pq.ParquetFile]:
        with self._problems(), pa.OSFile(str(self._path)) as source:
            file = pq.ParquetFile(source)
            texts = [field.name for field in file.schema_arrow if _is_text(field)]
            if texts:
                # The file has each distinct text once, so that the others are counted as codes.
                file = pq.ParquetFile(source, metadata=file.metadata, read_dictionary=texts)
            missing = [name for name in _FIXED if name not in file.schema_arrow.names]
            if missing:
                raise MonitoringError(
                    f"{self._path} is no export of a request log",
                    f"It lacks the columns {', '.join(missing)}.",
                    "Export the log: python -m serving log export --to DIR",
                )
            yield file

    @contextlib.contextmanager
    def _problems(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:  # It was removed meanwhile.
            raise
        except (pa.ArrowException, OSError) as error:
            raise MonitoringError(
                f"{self._path} cannot be read as a request log",
                f"Received: {str(error).splitlines()[0] if str(error) else error!r}.",
                "Export it again: python -m serving log export --to DIR",
            ) from error


class TypedChunk(Chunk):
    """Rows with a typed column for each input and output.

    Args:
        batch: The rows.
        reads: [rows]: see `Chunk`.
        names_of: Of the versions that are read.
    """

    whole_requests = False

    def __init__(self, batch: pa.RecordBatch, reads: np.ndarray, names_of: NamesOf) -> None:
        self._batch = batch
        self.reads = reads
        self.times = _seconds(batch.column("time"))
        self.versions = _integers(batch.column("version"), NO_VERSION)
        self.outcomes = outcomes(_integers(batch.column("status"), 0), self.versions)
        self._numbers = _integers(batch.column("row"), 0)
        self.requests = (self._numbers == 0).astype(np.int64)
        known = {v: names_of(v) for v in np.unique(self.versions).tolist() if v != NO_VERSION}
        compared = [version for version, names in known.items() if names is not None]
        mine = (self.outcomes == ANSWERED) & np.isin(self.versions, compared)
        self._json = self._rows_in_json(np.flatnonzero(mine), known)
        self.sizes = mine.astype(np.int64)
        for entry, one in self._json.items():
            self.sizes[entry] = len(one.inputs)

    def ids(self) -> list[str]:
        """See `Chunk.ids`."""
        return [str(one) for one in self._batch.column("id").to_pylist()]

    def rows(self, entries: np.ndarray) -> list[Rows]:
        """See `Chunk.rows`; those that are in JSON come apart."""
        in_json = np.isin(entries, list(self._json)) if self._json else np.zeros(len(entries), bool)
        found = []
        typed = entries[~in_json]
        if len(typed):
            found.append(self._typed(typed))
        for entry in entries[in_json].tolist():
            one = self._json[entry]
            if one.inputs:
                size = len(one.inputs)
                first = int(self._numbers[entry])
                found.append(
                    Rows(
                        size=size,
                        inputs=as_columns(one.inputs),
                        outputs=as_columns(one.outputs or ()),
                        entries=np.full(size, entry),
                        numbers=np.arange(first, first + size),
                    )
                )
        return found

    def _typed(self, entries: np.ndarray) -> Rows:
        first, last = int(entries[0]), int(entries[-1])
        if last - first + 1 == len(entries):
            batch = self._batch.slice(first, len(entries))
        else:
            batch = _taken(self._batch, entries)
        return Rows(
            size=len(entries),
            inputs=_columns(batch, _INPUT),
            outputs=_columns(batch, _OUTPUT),
            entries=entries,
            numbers=self._numbers[entries],
        )

    def _rows_in_json(
        self, entries: np.ndarray, known: dict[int, Names | None]
    ) -> dict[int, Answered]:
        given = [name for name in _BODIES if name in self._batch.schema.names]
        columns = {name: self._batch.column(name) for name in given}
        if all(column.null_count == len(column) for column in columns.values()):
            return {}
        has = np.zeros(self._batch.num_rows, dtype=bool)
        for column in columns.values():
            has |= _mask(pc.is_valid(column))
        found = {}
        for entry in entries[has[entries]].tolist():
            names = known[int(self.versions[entry])]
            assert names is not None
            texts = [columns[name][entry].as_py() if name in columns else None for name in _BODIES]
            found[entry] = self._row_in_json(entry, texts, names)
        return found

    def _row_in_json(self, entry: int, texts: list[str | None], names: Names) -> Answered:
        bodies = [loads(text) if text is not None else None for text in texts]
        asked = bodies[0] if isinstance(bodies[0], dict) else {}
        if any(name in asked for name in _WHOLE) and not asked.keys() <= set(names.inputs):
            return answered(texts[0] or "", texts[1] or "", names)
        rows = [
            body if isinstance(body, dict) else self._typed_row(entry, prefix)
            for body, prefix in zip(bodies, (_INPUT, _OUTPUT), strict=True)
        ]
        return Answered([rows[0]], [rows[1]])

    def _typed_row(self, entry: int, prefix: str) -> dict[str, Any]:
        columns = _columns(self._batch.slice(entry, 1), prefix)
        return {name: column[0].as_py() for name, column in columns.items()}


def _is_text(field: pa.Field) -> bool:
    return field.name.startswith((_INPUT, _OUTPUT)) and pa.types.is_string(field.type)


def _rows_at_once(file: pq.ParquetFile) -> int:
    """How many rows take a batch's bytes, as they are before they are packed."""
    groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
    packed = max((one.total_byte_size / max(1, one.num_rows) for one in groups), default=0.0)
    of_a_row = max(packed, 8.0 * file.metadata.num_columns)
    return max(1, min(_BATCH_ROWS, int(_BATCH_BYTES / of_a_row)))


def _columns_of(file: pq.ParquetFile) -> list[str]:
    """The columns of a log, of whatever a file has."""
    return [
        name
        for name in file.schema_arrow.names
        if name in (*_FIXED, *_BODIES) or name.startswith((_INPUT, _OUTPUT))
    ]


def _between(numbers: np.ndarray, after: int, upto: int) -> np.ndarray:
    """Those of ascending numbers that are above one and up to the other."""
    low, high = np.searchsorted(numbers, [after, upto], side="right")
    return numbers[low:high]


def _taken(batch: pa.RecordBatch, entries: np.ndarray) -> pa.RecordBatch:
    columns = [column.take(pa.array(entries)) for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def _columns(batch: pa.RecordBatch, prefix: str) -> dict[str, Any]:
    """The columns of inputs or outputs that have a value in any row."""
    return {
        name[len(prefix) :]: batch.column(place)
        for place, name in enumerate(batch.schema.names)
        if name.startswith(prefix) and batch.column(place).null_count < len(batch)
    }


def _mask(found: Any) -> np.ndarray:
    return pc.fill_null(found, False).to_numpy(zero_copy_only=False)


def _integers(column: Any, none: int) -> np.ndarray:
    filled = pc.fill_null(column.cast(pa.int64()), none)
    return filled.to_numpy(zero_copy_only=False)


def _seconds(column: Any) -> np.ndarray:
    """Times in seconds since 1970."""
    micros = column.cast(pa.timestamp("us", tz="UTC"), safe=False).cast(pa.int64())
    return pc.fill_null(micros, 0).to_numpy(zero_copy_only=False) / 1e6

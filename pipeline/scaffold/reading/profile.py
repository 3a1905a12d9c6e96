"""A table read once, in bounded memory: what each column holds, and a sample of the rows."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from components import tables
from components.tables import Column, TableSource, TableSummary, partitions
from components.tables.formats import columnar, csv_file
from components.tables.reading import READERS, Reader
from components.tables.source import LOCAL, Files
from pipeline.scaffold.reading import spellings
from pipeline.scaffold.reading.sketches import RowSample, ValueSketch

CELLS = 4_000_000
"""About so many cells of the table are in the sample."""
_FEWEST_ROWS, _MOST_ROWS = 1_000, 20_000
_VALUES = 1_000_000
_FEWEST_VALUES, _MOST_VALUES = 128, 2_048
"""Distinct values that are kept of a column, by how many columns there are."""


@dataclass(frozen=True)
class ColumnProfile:
    """One column of a table that was read."""

    column: Column
    """What the pipeline will know of it, with `marks` as missing values."""
    rows: int
    marks: Mapping[str, int]
    """Texts that may stand for a missing value, with the number of their rows."""
    distinct: int
    """How many different values it has, marks not among them."""
    is_exact: bool
    """Whether all of them are in `counts`, and `distinct` is no estimate."""
    counts: Sequence[tuple[Any, int]]
    """Values with their rows, the most frequent first."""
    sample: npt.NDArray[Any]
    """The sampled rows' values: float64 with NaN, or objects with None."""
    without_label: int = 0
    """Rows that have neither a value here nor a label."""

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name

    @property
    def missing(self) -> int:
        """Rows without a value, those with a mark among them."""
        return self.column.missing

    @property
    def present(self) -> int:
        """Rows with a value."""
        return self.rows - self.missing

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers, one a row."""
        return self.column.type in ("INT", "FLOAT") and not self.column.is_list

    def settled(self, missing: Collection[str]) -> ColumnProfile:
        """The column where of the marks only these stand for a missing value."""
        kept = {mark: count for mark, count in self.marks.items() if mark not in missing}
        if not self.marks or self.is_number:
            return self
        counts = sorted([*self.counts, *kept.items()], key=lambda item: -item[1])
        values = {*map(str.strip, kept), *(str(value).strip() for value, _ in counts)}
        column = dataclasses.replace(
            self.column,
            missing=self.missing - sum(kept.values()),
            type="STRING",
            values=tuple(value for value, _ in counts[:2]),
        )
        sample = self.sample.copy()
        sample[[value in missing for value in sample]] = None
        distinct = len(values) if self.is_exact else self.distinct + len(kept)
        return dataclasses.replace(
            self, column=column, counts=counts, distinct=distinct, sample=sample
        )


@dataclass(frozen=True)
class TableProfile:
    """A table that was read."""

    source: TableSource
    summary: TableSummary
    columns: Mapping[str, ColumnProfile]
    places: npt.NDArray[np.int64]
    """Of each sampled row its number in the table, from 0."""
    without_label: int
    """Rows that lack a label."""
    times: tuple[str, ...] = ()
    """Columns of dates or times that no example holds, and that are read as text here."""

    @property
    def rows(self) -> int:
        """Rows of the table."""
        return self.summary.rows


def read(source: TableSource, labels: Sequence[str], reader: Reader | None = None) -> TableProfile:
    """Reads a table once.

    Its memory does not depend on the number of rows: about four million cells are sampled, and 128
    to 4,096 distinct values are kept of each column.

    Args:
        source: The table; `source.missing` is empty, as marks are found here.
        labels: The columns of the label.
        reader: What reads its files; None: what the project has for its format.

    Raises:
        DataError: The data cannot be read, has no rows, or its files have different columns.
    """
    reader = reader or READERS[source.format]
    paths = tables.resolve(source)
    times = _times(source, paths[0], reader)
    source = dataclasses.replace(source, times=times)
    watcher = _Watcher(reader, labels)
    summary = tables.merge(
        (tables.scan_file(source, path, LOCAL, watcher.read) for path in paths), source.format
    )
    sampled, places = watcher.sample.columns()
    columns = {}
    for column in summary.columns:
        seen = watcher.seen.get(column.name, _Seen(_MOST_VALUES))
        array = sampled.get(column.name, pa.nulls(len(places)))
        no_values = {*seen.marks, ""}
        counts = [item for item in seen.sketch.counts() if item[0] not in no_values]
        is_exact = seen.sketch.is_exact
        if column.type in ("INT", "FLOAT"):
            counts = _as_numbers(counts)
        columns[column.name] = ColumnProfile(
            column,
            summary.rows,
            dict(seen.marks),
            len(counts) if is_exact else seen.sketch.distinct(),
            is_exact,
            counts,
            _values(array, column, seen.marks),
            seen.without_label,
        )
    times = tuple(name for name in times if columns[name].column.unreadable is None)
    return TableProfile(source, summary, columns, places, watcher.without_label, times)


def _times(source: TableSource, path: str, reader: Reader) -> tuple[str, ...]:
    """Columns of files with types that may be times: what an example cannot hold as it is."""
    if source.format not in ("parquet", "avro", "bigquery"):
        return ()
    first = next(iter(reader(source, path, LOCAL)))
    return tuple(field.name for field in first.schema if columnar.unreadable(field))


class _Seen:
    """What is kept of one column while it is read."""

    def __init__(self, size: int) -> None:
        self.sketch = ValueSketch(size)
        self.marks = Counter[str]()
        self.without_label = 0


class _Watcher:
    """A reader of files that looks at what it yields, with texts for missing values as nulls."""

    def __init__(self, reader: Reader, labels: Sequence[str]) -> None:
        self._reader = reader
        self._labels = labels
        self.sample = RowSample(_MOST_ROWS)
        self.seen: dict[str, _Seen] = {}
        self.without_label = 0
        self._size = 0

    def read(self, source: TableSource, path: str, files: Files) -> Iterator[pa.RecordBatch]:
        folders = partitions.values(path, source.root)
        for batch in self._reader(source, path, files):
            if not batch.num_rows:
                yield batch
                continue
            if not self._size:
                self._begin(batch)
            arrays = [
                self._masked(field, array)
                for field, array in zip(batch.schema, batch.columns, strict=True)
            ]
            masked = pa.RecordBatch.from_arrays(arrays, schema=batch.schema)
            self._count_without_label(masked)
            yield masked
            self.sample.add(self._with_folders(batch, folders))

    def _begin(self, batch: pa.RecordBatch) -> None:
        """Settles how much is kept, by the first rows."""
        cells = batch.num_columns + sum(
            len(array.flatten()) // len(array)
            for array in batch.columns
            if pa.types.is_list(array.type)
        )
        self.sample = RowSample(min(max(CELLS // cells, _FEWEST_ROWS), _MOST_ROWS))
        size = min(max(_VALUES // batch.num_columns, _FEWEST_VALUES), _MOST_VALUES)
        self._size = size

    def _masked(self, field: pa.Field, array: pa.Array) -> pa.Array:
        seen = self.seen.setdefault(field.name, _Seen(self._size))
        flat = array
        if pa.types.is_list(array.type):
            if (pc.max(pc.list_value_length(array)).as_py() or 0) > 1:
                return array
            flat = array.flatten()
        if pa.types.is_null(flat.type):
            return array
        encoded = flat.dictionary_encode()
        seen.sketch.add(encoded)
        if not pa.types.is_string(array.type):
            return array
        trimmed = pc.utf8_trim_whitespace(encoded.dictionary)
        is_mark = pc.is_in(trimmed, value_set=_MARKS)
        if not pc.any(is_mark).as_py():
            return array
        mask = pc.fill_null(is_mark.take(encoded.indices), False)
        marks = array.filter(mask).value_counts().to_pylist()
        seen.marks.update({one["values"]: one["counts"] for one in marks})
        return pc.if_else(mask, pa.scalar(None, array.type), array)

    def _count_without_label(self, batch: pa.RecordBatch) -> None:
        """Counts the rows without a label, and which columns have no value in them."""
        names = [name for name in self._labels if name in batch.schema.names]
        absent = np.zeros(batch.num_rows, bool)
        for name in names:
            absent |= _absent(batch.column(batch.schema.get_field_index(name)))
        if not absent.any():
            return
        self.without_label += int(absent.sum())
        for name, array in zip(batch.schema.names, batch.columns, strict=True):
            self.seen[name].without_label += int((_absent(array) & absent).sum())

    def _with_folders(
        self, batch: pa.RecordBatch, folders: Mapping[str, str | None]
    ) -> pa.RecordBatch:
        """The rows with the columns of Hive partitions, as text."""
        further = {name: value for name, value in folders.items() if name not in batch.schema.names}
        for name, value in further.items():
            array = pa.array([value] * batch.num_rows, pa.string())
            self.seen.setdefault(name, _Seen(self._size)).sketch.add(array.dictionary_encode())
            batch = pa.RecordBatch.from_arrays(
                [*batch.columns, array], names=[*batch.schema.names, name]
            )
        return batch


_MARKS = pa.array(spellings.MISSING)


def _as_numbers(counts: Sequence[tuple[Any, int]]) -> list[tuple[Any, int]]:
    """Counts of numbers, which a file of text may spell in several ways."""
    numbers = Counter[float]()
    for value, count in counts:
        try:
            number = float(value)
        except ValueError:
            continue
        numbers[number] += count
    finite = {number: count for number, count in numbers.items() if math.isfinite(number)}
    return sorted(finite.items(), key=lambda item: (-item[1], item[0]))


def _absent(array: pa.Array) -> npt.NDArray[np.bool_]:
    if pa.types.is_list(array.type):
        return np.asarray(pc.fill_null(pc.list_value_length(array), 0).to_numpy() == 0)
    return np.asarray(array.is_null().to_numpy(zero_copy_only=False))


def _values(array: pa.Array, column: Column, marks: Mapping[str, int]) -> npt.NDArray[Any]:
    """The sampled values of a column, by its type."""
    if pa.types.is_list(array.type):
        if column.is_list:
            values = np.empty(len(array), object)
            values[:] = array.to_pylist()
            return values
        array = _first_of_each(array)
    if column.type in ("INT", "FLOAT"):
        if pa.types.is_string(array.type):
            if marks:
                known = pc.is_in(array, value_set=pa.array(list(marks)))
                array = pc.if_else(known, pa.scalar(None, pa.string()), array)
            _, array = csv_file.parse(array, column.type)
        return np.asarray(
            # Of whole numbers beyond 2**53 the nearest float will do.
            pc.fill_null(array.cast(pa.float64(), safe=False), np.nan).to_numpy(
                zero_copy_only=False
            )
        )
    if pa.types.is_binary(array.type):
        try:
            array = array.cast(pa.string())
        except pa.ArrowInvalid:
            array = pa.nulls(len(array), pa.string())
    values = np.empty(len(array), object)
    values[:] = array.to_pylist()
    return values


def _first_of_each(array: pa.Array) -> pa.Array:
    """The one value of each list, null where there is none."""
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy()
    ends = np.cumsum(np.minimum(lengths, 1)) - 1
    indices = pa.array(ends, mask=lengths == 0)
    return array.flatten().take(indices)

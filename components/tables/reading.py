"""Scans and reads whole tables, whatever the format of their files."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping

import pyarrow as pa

from components.tables import partitions
from components.tables.columns import (
    ARROW_TYPE,
    Column,
    ColumnType,
    TableSummary,
    lengths,
    observe,
)
from components.tables.formats import columnar, csv_file
from components.tables.quality import account, missing
from components.tables.source import LOCAL, Files, TableSource, listing, resolve, shown
from models.common.errors import DataError, did_you_mean

Reader = Callable[..., Iterator[pa.RecordBatch]]
"""Takes the table, one of its files' paths and where that is. Of a format whose files have parts it
takes `start` and `end` too; see `parts.Part`."""


def _read_bigquery(source: TableSource, path: str, files: Files) -> Iterator[pa.RecordBatch]:
    from components.bigquery import streams  # Which imports this room.

    return streams.read(source, path, files)


READERS: dict[str, Reader] = {
    "csv": csv_file.read,
    "parquet": columnar.read_parquet,
    "avro": columnar.read_avro,
    "bigquery": _read_bigquery,
}
"""What reads a file of each format: batches of rows, of which the first may have none."""


def scan(source: TableSource, files: Files = LOCAL) -> TableSummary:
    """Reads a whole table once, in bounded memory, and says what it holds.

    Raises:
        DataError: The data cannot be read, or there are no rows.
    """
    return merge((scan_file(source, path, files) for path in resolve(source, files)), source.format)


def scan_file(
    source: TableSource, path: str, files: Files = LOCAL, read: Reader | None = None
) -> TableSummary:
    """Says what one file of a table holds.

    Args:
        source: The table.
        path: One of its files.
        files: Where it is.
        read: What reads it; None: what READERS has for its format.

    Raises:
        DataError: The file cannot be read.
    """
    read = read or READERS[source.format]
    columns: dict[str, Column] = {}
    rows = 0
    for batch in read(source, path, files):
        for field, array in zip(batch.schema, batch.columns, strict=True):
            name = field.name
            # Where a file is free to leave a column out of a batch, its values are missing so far.
            seen = columns.get(name, Column(name, None, missing=rows))
            columns[name] = seen.merged(_described(field, array, seen, source))
        for name in columns.keys() - set(batch.schema.names):
            columns[name] = _with_missing(columns[name], batch.num_rows)
        rows += batch.num_rows
    for name, value in partitions.values(path, source.root).items():
        # Where the file has the column too, what is in the file holds.
        columns.setdefault(name, partitions.column(name, value, rows))
    return TableSummary((path,), rows, tuple(columns.values()))


def merge(summaries: Iterable[TableSummary], format: str) -> TableSummary:
    """Puts together what the files of one table hold.

    Raises:
        DataError: Two files have other columns, or no file has a row.
    """
    total = functools.reduce(functools.partial(_merged, format=format), summaries)
    if total.rows == 0:
        many = len(total.files) > 1
        raise DataError(
            f"{shown(total.files[0])}{' and the other files have' if many else ' has'} no rows",
            f"Received: {len(total.names)} column names ({listing(total.names)}) and nothing else.",
            "Write the file again with its rows, or correct data.path.",
        )
    return total


def read_file(
    source: TableSource,
    path: str,
    types: Mapping[str, ColumnType | None],
    files: Files = LOCAL,
    read: Reader | None = None,
) -> Iterator[pa.RecordBatch]:
    """Yields the rows of one file of a table, with the columns and types of the whole table.

    Args:
        source: The table.
        path: One of its files.
        types: The type to read each column as; see `TableSummary.types`.
        files: Where it is.
        read: What reads it; None: what READERS has for its format.

    Yields:
        Batches with the same columns: int64, float64, string (or binary, where the file says so),
        or a list of one of these; null without any value to tell the type by. A missing value is
        null.

    Raises:
        DataError: The file cannot be read, or has changed since the types were found.
    """
    read = read or READERS[source.format]
    folders = partitions.values(path, source.root)
    for batch in read(source, path, files):
        if not batch.num_rows:
            continue
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        try:
            arrays = [
                partitions.array(folders[name], kind, batch.num_rows)
                if kind and name in folders and name not in columns
                else _typed(columns.get(name), kind, batch.num_rows, source)
                for name, kind in types.items()
            ]
        except pa.ArrowInvalid as error:
            raise DataError(
                f"{shown(path)} changed while it was read",
                f"Received: {error}.",
                "Run again when nothing writes to the data.",
            ) from error
        yield pa.RecordBatch.from_arrays(arrays, names=list(types))


def _described(field: pa.Field, array: pa.Array, seen: Column, source: TableSource) -> Column:
    """A batch's values of one column, and what an example does not hold of them."""
    if reason := columnar.unreadable(field):
        return Column(field.name, None, missing=len(array), unreadable=reason)
    text = None
    kind: ColumnType | None
    if source.format != "csv":
        kind = columnar.type_of(array.type)
    elif seen.type == "STRING":
        kind = "STRING"
    else:
        text = array
        kind, array = csv_file.parse(array, seen.type)
    whole = array
    array, found = missing.counted(array, source.missing if text is None else ())
    found |= account.losses(array, kind, text, exact=columnar.is_decimal(field))
    return dataclasses.replace(
        observe(field.name, array, kind, seen.values), lengths=lengths(whole), losses=found
    )


def _typed(
    array: pa.Array | None, kind: ColumnType | None, rows: int, source: TableSource
) -> pa.Array:
    if array is None or kind is None:
        return pa.nulls(rows, ARROW_TYPE[kind] if kind else pa.null())
    if source.format != "csv":
        return columnar.to_type(missing.without_markers(array, source.missing), kind)
    found, parsed = csv_file.parse(array, kind)
    if found != kind:
        raise pa.ArrowInvalid(f"{found} where {kind} was found before")
    return missing.without_markers(parsed)


def _merged(first: TableSummary, other: TableSummary, format: str) -> TableSummary:
    theirs = {column.name: column for column in other.columns}
    ours = {column.name: column for column in first.columns}
    # Only in tf.Examples is a column that a file never mentions a column without values.
    if format != "tfrecord" and ours.keys() != theirs.keys():
        raise _other_columns(first, other)
    columns = []
    for name in [*ours, *(theirs.keys() - ours.keys())]:
        mine = ours.get(name, Column(name, None, missing=first.rows))
        further = theirs.get(name, Column(name, None, missing=other.rows))
        both = mine.merged(further)
        kinds = {kind for kind in (mine.type, further.type) if kind is not None}
        if format != "csv" and not both.of_folders and "STRING" in kinds and len(kinds) > 1:
            what = {True: "text", False: "numbers"}
            reason = (
                f"{what[mine.type == 'STRING']} in {shown(first.files[0])}, "
                f"{what[further.type == 'STRING']} in {shown(other.files[0])}"
            )
            both = dataclasses.replace(both, unreadable=both.unreadable or reason)
        columns.append(both)
    files = tuple(dict.fromkeys(first.files + other.files))
    return TableSummary(files, first.rows + other.rows, tuple(columns))


def _with_missing(column: Column, rows: int) -> Column:
    return dataclasses.replace(column, missing=column.missing + rows)


def _other_columns(first: TableSummary, other: TableSummary) -> DataError:
    lacking = [name for name in first.names if name not in other.names]
    further = [name for name in other.names if name not in first.names]
    parts = []
    if lacking:
        close = did_you_mean(lacking[0], further)
        parts.append(f"It lacks: {listing(lacking)}{close}{'' if close else '.'}")
    if further:
        parts.append(f"It has besides: {listing(further)}.")
    return DataError(
        f"{shown(other.files[0])} has other columns than {shown(first.files[0])}",
        f"Expected: the same {len(first.names)} columns in every file. {' '.join(parts)}",
        "Make the headers alike, or let data.path match the files of one kind only.",
    )

"""Reads Parquet and Avro, whose files say themselves which type a column has."""

from __future__ import annotations

import bisect
import datetime
import itertools
import os
import re
import struct
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq

from components.tables.columns import ARROW_TYPE, ColumnType
from components.tables.lists import relisted
from components.tables.source import (
    Files,
    TableSource,
    looks_like,
    read_errors,
    remedy_for,
    shown,
)
from models.common.errors import DataError

_ROWS = 16_384
"""Rows in a batch."""

_UNREADABLE = b"unreadable"
_DECIMAL = b"decimal"
"""What a field's metadata may have, where a reader gives a column as another type."""

_AVRO_TYPES: dict[str, pa.DataType] = {
    "null": pa.null(),
    "boolean": pa.int64(),
    "int": pa.int64(),
    "long": pa.int64(),
    "float": pa.float64(),
    "double": pa.float64(),
    "string": pa.string(),
    "enum": pa.string(),
    "bytes": pa.binary(),
    "fixed": pa.binary(),
}


def read_parquet(
    source: TableSource, path: str, files: Files, start: int = 0, end: int | None = None
) -> Iterator[pa.RecordBatch]:
    """Yields the file's rows; a column is int64, float64, text, bytes, or a list of one of these.

    A column that no example can hold is there without values; see `unreadable`.

    Args:
        source: The table.
        path: One of its files.
        files: Where it is.
        start: The first row to read.
        end: The row that follows the last one; None: all to the file's end.

    Raises:
        DataError: The file is not a whole Parquet file, or two columns have one name.
    """
    with read_errors(path), files.open(path, "rb") as file:
        _check_head(file, path, "Parquet")
        try:
            table = _open_parquet(path, file)
            schema = table.schema_arrow
            nothing = [pa.nulls(0, field.type) for field in schema]
            yield as_read(schema, nothing, source.times)
            for batch in _between(table, start, end):
                yield as_read(schema, batch.columns, source.times)
        except (pa.ArrowException, OSError) as error:
            raise _corrupt(path, "Parquet", error) from error


def rows_of_parquet(file: Any) -> int:
    """How many rows a Parquet file says that it has; 0 where it is none."""
    try:
        return int(pq.read_metadata(file).num_rows)
    except (pa.ArrowException, OSError):
        return 0  # Whoever reads it tells what is wrong.


def _between(table: pq.ParquetFile, start: int, end: int | None) -> Iterator[pa.RecordBatch]:
    """The rows from one to another, of which no other group of rows is read."""
    metadata = table.metadata
    sizes = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    ends = list(itertools.accumulate(sizes))
    end = metadata.num_rows if end is None else end
    first, last = bisect.bisect_right(ends, start), bisect.bisect_left(ends, end)
    groups = list(range(first, min(last + 1, len(ends))))
    row = ends[first - 1] if first else 0
    for batch in table.iter_batches(batch_size=_ROWS, row_groups=groups):
        wanted = batch.slice(max(start - row, 0), max(end - max(row, start), 0))
        row += batch.num_rows
        if wanted.num_rows:
            yield wanted
        if row >= end:
            return


def read_avro(source: TableSource, path: str, files: Files) -> Iterator[pa.RecordBatch]:
    """Yields the file's rows; a column is int64, float64, text, bytes, or a list of one of these.

    A column that no example can hold is there without values; see `unreadable`.

    Raises:
        DataError: The file is not a whole Avro file.
    """
    with read_errors(path), files.open(path, "rb") as file:
        _check_head(file, path, "Avro")
        reader = _or_corrupt(path, lambda: fastavro.reader(file))
        schema = reader.writer_schema
        if not isinstance(schema, dict) or schema.get("type") != "record":
            raise DataError(
                f"{shown(path)} does not hold rows",
                f"Expected: Avro records. Received: {schema!r:.80}.",
                "Write the table with a record as schema, one field a column.",
            )
        fields = pa.schema(
            pa.field(field["name"], pa.string())
            if field["name"] in source.times and _avro_is_time(field["type"])
            else _avro_field(field["name"], field["type"])
            for field in schema["fields"]
        )
        yield as_read(fields, [pa.nulls(0, field.type) for field in fields])
        records = iter(reader)
        while True:
            some = _or_corrupt(path, lambda: list(itertools.islice(records, _ROWS)))
            if not some:
                return
            yield as_read(fields, [_array(some, field) for field in fields])


def unreadable(field: pa.Field) -> str | None:
    """Why no example can hold a column that these readers yield; None: one can."""
    return (field.metadata or {}).get(_UNREADABLE, b"").decode() or None


def unreadable_field(name: str, reason: str) -> pa.Field:
    """The field of a column that no example can hold."""
    return pa.field(name, pa.null(), metadata={_UNREADABLE: reason})


def is_decimal(field: pa.Field) -> bool:
    """Whether the file has the column's values with all their decimal digits."""
    return _DECIMAL in (field.metadata or {})


def to_type(array: pa.Array, kind: ColumnType | None) -> pa.Array:
    """Gives the array, of scalars or lists, a type that its values have.

    Bytes stay bytes where text is asked for.

    Raises:
        pyarrow.ArrowInvalid: A value has not that type.
    """
    if pa.types.is_list(array.type):
        return array.cast(pa.list_(_wanted(array.type.value_type, kind)))
    return array.cast(_wanted(array.type, kind))


def type_of(arrow: pa.DataType) -> ColumnType | None:
    """The type of a column that these readers yield."""
    if pa.types.is_list(arrow):
        return type_of(arrow.value_type)
    if pa.types.is_null(arrow):
        return None
    if pa.types.is_integer(arrow):
        return "INT"
    return "FLOAT" if pa.types.is_floating(arrow) else "STRING"


def _wanted(arrow: pa.DataType, kind: ColumnType | None) -> pa.DataType:
    if kind is None:
        return pa.null()
    return arrow if kind == "STRING" and pa.types.is_binary(arrow) else ARROW_TYPE[kind]


def as_read(
    schema: pa.Schema, arrays: Iterable[pa.Array], times: Collection[str] = ()
) -> pa.RecordBatch:
    """Arrays of any type as these readers yield them.

    Args:
        schema: Their names and types.
        arrays: One for each field.
        times: Columns that are given as text, where they are dates or times.
    """
    fields, columns = [], []
    for field, array in zip(schema, arrays, strict=True):
        reason = unreadable(field)
        decimal = is_decimal(field) or pa.types.is_decimal(_innermost(field.type))
        if field.name in times and _is_time(array.type):
            array = array.cast(pa.string())
        if reason is None:
            try:
                array = _plain(array)
            except _UnreadableError as error:
                reason = str(error)
        metadata = {_DECIMAL: "1"} if decimal else None
        if reason is None:
            fields.append(pa.field(field.name, array.type, metadata=metadata))
            columns.append(array)
        else:
            fields.append(unreadable_field(field.name, reason))
            columns.append(pa.nulls(len(array)))
    return pa.RecordBatch.from_arrays(columns, schema=pa.schema(fields))


def _open_parquet(path: str, file: Any) -> pq.ParquetFile:
    """Opens a file; lists of a fixed length come as lists of any.

    Arrow before its version 15 fails on lists of a fixed length of which one is null. What makes it
    take them for such is its own schema among the file's metadata; without it they are lists.
    """
    try:
        table = pq.ParquetFile(file)
        _check_names(path, table.schema_arrow.names)
    except pa.ArrowException:
        raise
    except UnicodeDecodeError as error:
        raise DataError(
            f"{shown(path)} has a column whose name is not UTF-8 text",
            f"Received: {error.object!r:.80}.",
            "Rename the column.",
        ) from error
    except (RuntimeError, ValueError) as error:
        # What stands in for the extension type that runs code: components/tables/__init__.py.
        raise DataError(
            f"{shown(path)} has a column whose type is Python code",
            "Received: an extension type as a pickle, which would run when it is read.",
            "Write the file again, with the type that the column's values are stored as.",
        ) from error
    if not any(pa.types.is_fixed_size_list(field.type) for field in table.schema_arrow):
        return table
    file.seek(-8, os.SEEK_END)
    size, end = struct.unpack("<I4s", file.read(8))
    file.seek(-8 - size, os.SEEK_END)
    footer = file.read(size).replace(b"ARROW:schema", b"-----:schema")
    without = pa.BufferReader(b"PAR1" + footer + struct.pack("<I4s", size, end))
    file.seek(0)
    return pq.ParquetFile(file, metadata=pq.read_metadata(without))


class _UnreadableError(Exception):
    """No example can hold an array; says why."""


def _plain(array: pa.Array) -> pa.Array:
    """The array as int64, float64, text, bytes, or a list of one of these.

    Raises:
        _UnreadableError: Its type, or one of its values, is none of these.
    """
    array = _decoded(array)
    types = pa.types
    lists = types.is_list(array.type) or types.is_large_list(array.type)
    if lists or types.is_fixed_size_list(array.type):
        values = _decoded(array.flatten())
        return relisted(array, _cast(values, _target(values.type)))
    return _cast(array, _target(array.type))


def _decoded(array: pa.Array) -> pa.Array:
    """The values that an extension type or a dictionary stands for."""
    if isinstance(array.type, pa.BaseExtensionType):
        array = array.storage
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def _innermost(arrow: pa.DataType) -> pa.DataType:
    return arrow.value_type if hasattr(arrow, "value_type") else arrow


def _cast(array: pa.Array, target: pa.DataType) -> pa.Array:
    try:
        return array.cast(target)
    except pa.ArrowInvalid as error:
        raise _UnreadableError(f"{array.type}, with a value that does not fit: {error}") from error


def _target(arrow: pa.DataType) -> pa.DataType:
    """The type as which the values of a column, or of its lists, are read."""
    types = pa.types
    if types.is_null(arrow):
        return arrow
    if types.is_boolean(arrow) or types.is_integer(arrow):
        return pa.int64()
    if types.is_floating(arrow) or types.is_decimal(arrow):
        return pa.float64()
    if types.is_string(arrow) or types.is_large_string(arrow):
        return pa.string()
    if types.is_binary(arrow) or types.is_large_binary(arrow) or types.is_fixed_size_binary(arrow):
        return pa.binary()
    nested = types.is_list(arrow) or types.is_large_list(arrow) or types.is_fixed_size_list(arrow)
    raise _UnreadableError("lists of lists" if nested else str(arrow))


def _avro_field(name: str, avro: Any) -> pa.Field:
    metadata = {_DECIMAL: "1"} if "'logicalType': 'decimal'" in str(avro) else None
    try:
        return pa.field(name, _avro_target(avro), metadata=metadata)
    except _UnreadableError as error:
        return unreadable_field(name, str(error))


def _avro_target(avro: Any, inside: bool = False) -> pa.DataType:
    """The type as which an Avro field is read."""
    if isinstance(avro, list):
        targets = {_avro_target(part, inside) for part in avro if part != "null"}
        if targets == {pa.int64(), pa.float64()}:
            return pa.float64()
        if len(targets) <= 1:
            return targets.pop() if targets else pa.null()
        raise _UnreadableError(f"union of {', '.join(map(str, avro))}")
    kind = avro.get("type") if isinstance(avro, dict) else avro
    logical = avro.get("logicalType") if isinstance(avro, dict) else None
    if logical == "decimal":
        return pa.float64()
    # A logical type that nobody knows is, as Avro has it, the type below it.
    if isinstance(logical, str) and re.search("date|time|duration|uuid", logical):
        raise _UnreadableError(logical)
    if isinstance(kind, dict | list):
        return _avro_target(kind, inside)
    if kind == "array" and not inside:
        return pa.list_(_avro_target(avro["items"], inside=True))
    if kind in _AVRO_TYPES:
        return _AVRO_TYPES[kind]
    raise _UnreadableError("lists of lists" if kind == "array" else str(kind))


def _is_time(arrow: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(arrow) or pa.types.is_date(arrow))


def _avro_is_time(avro: Any) -> bool:
    if isinstance(avro, list):
        return any(_avro_is_time(part) for part in avro)
    kind = avro.get("logicalType", "") if isinstance(avro, dict) else ""
    return kind == "date" or "timestamp" in kind


def _array(records: list[Any], field: pa.Field) -> pa.Array:
    if unreadable(field):
        return pa.nulls(len(records))
    values = [record[field.name] for record in records]
    if not pa.types.is_list(field.type):
        return pa.array(_plain_values(values, field.type), field.type)
    inside = field.type.value_type
    lists = [_plain_values(value, inside) if value else value for value in values]
    return pa.array(lists, field.type)


def _plain_values(values: list[Any], target: pa.DataType) -> list[Any]:
    """The values as Arrow takes them."""
    if pa.types.is_floating(target):
        return [None if value is None else float(value) for value in values]
    if pa.types.is_string(target):
        return [one.isoformat() if isinstance(one, datetime.date) else one for one in values]
    return [int(value) if isinstance(value, bool) else value for value in values]


def _check_names(path: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            f"{shown(path)}: more than one column is called '{twice[0]}'",
            f"Expected: each name once. Received: {', '.join(names[:20])}.",
            "Rename or remove all but one.",
        )


def _check_head(file: Any, path: str, expected: str) -> None:
    head = file.read(16)
    file.seek(0)
    kind = looks_like(head)
    if kind == expected:
        return
    if not head:
        received = "an empty file"
    elif kind:
        received = f"what looks like {kind}"
    else:
        received = f"a file that begins with {head!r}"
    text = kind is None and head and head.isascii() and b"\0" not in head
    raise DataError(
        f"{shown(path)} is not {expected}",
        f"Expected: {expected}, because of data.format. Received: {received}.",
        "If it is CSV, set data.format: csv in the model's config.yaml."
        if text
        else remedy_for(kind),
    )


def _or_corrupt(path: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except OSError:
        raise
    except Exception as error:  # fastavro lets through whatever its parts stumble over.
        raise _corrupt(path, "Avro", error) from error


def _corrupt(path: str, kind: str, error: Exception) -> DataError:
    reason = " ".join(str(error).split()) or type(error).__name__
    return DataError(
        f"{shown(path)} is damaged or incomplete",
        f"Expected: a whole {kind} file. Received: {reason[:200]}.",
        "Write or copy the file again.",
    )

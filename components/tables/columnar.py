"""Reads Parquet and Avro, whose files say themselves which type a column has."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import fastavro
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from components.tables.columns import ARROW_TYPE, ColumnType
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


def read_parquet(source: TableSource, path: str, files: Files) -> Iterator[pa.RecordBatch]:
    """Yields the file's rows; a column is int64, float64, text, bytes, or a list of one of these.

    Raises:
        DataError: The file is not a whole Parquet file, or has a column of another type.
    """
    with read_errors(path), files.open(path, "rb") as file:
        _check_head(file, path, "Parquet")
        try:
            table = pq.ParquetFile(file)
            schema = table.schema_arrow
            targets = [
                pa.string()
                if field.name in source.times and _is_time(field.type)
                else _target(path, field.name, field.type)
                for field in schema
            ]
            yield _batch(path, schema.names, targets, [pa.nulls(0, t) for t in targets])
            for batch in table.iter_batches(batch_size=_ROWS):
                yield _batch(path, schema.names, targets, batch.columns)
        except (pa.ArrowException, OSError) as error:
            raise _corrupt(path, "Parquet", error) from error


def read_avro(source: TableSource, path: str, files: Files) -> Iterator[pa.RecordBatch]:
    """Yields the file's rows; a column is int64, float64, text, bytes, or a list of one of these.

    Raises:
        DataError: The file is not a whole Avro file, or has a column of another type.
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
        names = [field["name"] for field in schema["fields"]]
        targets = [
            pa.string()
            if field["name"] in source.times and _avro_is_time(field["type"])
            else _avro_target(path, field["name"], field["type"])
            for field in schema["fields"]
        ]
        yield _batch(path, names, targets, [pa.nulls(0, target) for target in targets])
        records = iter(reader)
        while True:
            some = _or_corrupt(path, lambda: list(itertools.islice(records, _ROWS)))
            if not some:
                return
            fields = zip(names, targets, strict=True)
            yield _batch(path, names, targets, [_array(some, *field) for field in fields])


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


def _batch(
    path: str, names: list[str], targets: list[pa.DataType], arrays: Iterable[pa.Array]
) -> pa.RecordBatch:
    columns = []
    for name, target, array in zip(names, targets, arrays, strict=True):
        if pa.types.is_dictionary(array.type):
            array = array.dictionary_decode()
        try:
            columns.append(plain_lists(array.cast(target)))
        except pa.ArrowInvalid as error:
            raise DataError(
                f"{shown(path)}: the column '{name}' has a value that does not fit",
                f"Expected: {target}. Received: {error}.",
                "Write the column as text or as floats.",
            ) from error
    return pa.RecordBatch.from_arrays(columns, names=names)


def plain_lists(array: pa.Array) -> pa.Array:
    """Lists with 32-bit offsets, without those elements that are null: no tf.Example has such."""
    large = pa.types.is_large_list(array.type)
    if not large and not (pa.types.is_list(array.type) and array.values.null_count):
        return array
    values = array.flatten()
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
    ends = np.concatenate([[0], np.cumsum(lengths)])
    kept = np.concatenate([[0], np.cumsum(values.is_valid().to_numpy(zero_copy_only=False))])
    # Where an offset is null, so is the list.
    missing = np.append(array.is_null().to_numpy(zero_copy_only=False), False)
    offsets = pa.array(kept[ends], pa.int32(), mask=missing)
    return pa.ListArray.from_arrays(offsets, values.drop_null())


def _target(path: str, name: str, arrow: pa.DataType, inside: bool = False) -> pa.DataType:
    """The type as which a Parquet column is read."""
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
    if types.is_dictionary(arrow) and not inside:
        return _target(path, name, arrow.value_type)
    lists = types.is_list(arrow) or types.is_large_list(arrow) or types.is_fixed_size_list(arrow)
    if lists and not inside:
        return pa.list_(_target(path, name, arrow.value_type, inside=True))
    raise _unsupported(path, name, "lists of lists" if lists else str(arrow))


def _avro_target(path: str, name: str, avro: Any, inside: bool = False) -> pa.DataType:
    """The type as which an Avro field is read."""
    if isinstance(avro, list):
        targets = {_avro_target(path, name, part, inside) for part in avro if part != "null"}
        if targets == {pa.int64(), pa.float64()}:
            return pa.float64()
        if len(targets) <= 1:
            return targets.pop() if targets else pa.null()
        raise _unsupported(path, name, f"union of {', '.join(map(str, avro))}")
    kind = avro.get("type") if isinstance(avro, dict) else avro
    if isinstance(avro, dict) and "logicalType" in avro:
        raise _unsupported(path, name, avro["logicalType"])
    if isinstance(kind, dict | list):
        return _avro_target(path, name, kind, inside)
    if kind == "array" and not inside:
        return pa.list_(_avro_target(path, name, avro["items"], inside=True))
    if kind in _AVRO_TYPES:
        return _AVRO_TYPES[kind]
    raise _unsupported(path, name, "lists of lists" if kind == "array" else str(kind))


def _is_time(arrow: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(arrow) or pa.types.is_date(arrow))


def _avro_is_time(avro: Any) -> bool:
    if isinstance(avro, list):
        return any(_avro_is_time(part) for part in avro)
    kind = avro.get("logicalType", "") if isinstance(avro, dict) else ""
    return kind == "date" or "timestamp" in kind


def _array(records: list[Any], name: str, target: pa.DataType) -> pa.Array:
    values = [record[name] for record in records]
    if pa.types.is_string(target):
        values = [v.isoformat() if isinstance(v, datetime.date) else v for v in values]
    if pa.types.is_list(target):
        return pa.array([_numbers(value) if value else value for value in values], target)
    return pa.array(_numbers(values), target)


def _numbers(values: list[Any]) -> list[Any]:
    """Booleans as the numbers that they are, for Arrow."""
    return [int(value) if isinstance(value, bool) else value for value in values]


def _unsupported(path: str, name: str, received: str) -> DataError:
    return DataError(
        f"{shown(path)}: the column '{name}' has a type that an example cannot hold: {received}",
        "Expected: whole numbers, floats, booleans, text, bytes, or lists of these.",
        "Leave the column out when writing the file, or convert it: a time to a number or text, a "
        "record to a column for each field.",
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

"""Parquet: a null is a missing value; the columns stay as they are, outputs come behind them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import serving.core.arrow  # noqa: F401  (no file runs code)
from serving.batch.formats import Answered, Row, check_columns, converted
from serving.codec import tensors
from serving.core.errors import Code, ServingError
from serving.model.signatures import Signature, TensorInfo

ENDING = ".parquet"


def read(path: Path, signature: Signature, rows: int) -> Iterator[list[Row]]:
    """See `formats.Format`.

    Raises:
        ServingError: It is not Parquet, is damaged, or lacks an input of the model.
    """
    number = 0
    rest: pa.Table | None = None
    with _opened(path) as file:
        check_columns(path, file.schema_arrow.names, signature)
        # Batches end where row groups do; what is asked at once must not depend on those.
        for batch in _batches(file, path, rows):
            table = pa.Table.from_batches([batch])
            table = table if rest is None else pa.concat_tables([rest, table])
            while table.num_rows >= rows:
                yield _rows(table.slice(0, rows), number, signature)
                number, table = number + rows, table.slice(rows)
            rest = table
    if rest is not None and rest.num_rows:
        yield _rows(rest, number, signature)


def _batches(file: pq.ParquetFile, path: Path, rows: int) -> Iterator[pa.RecordBatch]:
    try:
        yield from file.iter_batches(batch_size=rows)
    except (pa.ArrowException, OSError) as error:
        raise ServingError(
            Code.DATA_LOSS, f"{path} is damaged", str(error), "Copy the file again."
        ) from error


def _opened(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise ServingError(
            Code.INVALID_ARGUMENT, f"{path} is not Parquet", str(error), "Name its --format."
        ) from error
    except (RuntimeError, ValueError) as error:  # What stands in for pyarrow's own type refuses it.
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"{path} has a column whose type is Python code",
            "Received: an extension type as a pickle, which would run when it is read.",
            "Write the file again, with the type that the column's values are stored as.",
        ) from error


def _rows(table: pa.Table, before: int, signature: Signature) -> list[Row]:
    wanted = [name for name in table.column_names if name in signature.inputs]
    columns = [table[name].to_pylist() for name in wanted]

    def convert(name: str, value: Any) -> Any:
        return _value(value, signature.inputs[name])

    return [
        Row(
            before + place + 1,
            converted(dict(zip(wanted, values, strict=True)), convert),
            (table, place),
        )
        for place, values in enumerate(zip(*columns, strict=True))
    ]


def _value(value: Any, info: TensorInfo) -> Any:
    converted = _converted(value, info.dtype.kind)
    in_list = info.shape is not None and len(info.shape) > 1
    return [converted] if in_list and not isinstance(value, list) else converted


def _converted(value: Any, kind: str) -> Any:
    if isinstance(value, list):
        return [_converted(item, kind) for item in value]
    if isinstance(value, bytes):
        return tensors.as_b64(value)
    if kind == "O" and not isinstance(value, str):
        return str(value)
    if kind in "iu" and isinstance(value, float) and value.is_integer():
        return int(value)  # pandas keeps integers with gaps as floats.
    return value


class ParquetWriter:
    """See `formats.Writer`."""

    def __init__(self, path: Path, source: Path, signature: Signature) -> None:
        with _opened(source) as file:
            schema = file.schema_arrow
        self._outputs = {
            f"output_{name}": (name, _type(info)) for name, info in signature.outputs.items()
        }
        for column, (_, kind) in self._outputs.items():
            schema = schema.append(pa.field(column, kind))
        self._schema = schema
        self._file = pq.ParquetWriter(path, schema)

    def write(self, rows: list[Answered]) -> None:
        """Adds rows."""
        if not rows:
            return
        table: pa.Table = rows[0].row.source[0]
        table = table.take([item.row.source[1] for item in rows])
        columns = [
            pa.array([item.outputs[name] for item in rows], kind)
            for name, kind in self._outputs.values()
        ]
        self._file.write_table(
            pa.Table.from_arrays([*table.columns, *columns], schema=self._schema)
        )

    def close(self) -> None:
        """Completes the file."""
        self._file.close()


def _type(info: TensorInfo) -> pa.DataType:
    kind = pa.string() if info.dtype.kind == "O" else pa.from_numpy_dtype(np.dtype(info.dtype))
    # [batch, 1] is one value a row, as in `job.answers`.
    dimensions = (info.shape or ())[1:]
    for _ in () if dimensions == (1,) else dimensions:
        kind = pa.list_(kind)
    return kind


writer = ParquetWriter

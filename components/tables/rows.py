"""Rows in the form of `tf.Example`s, and a hash of each row's content."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def to_lists(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Gives rows the form of `tf.Example`s: every column a list of int64, float32 or bytes.

    A missing value is an empty list of the column's type, so that readers see the feature and its
    type in every row. A column without any type is left out. The columns are sorted by name.
    """
    names, arrays = [], []
    for name, array in sorted(zip(batch.schema.names, batch.columns, strict=True)):
        is_list = pa.types.is_list(array.type)
        if pa.types.is_null(array.type.value_type if is_list else array.type):
            continue
        values = array.flatten() if is_list else array.drop_null()
        lengths = pc.fill_null(array.value_lengths(), 0) if is_list else array.is_valid()
        ends = np.cumsum(lengths.to_numpy(zero_copy_only=False), dtype=np.int32)
        offsets = pa.array(np.concatenate([np.zeros(1, np.int32), ends]))
        arrays.append(pa.ListArray.from_arrays(offsets, values.cast(_example_type(values.type))))
        names.append(name)
    return pa.RecordBatch.from_arrays(arrays, names=names)


def with_values(batch: pa.RecordBatch, columns: Collection[str]) -> pa.RecordBatch:
    """The rows that have a value in each of the columns; an empty text is none."""
    if any(name not in batch.schema.names for name in columns):
        return batch.slice(0, 0)
    present = np.ones(batch.num_rows, bool)
    own = [batch.column(batch.schema.get_field_index(name)) for name in columns]
    lists = to_lists(pa.RecordBatch.from_arrays(own, names=list(columns)))
    if lists.num_columns < len(own):  # One has no type, and so no value.
        return batch.slice(0, 0)
    for array in lists.columns:
        present &= np.diff(array.offsets.to_numpy()) > 0
        if not _is_number(array):
            # With no value of its own, a row takes that of the next: it is left out all the same.
            filled = np.append(pc.binary_length(array.values).to_numpy() > 0, False)
            present &= filled[np.minimum(array.offsets.to_numpy()[:-1], len(filled) - 1)]
    return batch if present.all() else batch.filter(pa.array(present))


def row_hashes(rows: pa.RecordBatch) -> Iterator[int]:
    """A hash of each row's content, the same on every machine and in every run.

    The serialized example would not do: the order of its features differs from one time to another.

    Args:
        rows: As `to_lists` gives them.
    """
    texts = []
    for array in rows.columns:
        values = array.values.cast(pa.string()) if _is_number(array) else array.values
        cells = pa.ListArray.from_arrays(array.offsets, values.cast(pa.binary()))
        texts.append(pc.binary_join(cells, pa.scalar(b"\x1e", pa.binary())))
    for text in pc.binary_join_element_wise(*texts, pa.scalar(b"\x1f", pa.binary())).to_pylist():
        yield int.from_bytes(hashlib.sha256(text).digest()[:8], "big")


def _example_type(arrow: pa.DataType) -> pa.DataType:
    if pa.types.is_integer(arrow):
        return pa.int64()
    return pa.float32() if pa.types.is_floating(arrow) else pa.binary()


def _is_number(array: pa.Array) -> bool:
    return not pa.types.is_binary(array.type.value_type)

"""Turns rows into `tf.Example`s and writes them, split by a hash of their content."""

from __future__ import annotations

import bisect
import contextlib
import hashlib
import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow as tf
from tfx_bsl.coders.example_coder import RecordBatchToExamples

_ROWS_A_FILE = 250_000
"""About how many rows make a file: several workers can then read a split."""
_COMPRESSION = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=1)


def write(
    batches: Iterable[pa.RecordBatch],
    splits: Mapping[str, int],
    folders: Mapping[str, str],
    name: str,
    required: Collection[str] = (),
) -> int:
    """Writes rows as gzipped TFRecord files of serialized `tf.Example`s.

    A split that gets no row gets no file.

    Args:
        batches: Rows, as `tables.read_file` gives them.
        splits: Each split's share, in hash buckets.
        folders: Each split's folder.
        name: What tells these files from those that others write to the same folders.
        required: Columns without a value in which a row is left out.

    Returns:
        How many rows were left out.
    """
    left_out = 0
    shares = list(itertools.accumulate(splits.values()))
    names = list(splits)
    for number, some in enumerate(_in_parts(batches)):
        with contextlib.ExitStack() as stack:
            writers: dict[str, tf.io.TFRecordWriter] = {}
            for batch in some:
                rows = _with_values(to_lists(batch), required)
                left_out += batch.num_rows - rows.num_rows
                buckets = (hashed % shares[-1] for hashed in row_hashes(rows))
                for bucket, example in zip(buckets, RecordBatchToExamples(rows), strict=True):
                    split = names[bisect.bisect(shares, bucket)]
                    if split not in writers:
                        tf.io.gfile.makedirs(folders[split])
                        path = f"{folders[split]}/data_tfrecord-{name}-{number:05}.gz"
                        writers[split] = stack.enter_context(
                            tf.io.TFRecordWriter(path, _COMPRESSION)
                        )
                    writers[split].write(example)
    return left_out


def _with_values(rows: pa.RecordBatch, columns: Collection[str]) -> pa.RecordBatch:
    """The rows that have a value in each of the columns; an empty text is none."""
    present = np.ones(rows.num_rows, bool)
    for name in columns:
        if name not in rows.schema.names:
            return rows.slice(0, 0)
        array = rows.column(rows.schema.get_field_index(name))
        present &= np.diff(array.offsets.to_numpy()) > 0
        if not _is_number(array):
            # With no value of its own, a row takes that of the next: it is left out all the same.
            filled = np.append(pc.binary_length(array.values).to_numpy() > 0, False)
            present &= filled[np.minimum(array.offsets.to_numpy()[:-1], len(filled) - 1)]
    return rows if present.all() else rows.filter(pa.array(present))


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


def _in_parts(batches: Iterable[pa.RecordBatch]) -> Iterator[Iterator[pa.RecordBatch]]:
    """Groups batches so that each group has about as many rows as go into one file."""
    rows = 0

    def part(batch: pa.RecordBatch) -> int:
        nonlocal rows
        rows += batch.num_rows
        return (rows - 1) // _ROWS_A_FILE

    return (group for _, group in itertools.groupby(batches, key=part))

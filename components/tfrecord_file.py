"""Reads TFRecord files of `tf.Example`s as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import tensorflow as tf
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.tables.columnar import plain_lists
from components.tables.source import Files, TableSource, looks_like, read_errors, shown
from models.common.errors import DataError

_ROWS = 4096


def read(source: TableSource, path: str, files: Files) -> Iterator[pa.RecordBatch]:
    """Yields the file's rows; a column is a list of int64, float32 or bytes.

    A batch lacks the features that none of its examples has. The file may be gzipped.

    Raises:
        DataError: The file is damaged, or holds something else than tf.Examples.
    """
    with read_errors(path), files.open(path, "rb") as file:
        kind = looks_like(file.read(16))
    if kind not in (None, "gzip"):
        raise DataError(
            f"{shown(path)} is not TFRecord",
            f"Expected: TFRecord, because of data.format. Received: what looks like {kind}.",
            "Set data.format to the file's format: csv, tfrecord, parquet or avro.",
        )
    compression = "GZIP" if kind == "gzip" else ""
    decoder = ExamplesToRecordBatchDecoder()
    rows = 0
    try:
        for batch in tf.data.TFRecordDataset(path, compression).batch(_ROWS).as_numpy_iterator():
            yield _decode(decoder, list(batch), path, rows)
            rows += len(batch)
    except (tf.errors.DataLossError, tf.errors.OutOfRangeError) as error:
        raise DataError(
            f"{shown(path)} is damaged or not TFRecord, after record {rows // _ROWS * _ROWS}",
            f"Expected: TFRecord, plain or gzipped. Received: {error.message}.",
            "Write or copy the file again, or correct data.format.",
        ) from error


def _decode(
    decoder: ExamplesToRecordBatchDecoder, examples: Sequence[bytes], path: str, before: int
) -> pa.RecordBatch:
    try:
        batch = decoder.DecodeBatch(examples)
    except (RuntimeError, ValueError) as error:
        for number, example in enumerate(examples, start=before + 1):
            try:
                decoder.DecodeBatch([example])
            except (RuntimeError, ValueError):
                raise DataError(
                    f"{shown(path)}: record {number} is not a tf.Example",
                    f"Expected: serialized tf.Examples. Received: {example[:40]!r}.",
                    "Write the records with tf.train.Example(...).SerializeToString().",
                ) from error
        raise DataError(
            f"{shown(path)}: records {before + 1} to {before + len(examples)} do not agree",
            f"Expected: each feature with one type. Received: {error}.",
            "Write each feature with the same kind of list in every record.",
        ) from error
    if not batch.num_columns:
        raise DataError(
            f"{shown(path)}: no record from {before + 1} to {before + len(examples)} has a feature",
            "Expected: serialized tf.Examples. Received: records without any feature.",
            "Write the records with tf.train.Example(...).SerializeToString().",
        )
    arrays = [_plain(array) for array in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _plain(array: pa.Array) -> pa.Array:
    """A decoded column with 32-bit offsets, like those of other formats."""
    if pa.types.is_null(array.type):
        return array
    lists = plain_lists(array)
    if pa.types.is_large_binary(lists.type.value_type):
        return pa.ListArray.from_arrays(lists.offsets, lists.values.cast(pa.binary()))
    return lists

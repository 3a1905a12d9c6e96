"""Reads TFRecord files of `tf.Example`s as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import tensorflow as tf
from google.protobuf.message import DecodeError
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.tables.formats import columnar, sequence_examples
from components.tables.lists import relisted
from components.tables.source import Files, TableSource, looks_like, read_errors, shown
from models.common.errors import DataError

_ROWS = 4096


def read(source: TableSource, path: str, files: Files) -> Iterator[pa.RecordBatch]:
    """Yields the file's rows; a column is a list of int64, float32 or bytes.

    A batch lacks the features that none of its examples has. The file may be gzipped.

    Raises:
        DataError: The file is damaged, or holds something else than tf.Examples, such as
            tf.SequenceExamples, whose feature lists would be lost.
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
    decoder = _Decoder(path)
    rows = 0
    try:
        for batch in tf.data.TFRecordDataset(path, compression).batch(_ROWS).as_numpy_iterator():
            yield decoder.batch(batch, rows)
            rows += len(batch)
    except (tf.errors.DataLossError, tf.errors.OutOfRangeError) as error:
        raise DataError(
            f"{shown(path)} is damaged or not TFRecord, after record {rows // _ROWS * _ROWS}",
            f"Expected: TFRecord, plain or gzipped. Received: {error.message}.",
            "Write or copy the file again, or correct data.format.",
        ) from error


class _Decoder:
    """Decodes the records of one file."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._decode = ExamplesToRecordBatchDecoder().DecodeBatch
        self._kinds: dict[str, tuple[str, int]] = {}
        """Of each feature with a value: its kind of list, and where the batch begins that has it
        first."""

    def batch(self, examples: Sequence[bytes], before: int) -> pa.RecordBatch:
        """The rows of some records, of which `before` others are in front.

        A feature that is of several types is there without values; see `columnar.unreadable`.
        """
        for number, example in enumerate(examples, start=before + 1):
            if not sequence_examples.is_plain(example):
                self._check_is_an_example(example, number)
        mixed: dict[str, str] = {}
        try:
            batch = self._decode(list(examples))
        except (RuntimeError, ValueError):
            batch, mixed = self._without_mixed(examples, before)
        if not batch.num_columns and not mixed:
            raise DataError(
                f"{shown(self._path)}: no record from {before + 1} to {before + len(examples)} has "
                "a feature",
                "Expected: serialized tf.Examples. Received: records without any feature.",
                "Write the records with tf.train.Example(...).SerializeToString().",
            )
        fields = [columnar.unreadable_field(name, reason) for name, reason in mixed.items()]
        arrays = [pa.nulls(len(examples)) for _ in mixed]
        for name, array in zip(batch.schema.names, batch.columns, strict=True):
            reason = self._other_type(name, array, before + 1)
            plain = _plain(array)
            arrays.append(pa.nulls(len(examples)) if reason else plain)
            fields.append(
                columnar.unreadable_field(name, reason) if reason else pa.field(name, plain.type)
            )
        return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))

    def _other_type(self, name: str, array: pa.Array, first: int) -> str | None:
        """What differs, where earlier records have the feature with another type."""
        if pa.types.is_null(array.type):
            return None
        kind = _KINDS[str(array.type.value_type)]
        known, record = self._kinds.setdefault(name, (kind, first))
        if kind == known:
            return None
        return f"{known} from record {record}, {kind} from record {first}"

    def _check_is_an_example(self, record: bytes, number: int) -> None:
        try:
            sequence = tf.train.SequenceExample.FromString(record)
        except DecodeError:
            raise self._no_example(record, number) from None
        if lists := sequence.feature_lists.feature_list:
            raise sequence_examples.refusal(self._path, number, sequence.context.feature, lists)

    def _without_mixed(
        self, examples: Sequence[bytes], before: int
    ) -> tuple[pa.RecordBatch, dict[str, str]]:
        """Decodes without those features that are of several types, and says which these are."""
        parsed = []
        kinds: dict[str, dict[str, int]] = {}
        for number, example in enumerate(examples, start=before + 1):
            try:
                parsed.append(tf.train.Example.FromString(example))
            except DecodeError:
                raise self._no_example(example, number) from None
            for name, feature in parsed[-1].features.feature.items():
                if kind := feature.WhichOneof("kind"):
                    kinds.setdefault(name, {}).setdefault(kind, number)
        mixed = {
            name: ", ".join(f"{kind} in record {number}" for kind, number in found.items())
            for name, found in kinds.items()
            if len(found) > 1
        }
        for example in parsed:
            for name in mixed:
                example.features.feature.pop(name, None)
        try:
            batch = self._decode([example.SerializeToString() for example in parsed])
        except (RuntimeError, ValueError) as error:
            raise DataError(
                f"{shown(self._path)}: records {before + 1} to {before + len(examples)} cannot be "
                "read",
                f"Expected: serialized tf.Examples. Received: {error}.",
                "Write the records with tf.train.Example(...).SerializeToString().",
            ) from error
        return batch, mixed

    def _no_example(self, record: bytes, number: int) -> DataError:
        return DataError(
            f"{shown(self._path)}: record {number} is not a tf.Example",
            f"Expected: serialized tf.Examples. Received: {record[:40]!r}.",
            "Write the records with tf.train.Example(...).SerializeToString().",
        )


_KINDS = {"int64": "int64_list", "float": "float_list", "large_binary": "bytes_list"}


def _plain(array: pa.Array) -> pa.Array:
    """A decoded column with 32-bit offsets, like those of other formats."""
    if pa.types.is_null(array.type):
        return array
    lists = relisted(array, array.flatten())
    if pa.types.is_large_binary(lists.type.value_type):
        return pa.ListArray.from_arrays(lists.offsets, lists.values.cast(pa.binary()))
    return lists

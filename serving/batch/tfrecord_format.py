"""TFRecord of `tf.Example`s: outputs become features of the example."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError

from serving.batch.formats import Answered, Row, in_chunks
from serving.codec import tensors
from serving.core.errors import Code, ServingError
from serving.model.signatures import Signature, TensorInfo

ENDING = ".tfrecord"


def read(path: Path, signature: Signature, rows: int) -> Iterator[list[Row]]:
    """See `formats.Format`.

    A signature with one input of strings that no feature is called like, such as
    `serving_examples`, gets the examples as they are.

    Raises:
        ServingError: It is not TFRecord, or damaged.
    """
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    options = tf.io.TFRecordOptions(compression_type="GZIP" if packed else "")
    records = tf.compat.v1.io.tf_record_iterator(str(path), options)
    numbered = enumerate(_checked(records, path), start=1)
    yield from in_chunks((_row(number, record, signature) for number, record in numbered), rows)


def _checked(records: Iterator[bytes], path: Path) -> Iterator[bytes]:
    try:
        yield from records
    except tf.errors.OpError as error:
        raise ServingError(
            Code.DATA_LOSS, f"{path} is damaged, or not TFRecord", error.message,
            "Copy the file again, or name its --format.",
        ) from error  # fmt: skip


def _row(number: int, record: bytes, signature: Signature) -> Row:
    example = tf.train.Example()
    try:
        example.ParseFromString(record)
    except DecodeError:
        return Row(number, None, record, "is not a tf.Example")
    features = example.features.feature
    (only, *others) = signature.inputs.values()
    if not others and only.dtype.kind == "O" and only.name not in features:
        return Row(number, tensors.as_b64(record), example)
    instance = {}
    for name, feature in features.items():
        info = signature.inputs.get(name)
        values = list(getattr(feature, feature.WhichOneof("kind") or "float_list").value)
        if info is not None and values:
            instance[name] = _value(values, info)
    return Row(number, instance, example)


def _value(values: list[Any], info: TensorInfo) -> Any:
    converted = [tensors.as_b64(value) if isinstance(value, bytes) else value for value in values]
    single = info.shape is not None and len(info.shape) == 1 and len(converted) == 1
    return converted[0] if single else converted


class TfRecordWriter:
    """See `formats.Writer`."""

    def __init__(self, path: Path, source: Path, signature: Signature) -> None:
        self._outputs = signature.outputs
        self._file = tf.io.TFRecordWriter(str(path))

    def write(self, rows: list[Answered]) -> None:
        """Adds rows."""
        for item in rows:
            example = tf.train.Example()
            example.CopyFrom(item.row.source)
            for name, value in item.outputs.items():
                feature = example.features.feature[f"output_{name}"]
                values, kind = _flat(value), self._outputs[name].dtype.kind
                if kind == "f":
                    feature.float_list.value.extend(values)
                elif kind == "O":
                    feature.bytes_list.value.extend(text.encode() for text in values)
                else:
                    feature.int64_list.value.extend(map(int, values))
            self._file.write(example.SerializeToString(deterministic=True))

    def close(self) -> None:
        """Completes the file."""
        self._file.close()


def _flat(value: Any) -> list[Any]:
    if not isinstance(value, list):
        return [value]
    return [item for part in value for item in _flat(part)]


writer = TfRecordWriter

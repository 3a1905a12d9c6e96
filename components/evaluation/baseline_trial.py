"""Whether an earlier model can still be asked: tried on a few of today's rows, in words where not.

Columns come and go, change their type, and labels get other names. A model that was blessed before
that reads yesterday's rows, and asked for today's it ends an evaluation in TensorFlow's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import tensorflow as tf
from tensorflow.python.saved_model import loader_impl
from tensorflow_metadata.proto.v0 import schema_pb2

from models.common.labels import encoding

PREDICT, TRANSFORM, REQUEST = "serving_examples", "transform_features", "serving_default"
ROWS = 64
"""Rows that a model is tried on."""
_TYPES = {schema_pb2.INT: tf.int64, schema_pb2.FLOAT: tf.float32, schema_pb2.BYTES: tf.string}
_IN_WORDS = {tf.int64: "whole numbers", tf.float32: "fractions", tf.string: "text"}
_FEATURE = re.compile(r"(?:Feature|Key): (.+?)(?: \(data type|\.  ?|,|$)")


def unreadable(
    baseline: str,
    candidate: str,
    examples: Sequence[bytes],
    schema: schema_pb2.Schema | None,
    label: str,
) -> str | None:
    """Why a model cannot be compared on today's rows; None where it can.

    Args:
        baseline: The folder of its SavedModel.
        candidate: The folder of the SavedModel that it is compared with.
        examples: Serialized `tf.Example`s of today, [rows].
        schema: Of today's rows, if it is known.
        label: What the label's numbers are called among the transformed features.

    Returns:
        The end of a sentence that begins with the model, such as `reads the column 'b', which the
        data no longer has`.
    """
    try:
        signatures = _signatures(baseline)
    except (OSError, ValueError, tf.errors.OpError) as error:
        return f"cannot be loaded: {_first_line(error)}"
    for name in (PREDICT, TRANSFORM):
        if name not in signatures:
            return f"has no signature '{name}'"
    return (
        _other_columns(signatures, schema)
        or _other_outputs(signatures, _signatures(candidate))
        or _no_answer(baseline, examples, label)
    )


def _signatures(folder: str) -> Mapping[str, object]:
    [graph] = loader_impl.parse_saved_model(folder).meta_graphs
    return dict(graph.signature_def)


def _other_columns(
    signatures: Mapping[str, object], schema: schema_pb2.Schema | None
) -> str | None:
    """A column that the model reads and that is no longer there, or of another type."""
    if schema is None or REQUEST not in signatures:
        return None
    types = {feature.name: _TYPES.get(feature.type) for feature in schema.feature}
    for name, tensor in sorted(signatures[REQUEST].inputs.items()):  # type: ignore[attr-defined]
        expected = tf.as_dtype(tensor.dtype)
        if name not in types:
            return f"reads the column '{name}', which the data no longer has"
        found = types[name]
        if found is not None and found != expected:
            words = _IN_WORDS.get(expected, expected.name), _IN_WORDS[found]
            return f"reads {words[0]} in the column '{name}', where the data now has {words[1]}"
    return None


def _other_outputs(mine: Mapping[str, object], its: Mapping[str, object]) -> str | None:
    """A difference in what the two models predict of a row."""
    outputs = [
        {
            name: [axis.size for axis in tensor.tensor_shape.dim][1:]
            for name, tensor in sorted(signatures[PREDICT].outputs.items())  # type: ignore[attr-defined]
        }
        for signatures in (mine, its)
        if PREDICT in signatures
    ]
    if len(outputs) == 2 and outputs[0] != outputs[1]:
        return f"predicts {_shapes(outputs[0])} of a row, and the candidate {_shapes(outputs[1])}"
    return None


def _shapes(outputs: Mapping[str, Sequence[int]]) -> str:
    return " and ".join(f"{list(shape)} as '{name}'" for name, shape in outputs.items())


def _no_answer(folder: str, examples: Sequence[bytes], label: str) -> str | None:
    """Why the model does not answer these rows."""
    if not examples:
        return None
    try:
        model = tf.saved_model.load(folder)
        rows = tf.constant(examples)
        transformed = model.signatures[TRANSFORM](inputs=rows)
        predicted = model.signatures[PREDICT](inputs=rows)
    except Exception as error:
        found = _FEATURE.search(str(error))
        column = f"the column '{found[1].strip()}' of " if found else ""
        return f"cannot read {column}today's rows: {_first_line(error)}"
    if label not in transformed:
        name = label.removesuffix(encoding.NUMBER)
        return f"has another label: its preprocessing gives no '{name}'"
    for name, values in predicted.items():
        if values.dtype.is_floating and not np.isfinite(values.numpy()).all():
            return f"gives numbers that are not finite as '{name}' for today's rows"
    return None


def first_rows(files: Iterable[str], most: int = ROWS) -> list[bytes]:
    """The first records of the first files that have any.

    Args:
        files: TFRecord files, gzipped where their names say so.
        most: How many.
    """
    rows: list[bytes] = []
    for file in files:
        compression = "GZIP" if file.endswith(".gz") else ""
        records = tf.data.TFRecordDataset(file, compression_type=compression)
        rows += records.take(most - len(rows)).as_numpy_iterator()
        if len(rows) == most:
            break
    return rows


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if _FEATURE.search(line)] or lines or [type(error).__name__]
    return f"{told[0]:.200}"

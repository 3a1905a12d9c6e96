"""The rows of a split as the yardstick sees them: raw columns, and the label of preprocessing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from models.common import examples, raw_inputs
from models.common.labels import encoding

MOST_ROWS = 100_000
"""Of a split's rows a random sample of at most so many is held in memory,"""
MOST_CELLS = 10_000_000
"""and of no more than have so many cells,"""
MOST_BYTES = 2**28
"""or about so many bytes as examples."""
_BATCH = 1024


@dataclass(frozen=True)
class Wanted:
    """What of each row is read."""

    inputs: tuple[str, ...]
    """The raw columns that the model reads."""
    label: str
    """The label among the outputs of preprocessing."""
    weight: str | None
    """The raw column that says how much a row counts."""
    slices: tuple[tuple[str, ...], ...]
    """The features by whose values the metrics are broken down."""


@dataclass(frozen=True)
class Rows:
    """Some rows of a split."""

    columns: dict[str, np.ndarray]
    """The raw columns by name: numbers as float64 of shape [rows, values], where a missing one is
    NaN; text as objects, bytes or None, of shape [rows]."""
    label: np.ndarray
    """As preprocessing gives it, [rows] or [rows, values]."""
    weight: np.ndarray | None
    """[rows]; None where all count alike."""
    features: list[dict[str, np.ndarray]]
    """By row the values of each feature of a slice."""
    of: int
    """Rows of the whole split."""


def read(
    files: Sequence[str], transform: tft.TFTransformOutput, wanted: Wanted, most: int = MOST_ROWS
) -> Rows:
    """Reads the rows of a split, or a random sample where it is large; always the same one.

    Args:
        files: TFRecord files of raw examples.
        transform: The fitted preprocessing, which makes the label.
        wanted: What is read.
        most: Rows.
    """
    spec, schema = transform.raw_feature_spec(), transform.raw_metadata.schema
    values = sum(_width(spec[name]) for name in wanted.inputs)
    sample, of = _sample(files, min(most, MOST_CELLS // values or 1))
    lists = {feature.name for feature in schema.feature if raw_inputs.is_list(feature)}
    parsed = _parser(transform, wanted)
    parts = [parsed(tf.constant(batch)) for batch in _batches(sample)]
    inputs = [part["inputs"] for part in parts]
    weights = [_dense(part["weight"])[:, 0] for part in parts if "weight" in part]
    return Rows(
        columns={
            name: np.concatenate([_column(part[name], name in lists) for part in inputs])
            for name in wanted.inputs
        },
        label=np.concatenate([_label(part["label"].numpy()) for part in parts]),
        weight=np.concatenate(weights) if weights else None,
        features=[row for part in parts for row in _rows_of(part["slices"], len(part["label"]))],
        of=of,
    )


def _parser(transform: tft.TFTransformOutput, wanted: Wanted) -> Any:
    """A function from serialized examples to what is wanted of them."""
    spec, layer = transform.raw_feature_spec(), transform.transform_features_layer()
    classes = encoding.class_names(transform)
    sliced = {name for names in wanted.slices for name in names}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    @tf.autograph.experimental.do_not_convert
    def parsed(serialized: tf.Tensor) -> dict[str, Any]:
        raw = examples.parse(serialized, spec)
        # As the Evaluator has it, which looks for slices among the transformed features first.
        outputs = encoding.for_judging(layer(raw), wanted.label, classes)
        found = {
            "inputs": {name: raw[name] for name in wanted.inputs},
            "label": outputs[f"{wanted.label}{encoding.NUMBER}"],
            "slices": {
                name: {**raw, **outputs}[name] for name in sliced if name in {**raw, **outputs}
            },
        }
        if wanted.weight:
            found["weight"] = tf.cast(raw[wanted.weight], tf.float64)
        return found

    return parsed


def _sample(files: Sequence[str], most: int) -> tuple[list[bytes], int]:
    """A random sample of serialized examples in memory of a bounded size, and how many there are.

    Every row is as likely to be in it (Vitter's algorithm R); all rows stay in their order.
    """
    kept: list[bytes] = []
    seen, held = 0, 0
    random = np.random.default_rng(0)
    for batch in examples.records(files).batch(_BATCH).as_numpy_iterator():
        for record in batch:
            if len(kept) < most and held < MOST_BYTES:
                kept.append(record)
                held += len(record)
            elif (place := int(random.integers(0, seen + 1))) < len(kept):
                most = len(kept)
                kept[place] = record
            seen += 1
    return kept, seen


def _batches(sample: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (sample[start : start + _BATCH] for start in range(0, len(sample), _BATCH))


def _width(feature: Any) -> int:
    """Values of a row in a column, as far as is known without reading it."""
    shape = feature.shape if isinstance(feature, tf.io.FixedLenFeature) else ()
    return int(np.prod(shape, dtype=int))


def _label(values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values)) if values.ndim == 2 and values.shape[1] == 1 else values


def _column(tensor: tf.Tensor | tf.SparseTensor, is_list: bool) -> np.ndarray:
    """A column of a batch, as `Rows` has it."""
    if isinstance(tensor, tf.SparseTensor) and is_list:
        values = _lists(tensor)
        if tensor.dtype == tf.string:
            return _objects([b" ".join(row) if len(row) else None for row in values])
        return np.array([_summary(row.astype(np.float64)) for row in values]).reshape(-1, 4)
    dense = _dense(tensor)
    if tensor.dtype == tf.string:
        return _objects([b" ".join(value for value in row if value) or None for row in dense])
    return dense.astype(np.float64)


def _dense(tensor: tf.Tensor | tf.SparseTensor) -> np.ndarray:
    """[rows, values]; where a row has no value, NaN, or the empty text."""
    if not isinstance(tensor, tf.SparseTensor):
        values = tensor.numpy()
        return values.reshape(len(values), -1)
    rows, columns = tensor.indices.numpy().T
    missing: Any = b"" if tensor.dtype == tf.string else np.nan
    dense = np.full((tensor.dense_shape[0], 1), missing, object if missing == b"" else np.float64)
    first = columns == 0
    dense[rows[first], 0] = tensor.values.numpy()[first]
    return dense


def _summary(values: np.ndarray) -> tuple[float, ...]:
    """A list of numbers as four: how many, mean, least and greatest."""
    if not len(values):
        return 0.0, np.nan, np.nan, np.nan
    return float(len(values)), values.mean(), values.min(), values.max()


def _lists(tensor: tf.SparseTensor) -> list[np.ndarray]:
    counts = np.bincount(tensor.indices.numpy()[:, 0], minlength=int(tensor.dense_shape[0]))
    return np.split(tensor.values.numpy(), np.cumsum(counts)[:-1])


def _objects(values: Sequence[bytes | None]) -> np.ndarray:
    column = np.empty(len(values), object)
    column[:] = values
    return column


def _rows_of(features: Mapping[str, Any], rows: int) -> Iterator[dict[str, np.ndarray]]:
    """Each row's values of some features."""
    values = {
        name: _lists(tensor) if isinstance(tensor, tf.SparseTensor) else tensor.numpy()
        for name, tensor in features.items()
    }
    return ({name: np.ravel(each[row]) for name, each in values.items()} for row in range(rows))

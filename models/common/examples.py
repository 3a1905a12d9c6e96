"""The input function: from files of raw `tf.Example`s to batches of features and labels.

Training transforms raw examples with the very graph that serving uses, so a row means the same in
both; the transformed examples need not be written to disk first.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from models.common.computing import replicas
from models.common.preprocessing import fill_missing
from models.common.transform_graph import inlined

Features = dict[str, tf.Tensor]

# Up to this many bytes of (compressed) examples are kept in memory, transformed, between epochs:
# of pictures that is ten times as much. To transform more of them again takes a small part of what
# an epoch takes, and memory does not grow with the rows.
CACHED_BYTES = 1 << 27
# Rows that are parsed and transformed in one go: much faster than a training batch at a time.
TRANSFORMED_ROWS = 1024
# Rows that one shuffle looks at.
SHUFFLED_ROWS = 20_000


def files_of(patterns: Sequence[str]) -> list[str]:
    """The files that the patterns match, sorted."""
    return sorted(path for pattern in patterns for path in tf.io.gfile.glob(pattern))


def records(files: Sequence[str]) -> tf.data.Dataset:
    """Serialized examples, scalar strings, of TFRecord files (gzipped where so named)."""
    compression = "GZIP" if files and files[0].endswith(".gz") else ""
    return tf.data.TFRecordDataset(list(files), compression_type=compression)


def parse(serialized: tf.Tensor, spec: Mapping[str, Any]) -> Features:
    """Parses a batch of serialized examples, [batch] of string, by a feature spec."""
    fixed = {name: one for name, one in spec.items() if _is_fixed(one)}
    lists = {name: one for name, one in spec.items() if isinstance(one, tf.io.VarLenFeature)}
    if not spec or len(fixed) + len(lists) < len(spec):
        return tf.io.parse_example(serialized, dict(spec))
    # `tf.io.parse_example` calls the same operation, with a constant of its own for each column.
    none = {dtype: tf.constant([], dtype) for dtype in {one.dtype for one in fixed.values()}}
    no_names = tf.constant([], tf.string)
    found = tf.raw_ops.ParseExampleV2(
        serialized=serialized,
        names=no_names,
        sparse_keys=tf.constant(list(lists), tf.string),
        dense_keys=tf.constant(list(fixed), tf.string),
        ragged_keys=no_names,
        dense_defaults=[none[one.dtype] for one in fixed.values()],
        num_sparse=len(lists),
        sparse_types=[one.dtype for one in lists.values()],
        ragged_value_types=[],
        ragged_split_types=[],
        dense_shapes=[one.shape for one in fixed.values()],
    )
    parts = zip(found.sparse_indices, found.sparse_values, found.sparse_shapes, strict=True)
    sparse = [tf.SparseTensor(*of_column) for of_column in parts]
    return dict(zip((*lists, *fixed), (*sparse, *found.dense_values), strict=True))


def _is_fixed(one: Any) -> bool:
    """Whether a column has as many values in each row, and needs to have them."""
    return (
        isinstance(one, tf.io.FixedLenFeature)
        and one.default_value is None
        and tf.TensorShape(one.shape).is_fully_defined()
    )


def model_inputs(transformed: Mapping[str, tf.Tensor], *labels: str) -> Features:
    """What the network takes: every transformed feature but labels, scalars as [batch, 1]."""
    return {
        name: tf.expand_dims(tensor, -1) if tensor.shape.rank == 1 else tensor
        for name, tensor in transformed.items()
        if name not in labels
    }


def batches(
    files: Sequence[str],
    transform: tft.TFTransformOutput,
    label: str,
    batch_size: int,
    *,
    shuffle: bool = False,
    output: str | None = None,
    other_labels: Mapping[str, str] | None = None,
    weight: str | None = None,
    class_weights: Mapping[float, float] | None = None,
    copies: int = 1,
) -> tf.data.Dataset:
    """One pass over the files as `(features, label)` batches, or `(features, label, weight)`.

    Args:
        files: TFRecord files of raw examples.
        transform: The fitted preprocessing.
        label: The label among the transformed features.
        batch_size: Rows of each batch but the last.
        shuffle: Shuffle the rows anew in each pass.
        output: The network's output that the label is for, where it has several.
        other_labels: The labels of further outputs, by output.
        weight: The raw column that says how much a row counts.
        class_weights: What is multiplied to that, by the label's value; 1 for one not in it.
        copies: How many devices share each batch; `batch_size` divides by it. Up to one row less
            than that is left out of a pass, other ones in each where rows are shuffled.

    Returns:
        A dataset of `{name: [batch, ...]}`, the label as `[batch, 1]` or as preprocessing gives it,
        and the weight as `[batch]`. Where the output has a name, label and weight are by output.

    Raises:
        DataError: There are fewer rows than copies.
    """
    transformed = transformer(transform)
    of_weight = {weight: transform.raw_feature_spec()[weight]} if weight else {}
    labels: dict[str | None, str] = {output: label}
    labels.update(other_labels or {})

    # Autograph would convert TFT's and Keras' code on each trace, for seconds, to the same result.
    @tf.autograph.experimental.do_not_convert
    def features_and_label(serialized: tf.Tensor) -> tuple[Any, ...]:
        outputs = transformed(serialized)
        features = model_inputs(outputs, *labels.values())
        targets = {name: _as_column(outputs[each]) for name, each in labels.items()}
        found: tuple[Any, ...] = (features, targets if output else targets[None])
        if weight is None and not class_weights:
            return found
        if weight is None:
            counts = tf.ones(tf.shape(serialized)[0])
        else:
            counts = _number(parse(serialized, of_weight)[weight])
        weights = dict.fromkeys(targets, counts)
        if class_weights:
            weights[output] = counts * _weights_of(targets[output], class_weights)
        return (*found, weights if output else weights[None])

    rows = (
        records(files)
        .batch(TRANSFORMED_ROWS)
        .map(features_and_label, num_parallel_calls=tf.data.AUTOTUNE)
    )
    is_small = sum(tf.io.gfile.stat(path).length for path in files) <= CACHED_BYTES
    if is_small and (table := _table(rows)) is not None:
        number = len(tf.nest.flatten(table)[0])
        order = _in_order(tf.data.Dataset.range(number), shuffle)
        order = order.take(replicas.shared_rows(number, copies, files))
        return _batches_of_table(table, order.batch(batch_size))
    rows = _in_order(rows.unbatch(), shuffle)
    if copies > 1:
        number = replicas.shared_rows(_count(files), copies, files)
        rows = replicas.evenly(rows.take(number), number, batch_size)
    else:
        rows = rows.batch(batch_size)
    return rows.prefetch(tf.data.AUTOTUNE)


def _in_order(rows: tf.data.Dataset, shuffle: bool) -> tf.data.Dataset:
    return rows.shuffle(SHUFFLED_ROWS, seed=0) if shuffle else rows


def _count(files: Sequence[str]) -> int:
    batches = records(files).batch(TRANSFORMED_ROWS)
    return int(batches.reduce(np.int64(0), lambda seen, batch: seen + tf.size(batch, tf.int64)))


def _table(rows: tf.data.Dataset) -> Any:
    """All rows of batches as one tensor of each part; None where not all of them have one shape."""
    parts = tf.nest.flatten(rows.element_spec)
    if not all(
        isinstance(part, tf.TensorSpec) and part.shape[1:].is_fully_defined() for part in parts
    ):
        return None
    with tf.device("CPU"):
        held = [*rows]
        return tf.nest.map_structure(lambda *some: tf.concat(some, 0), *held) if held else None


def _batches_of_table(table: Any, places: tf.data.Dataset) -> tf.data.Dataset:
    """Rows that are in memory, in batches by their places.

    TensorFlow takes ten times as long to hand on rows one by one and put them together again as it
    takes to look a batch of them up. The order is the one in which it would shuffle the rows.
    """

    @tf.autograph.experimental.do_not_convert
    def taken(places: tf.Tensor) -> Any:
        return tf.nest.map_structure(lambda one: tf.gather(one, places), table)

    batches = places.map(taken, num_parallel_calls=tf.data.AUTOTUNE)
    return batches.prefetch(tf.data.AUTOTUNE)


def _as_column(label: tf.Tensor) -> tf.Tensor:
    return tf.expand_dims(label, -1) if label.shape.rank == 1 else label


def _number(column: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    return tf.cast(fill_missing(column), tf.float32)


def _weights_of(label: tf.Tensor, weights: Mapping[float, float]) -> tf.Tensor:
    """The weight of each row's class, [batch], of labels of shape [batch, 1]."""
    of_class = [
        tf.where(label[:, 0] == tf.cast(value, label.dtype), weight - 1.0, 0.0)
        for value, weight in weights.items()
    ]
    return 1.0 + tf.add_n(of_class)


@functools.lru_cache(maxsize=1)
def transformer(transform: tft.TFTransformOutput) -> Callable[[tf.Tensor], Features]:
    """A function from serialized raw examples, [batch] of string, to transformed features.

    Whoever asks for the same fitted preprocessing gets the same function, which is traced once:
    with thousands of columns each trace takes seconds.
    """
    spec = transform.raw_feature_spec()
    layer = inlined.layer(transform)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def transformed(serialized: tf.Tensor) -> Features:
        return layer(parse(serialized, spec))

    return transformed


@functools.lru_cache(maxsize=8)
def feature(transform: tft.TFTransformOutput, name: str) -> Callable[[tf.Tensor], tf.Tensor]:
    """As `transformer`, for one of the transformed features alone."""
    transformed = transformer(transform)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def only(serialized: tf.Tensor) -> tf.Tensor:
        return transformed(serialized)[name]

    return only


def values(
    files: Sequence[str], transform: tft.TFTransformOutput, name: str, batch_size: int = 4096
) -> Iterator[np.ndarray]:
    """One pass over a single transformed feature, in batches of its values, [batch, ...]."""
    only = feature(transform, name)
    for serialized in records(files).batch(batch_size):
        yield only(serialized).numpy()

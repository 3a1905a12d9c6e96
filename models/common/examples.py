"""The input function: from files of raw `tf.Example`s to batches of features and labels.

Training transforms raw examples with the very graph that serving uses, so a row means the same in
both; the transformed examples need not be written to disk first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import tensorflow as tf
import tensorflow_transform as tft

from models.common.errors import ModelCodeError

Features = dict[str, tf.Tensor]

# Up to this many bytes of (compressed) examples are kept in memory, transformed, between epochs.
CACHED_BYTES = 1 << 30
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


def parse(serialized: tf.Tensor, spec: Mapping[str, object]) -> Features:
    """Parses a batch of serialized examples, [batch] of string, by a feature spec."""
    return tf.io.parse_example(serialized, dict(spec))


def model_inputs(transformed: Mapping[str, tf.Tensor], label: str) -> Features:
    """What the network takes: every transformed feature but the label, scalars as [batch, 1]."""
    return {
        name: tf.expand_dims(tensor, -1) if tensor.shape.rank == 1 else tensor
        for name, tensor in transformed.items()
        if name != label
    }


def batches(
    files: Sequence[str],
    transform: tft.TFTransformOutput,
    label: str,
    batch_size: int,
    *,
    shuffle: bool = False,
) -> tf.data.Dataset:
    """One pass over the files as `(features, label)` batches.

    Args:
        files: TFRecord files of raw examples.
        transform: The fitted preprocessing.
        label: The label among the transformed features.
        batch_size: Rows of each batch but the last.
        shuffle: Shuffle the rows anew in each pass.

    Returns:
        A dataset of `({name: [batch, ...]}, [batch, 1])`.
    """
    transformed = transformer(transform)

    # Autograph would convert TFT's and Keras' code on each trace, for seconds, to the same result.
    @tf.autograph.experimental.do_not_convert
    def features_and_label(serialized: tf.Tensor) -> tuple[Features, tf.Tensor]:
        outputs = transformed(serialized)
        return model_inputs(outputs, label), tf.reshape(outputs[label], [-1, 1])

    rows = (
        records(files)
        .batch(TRANSFORMED_ROWS)
        .map(features_and_label, num_parallel_calls=tf.data.AUTOTUNE)
    )
    if sum(tf.io.gfile.stat(path).length for path in files) <= CACHED_BYTES:
        rows = rows.cache()
    rows = rows.unbatch()
    if shuffle:
        rows = rows.shuffle(SHUFFLED_ROWS, seed=0)
    return rows.batch(batch_size).prefetch(tf.data.AUTOTUNE)


def transformer(transform: tft.TFTransformOutput) -> Callable[[tf.Tensor], Features]:
    """A function from serialized raw examples, [batch] of string, to transformed features."""
    spec = transform.raw_feature_spec()
    layer = transform.transform_features_layer()

    def transformed(serialized: tf.Tensor) -> Features:
        return layer(parse(serialized, spec))

    return transformed


def check_label(files: Iterable[str], transform: tft.TFTransformOutput, label: str) -> None:
    """Refuses a label that preprocessing does not deliver, or that says nothing.

    Raises:
        ModelCodeError: The label is missing, not one number a row, or the same in every row.
    """
    spec = transform.transformed_feature_spec()
    if label not in spec:
        raise ModelCodeError(
            f"preprocessing_fn returns no '{label}'",
            f"The config's label.name is '{label}'; "
            f"preprocessing_fn returned: {', '.join(sorted(spec))}.",
            "Return the label under that name, or correct label.name in config.yaml.",
        )
    if not isinstance(spec[label], tf.io.FixedLenFeature):
        raise ModelCodeError(
            f"The label '{label}' is a sparse tensor",
            "preprocessing_fn must return one number a row for the label.",
            "Make it dense with models.common.preprocessing.fill_missing.",
        )
    lowest, highest = float("inf"), float("-inf")
    for _, labels in batches(list(files), transform, label, batch_size=4096):
        lowest = min(lowest, float(tf.reduce_min(labels)))
        highest = max(highest, float(tf.reduce_max(labels)))
        if lowest < highest:
            return
    raise ModelCodeError(
        f"The label '{label}' is {lowest:g} in every row of the training split",
        "A model learns nothing from a constant label.",
        "Correct the label in preprocessing_fn, or the data it is made from.",
    )

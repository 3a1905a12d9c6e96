"""Helpers for a model's `preprocessing_fn`."""

from __future__ import annotations

import tensorflow as tf


def fill_missing(
    feature: tf.Tensor | tf.SparseTensor, default: float | int | str | None = None
) -> tf.Tensor:
    """One value a row, with a default where the row has none.

    Args:
        feature: [batch, at most 1] sparse, or [batch] or [batch, 1] dense.
        default: Default `""` for strings and 0 for numbers.

    Returns:
        A dense tensor of shape [batch].

    Raises:
        ValueError: The feature has several values a row.
    """
    if default is None:
        default = "" if feature.dtype == tf.string else 0
    if isinstance(feature, tf.SparseTensor):
        column = tf.SparseTensor(feature.indices, feature.values, [feature.dense_shape[0], 1])
        feature = tf.sparse.to_dense(column, tf.cast(default, feature.dtype))
    if feature.shape[1:].num_elements() not in (None, 0, 1):
        raise ValueError(
            f"fill_missing takes one value a row. Received a feature of shape {feature.shape}, "
            "whose rows are vectors: use it as it is."
        )
    # As many as there are rows: `[-1]` would make rows of values.
    return tf.reshape(feature, tf.shape(feature)[:1])

"""Helpers for a model's `preprocessing_fn`."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

_ONE_A_ROW = np.array([0, 1], np.int64)
"""The least shape of a column of a batch: any number of rows, of one value each."""


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
    # A table may have thousands of columns, and each operation is traced many times: these are few.
    if isinstance(feature, tf.SparseTensor):
        feature = tf.raw_ops.SparseToDense(
            sparse_indices=feature.indices,
            # A batch in which no row has a value has no width.
            output_shape=tf.raw_ops.Maximum(x=feature.dense_shape, y=_ONE_A_ROW),
            sparse_values=feature.values,
            default_value=np.asarray(default).astype(feature.dtype.as_numpy_dtype),
        )
        return tf.raw_ops.Squeeze(input=feature, axis=[1])
    if feature.shape[1:].num_elements() not in (None, 0, 1):
        raise ValueError(
            f"fill_missing takes one value a row. Received a feature of shape {feature.shape}, "
            "whose rows are vectors: use it as it is."
        )
    if feature.shape.rank is not None and feature.shape[1:].is_fully_defined():
        ones = list(range(1, feature.shape.rank))
        return tf.raw_ops.Squeeze(input=feature, axis=ones) if ones else feature
    # As many as there are rows: `[-1]` would make rows of values.
    return tf.reshape(feature, tf.shape(feature)[:1])

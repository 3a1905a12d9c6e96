"""Helpers for a model's `preprocessing_fn`."""

from __future__ import annotations

from collections.abc import Sequence

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


def stack_filled(
    features: Sequence[tf.Tensor | tf.SparseTensor], default: float | int | str | None = None
) -> tf.Tensor:
    """Many columns side by side, by few operations however many they are.

    It gives what `tf.stack([fill_missing(feature, default) for feature in features], axis=1)` does.
    That takes operations for each column, which thousands of columns make slow to trace and export.

    Args:
        features: At least one, all of one type; [batch, at most 1] sparse, or [batch] or [batch, 1]
            dense.
        default: Where a row has no value. Default `""` for strings and 0 for numbers.

    Returns:
        A dense tensor of shape [batch, features], in their order.

    Raises:
        ValueError: There are none, they differ in type, or one has several values a row.
    """
    types = sorted({feature.dtype.name for feature in features})
    if len(types) != 1:
        raise ValueError(
            "stack_filled takes columns of one type, at least one. Received: "
            f"{', '.join(types) or 'none'}. Cast them, or stack those of each type by themselves."
        )
    sparse = [one for one in features if isinstance(one, tf.SparseTensor)]
    dense = [one for one in features if not isinstance(one, tf.SparseTensor)]
    tables = []
    if dense:
        alike = all(one.shape.rank == 2 and one.shape[1] == 1 for one in dense)
        tables.append(tf.concat(dense, 1) if alike else tf.stack([*map(fill_missing, dense)], 1))
    if sparse:
        tables.append(_stack_sparse(sparse, default))
    if len(tables) == 1:
        return tables[0]
    order = np.argsort([isinstance(one, tf.SparseTensor) for one in features], kind="stable")
    return tf.gather(tf.concat(tables, 1), np.argsort(order), axis=1)


def _stack_sparse(
    features: Sequence[tf.SparseTensor], default: float | int | str | None
) -> tf.Tensor:
    if default is None:
        default = "" if features[0].dtype == tf.string else 0
    places = tf.concat([feature.indices for feature in features], 0)
    counts = tf.concat(tf.raw_ops.ShapeN(input=[one.values for one in features]), 0)
    # The values of one column follow those of another: which one is each of?
    ends, number = tf.cumsum(counts), tf.range(tf.reduce_sum(counts))
    column = tf.cast(tf.searchsorted(ends, number, side="right"), tf.int64)
    rows, place = features[0].dense_shape[0], places[:, 1]
    # As wide as the column with the most values a row, which has to be 1.
    width = tf.reduce_max(tf.concat([place, [0]], 0)) + 1
    table = tf.raw_ops.SparseToDense(
        sparse_indices=tf.stack([places[:, 0], column, place], 1),
        output_shape=tf.stack([rows, len(features), width]),
        sparse_values=tf.concat([feature.values for feature in features], 0),
        default_value=np.asarray(default).astype(features[0].dtype.as_numpy_dtype),
        validate_indices=False,  # They are in the order of the columns.
    )
    return tf.ensure_shape(tf.raw_ops.Squeeze(input=table, axis=[2]), [None, len(features)])

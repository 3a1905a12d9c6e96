"""Raw features as named tensors: the inputs of the `serving_default` signature.

A scalar feature is a tensor [batch], a vector [batch, n]. An image of a declared shape [batch,
height, width] may also come as [batch, height, width, 1], with its one channel, as clients of Keras
send it. Where a row has no value for an optional feature, its place
holds a marker: NaN for floats, the empty string for strings, the smallest 64-bit integer for
integers. A request may leave an optional feature out altogether; the signature's default, one
marker, stands for it and is repeated for each row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2

MISSING = {tf.float32: float("nan"), tf.string: "", tf.int64: tf.int64.min}


@dataclass(frozen=True)
class Column:
    """One raw feature of a request."""

    name: str
    dtype: tf.DType
    shape: tuple[int | None, ...]
    """Of one row's value in the request: () for a scalar, (None,) for a list of any length."""
    optional: bool
    parsed_shape: tuple[int, ...] = ()
    """Of one row's value as `tf.io.parse_example` gives it, where it is dense."""


def columns(schema: schema_pb2.Schema, spec: Mapping[str, Any]) -> list[Column]:
    """Describes the columns of a feature spec, in the spec's order.

    Args:
        schema: Says which optional features are lists.
        spec: `tf.io` feature specs of the columns that a request may carry.
    """
    lists = {feature.name for feature in schema.feature if is_list(feature)}
    found = []
    shape: tuple[int | None, ...]
    for name, feature in spec.items():
        if isinstance(feature, tf.io.FixedLenFeature):
            parsed = tuple(feature.shape)
            shape = () if parsed in ((), (1,)) else parsed
            found.append(Column(name, feature.dtype, shape, False, parsed))
        else:
            shape = (None,) if name in lists else ()
            found.append(Column(name, feature.dtype, shape, True))
    return found


def is_list(feature: schema_pb2.Feature) -> bool:
    """Whether a feature without a shape may have more than one value in a row.

    A schema says so with `value_count`, whose `max` is 0 where there is no limit.
    """
    return feature.HasField("value_count") and feature.value_count.max != 1


def signature(columns: Sequence[Column]) -> dict[str, tf.TensorSpec]:
    """The signature's inputs by name."""
    return {
        column.name: tf.TensorSpec([None, *column.shape], column.dtype, name=column.name)
        for column in columns
    }


def defaults(columns: Sequence[Column]) -> dict[str, tf.Tensor | None]:
    """For each optional column a tensor of one missing value; None for the others."""
    return {
        column.name: tf.constant(MISSING[column.dtype], column.dtype, [1] * (1 + len(column.shape)))
        if column.optional
        else None
        for column in columns
    }


def to_parsed(
    features: Mapping[str, tf.Tensor], columns: Sequence[Column]
) -> dict[str, tf.Tensor | tf.SparseTensor]:
    """Gives named tensors the form in which `tf.io.parse_example` would deliver the same rows.

    Where a tensor has not its column's shape, or not as many rows as the others, the graph fails;
    only an optional column's single value stands for every row.
    """
    # A request may have thousands of columns: what can be one operation for all of them is one.
    tensors = [checked(features[column.name], column.name, column.shape) for column in columns]
    rows = _rows(tensors, columns)
    shapes = {
        shape: tf.stack([rows, *shape])
        for shape in {(1,), *(column.parsed_shape for column in columns)}
    }
    return {
        column.name: _parsed(tensor, column, rows, shapes)
        for tensor, column in zip(tensors, columns, strict=True)
    }


def checked(tensor: tf.Tensor, name: str, shape: Sequence[int | None] = ()) -> tf.Tensor:
    """A signature's input, which the graph fails for where it is not [batch, *shape].

    TensorFlow takes a declared shape for granted, whatever is fed, and drops a check that agrees
    with it. So the tensor passes through an operation that hides what was declared.

    Args:
        tensor: The input.
        name: What the error calls it.
        shape: Of one row's value; None for any size. One of at least two dimensions may have
            another behind them, of size 1.
    """
    called = re.sub("[^A-Za-z0-9_]", "_", f"input_{name}")
    hidden = tf.raw_ops.PlaceholderWithDefault(
        input=tensor, shape=tf.TensorShape(None), name=called
    )
    if len(shape) > 1:
        # This leaves a tensor of fewer dimensions as it is, and fails for more values than it has
        # place for.
        wanted = tf.shape(hidden)[: 1 + len(shape)]
        hidden = tf.raw_ops.Reshape(tensor=hidden, shape=wanted, name=called)
    return tf.ensure_shape(hidden, [None, *shape])


def _rows(tensors: Sequence[tf.Tensor], columns: Sequence[Column]) -> tf.Tensor:
    """How many rows a request has, once all of its tensors agree on it."""
    dimensions = [1 + len(column.shape) for column in columns]
    firsts = np.cumsum([0, *dimensions[:-1]])
    sizes = tf.gather(tf.concat([tf.raw_ops.Shape(input=one) for one in tensors], 0), firsts)
    optional = np.array([column.optional for column in columns])
    if optional.all():
        # A default has one row, whether the others have many or none.
        most, least = tf.reduce_max(sizes), tf.reduce_min(sizes)
        rows = tf.where(most > 1, most, least)
    else:
        rows = sizes[int(np.argmin(optional))]
    fits = tf.equal(sizes, rows) | (tf.equal(sizes, 1) & optional)
    names = tf.unstack(tf.constant([f"'{column.name}':" for column in columns]))
    said = [part for named in zip(names, tf.unstack(sizes), strict=True) for part in named]
    same = tf.debugging.Assert(
        tf.reduce_all(fits), ["The inputs have different numbers of rows:", *said]
    )
    with tf.control_dependencies([same]):
        return tf.identity(rows)


def _parsed(
    tensor: tf.Tensor,
    column: Column,
    rows: tf.Tensor,
    shapes: Mapping[tuple[int, ...], tf.Tensor],
) -> tf.Tensor | tf.SparseTensor:
    if not column.optional:
        return tf.reshape(tensor, shapes[column.parsed_shape])
    if column.shape:
        shape = tf.stack([rows, tf.shape(tensor)[1]])
    else:
        tensor, shape = tf.expand_dims(tensor, -1), shapes[1,]
    tensor = tf.broadcast_to(tensor, shape)
    if column.dtype == tf.float32:
        present = tf.logical_not(tf.math.is_nan(tensor))
    else:
        present = tf.not_equal(tensor, tf.constant(MISSING[column.dtype], column.dtype))
    indices = tf.where(present)
    return tf.SparseTensor(
        indices, tf.gather_nd(tensor, indices), tf.shape(tensor, out_type=tf.int64)
    )

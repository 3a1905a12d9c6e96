"""Raw features as named tensors: the inputs of the `serving_default` signature.

A scalar feature is a tensor [batch]. Where a row has no value for an optional feature, its place
holds a marker: NaN for floats, the empty string for strings, the smallest 64-bit integer for
integers. A request may leave an optional feature out altogether; the signature's default, one
marker, stands for it and is repeated for each row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
    """Gives named tensors the form in which `tf.io.parse_example` would deliver the same rows."""
    rows = tf.reduce_max(tf.stack([tf.shape(tensor)[0] for tensor in features.values()]))
    return {column.name: _parsed(features[column.name], column, rows) for column in columns}


def _parsed(tensor: tf.Tensor, column: Column, rows: tf.Tensor) -> tf.Tensor | tf.SparseTensor:
    if not column.optional:
        return tf.reshape(tensor, [-1, *column.parsed_shape])
    if not column.shape:
        tensor = tf.expand_dims(tensor, -1)
    tensor = tf.broadcast_to(tensor, tf.stack([rows, tf.shape(tensor)[1]]))
    if column.dtype == tf.float32:
        present = tf.logical_not(tf.math.is_nan(tensor))
    else:
        present = tf.not_equal(tensor, tf.constant(MISSING[column.dtype], column.dtype))
    indices = tf.where(present)
    return tf.SparseTensor(
        indices, tf.gather_nd(tensor, indices), tf.shape(tensor, out_type=tf.int64)
    )

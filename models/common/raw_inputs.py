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
    made: dict[tuple[tf.DType, int], tf.Tensor] = {}
    found: dict[str, tf.Tensor | None] = {}
    for column in columns:
        key = column.dtype, 1 + len(column.shape)
        if column.optional and key not in made:
            made[key] = tf.constant(MISSING[column.dtype], column.dtype, [1] * key[1])
        found[column.name] = made[key] if column.optional else None
    return found


def to_parsed(
    features: Mapping[str, tf.Tensor], columns: Sequence[Column]
) -> dict[str, tf.Tensor | tf.SparseTensor]:
    """Gives named tensors the form in which `tf.io.parse_example` would deliver the same rows.

    Where a tensor has not its column's shape, or not as many rows as the others, the graph fails;
    only an optional column's single value stands for every row.
    """
    # A request may have thousands of columns: what can be one operation for all of them is one.
    scalars = [column for column in columns if not column.shape]
    others = {
        column.name: checked(features[column.name], column.name, column.shape)
        for column in columns
        if column.shape
    }
    rows, sizes = _rows({**features, **others}, scalars, [c for c in columns if c.shape])
    found: dict[str, tf.Tensor | tf.SparseTensor] = {}
    groups: dict[tuple[Any, ...], list[int]] = {}
    for number, column in enumerate(scalars):
        groups.setdefault((column.dtype, column.parsed_shape, column.optional), []).append(number)
    with tf.control_dependencies([rows]):
        for (_, parsed_shape, optional), numbers in groups.items():
            names = [scalars[number].name for number in numbers]
            # Joining them fails where some are of another rank, and the check where all are.
            values = tf.ensure_shape(_hidden(tf.concat([features[n] for n in names], 0)), [None])
            if optional:
                each = _sparse(values, tf.gather(sizes, numbers), rows)
            else:
                shape = tf.stack([len(numbers), rows, *parsed_shape])
                each = tf.unstack(tf.reshape(values, shape), len(numbers))
            found.update(zip(names, each, strict=True))
        for column in columns:
            if column.shape:
                found[column.name] = _list_or_vector(others[column.name], column, rows)
    return {column.name: found[column.name] for column in columns}


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


def _rows(
    features: Mapping[str, tf.Tensor], scalars: Sequence[Column], others: Sequence[Column]
) -> tuple[tf.Tensor, tf.Tensor]:
    """How many rows a request has, once all of its tensors agree on it.

    Args:
        features: The request's tensors; those of `others` are of their columns' shapes.
        scalars: The columns with one value a row, the shapes of whose tensors are looked at.
        others: All other columns.

    Returns:
        The number of rows, and the size of each scalar column's tensor, [columns].
    """
    columns = [*scalars, *others]
    shapes = _shapes([features[column.name] for column in columns])
    sizes = tf.concat(shapes[: len(scalars)], 0) if scalars else tf.zeros([0], tf.int32)
    # How many there are by their values: what `tf.size` gives TensorFlow replaces by what the
    # declared shapes say it is.
    sizes = _hidden(sizes)
    one_each = tf.equal(tf.reduce_sum(tf.cast(sizes >= 0, tf.int32)), len(scalars))
    sizes = tf.concat([sizes, tf.zeros([len(scalars)], tf.int32)], 0)[: len(scalars)]
    firsts = tf.concat([sizes, *(tf.reshape(shape[0], [1]) for shape in shapes[len(scalars) :])], 0)
    optional = np.array([column.optional for column in columns])
    if optional.all():
        # A default has one row, whether the others have many or none.
        most, least = tf.reduce_max(firsts), tf.reduce_min(firsts)
        rows = tf.where(most > 1, most, least)
    else:
        rows = firsts[int(np.argmin(optional))]
    fits = tf.equal(firsts, rows) | (tf.equal(firsts, 1) & optional)
    names = tf.unstack(tf.constant([f"'{column.name}':" for column in columns]))
    said = [part for named in zip(names, shapes, strict=True) for part in named]
    mistake = tf.where(
        one_each,
        "The inputs have different numbers of rows:",
        "An input has not the shape [rows]:",
    )
    same = tf.debugging.Assert(one_each & tf.reduce_all(fits), [mistake, *said])
    with tf.control_dependencies([same]):
        # Behind each shape that is made of the number of rows TensorFlow would look for a constant,
        # through all of the inputs.
        return _hidden(rows, []), sizes


def _shapes(tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """The shape of each, by one operation for all of a type."""
    of_type: dict[tf.DType, list[tf.Tensor]] = {}
    for tensor in tensors:
        of_type.setdefault(tensor.dtype, []).append(tensor)
    found = {dtype: iter(tf.raw_ops.ShapeN(input=some)) for dtype, some in of_type.items()}
    return [next(found[tensor.dtype]) for tensor in tensors]


def _hidden(tensor: tf.Tensor, shape: Sequence[int] | None = None) -> tf.Tensor:
    """The tensor, of which TensorFlow knows no more than this shape, if any."""
    return tf.raw_ops.PlaceholderWithDefault(input=tensor, shape=tf.TensorShape(shape))


def _sparse(values: tf.Tensor, sizes: tf.Tensor, rows: tf.Tensor) -> list[tf.SparseTensor]:
    """Optional columns of one type, with at most one value a row each.

    Args:
        values: Those of one column after another; a column with one value has it in every row.
        sizes: How many each column has, [columns].
        rows: How many rows there are.
    """
    number = sizes.shape[0]
    firsts, steps = tf.cumsum(sizes, exclusive=True), tf.cast(sizes > 1, tf.int32)
    table = tf.gather(values, firsts[:, tf.newaxis] + steps[:, tf.newaxis] * tf.range(rows))
    present = _present(table)
    found = tf.where(present)
    counts = tf.reduce_sum(tf.cast(present, tf.int32), axis=1)
    places = found[:, 1:] * tf.constant([1, 0], tf.int64)
    shape = tf.cast(tf.stack([rows, 1]), tf.int64)
    return [
        tf.SparseTensor(places_of, values_of, shape)
        for places_of, values_of in zip(
            tf.split(places, counts, num=number),
            tf.split(tf.gather_nd(table, found), counts, num=number),
            strict=True,
        )
    ]


def _present(tensor: tf.Tensor) -> tf.Tensor:
    if tensor.dtype == tf.float32:
        return tf.logical_not(tf.math.is_nan(tensor))
    return tf.not_equal(tensor, tf.constant(MISSING[tensor.dtype], tensor.dtype))


def _list_or_vector(
    tensor: tf.Tensor, column: Column, rows: tf.Tensor
) -> tf.Tensor | tf.SparseTensor:
    if not column.optional:
        return tf.identity(tensor)
    tensor = tf.broadcast_to(tensor, tf.stack([rows, tf.shape(tensor)[1]]))
    indices = tf.where(_present(tensor))
    return tf.SparseTensor(
        indices, tf.gather_nd(tensor, indices), tf.shape(tensor, out_type=tf.int64)
    )

"""Many raw columns as few tensors: an operation for each type instead of one for each column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import tensorflow as tf

from models.common.preprocessing import stack_filled
from models.common.raw_inputs import MISSING

Raw: TypeAlias = tf.Tensor | tf.SparseTensor
"""A raw column: [batch] or [batch, 1] dense, or [batch, at most 1] sparse."""


def stack(
    inputs: Mapping[str, Raw],
    names: Sequence[str],
    convert: Mapping[tf.DType, Callable[[tf.Tensor], tf.Tensor]],
) -> tf.Tensor:
    """One tensor of many columns, each type of which is converted in one go.

    Args:
        inputs: What `preprocessing_fn` got.
        names: The columns wanted, in the order of the result.
        convert: For float32, int64 and string what makes the result of [batch, columns of this
            type]. NaN, the smallest 64-bit integer and "" stand for a value that is not there.

    Returns:
        [batch, names], of the type that `convert` gives.

    Raises:
        ValueError: There are no names, or a column has several values a row.
    """
    if not names:
        raise ValueError("Expected: the name of a column, at least. Received: none.")
    positions: dict[tf.DType, list[int]] = {}
    for position, name in enumerate(names):
        positions.setdefault(inputs[name].dtype, []).append(position)
    parts = [
        convert[dtype](stack_filled([inputs[names[one]] for one in places], MISSING[dtype]))
        for dtype, places in positions.items()
    ]
    if len(parts) == 1:
        return parts[0]
    found = [place for places in positions.values() for place in places]
    order = sorted(range(len(found)), key=found.__getitem__)
    return tf.gather(tf.concat(parts, axis=1), order, axis=1)


def is_missing(values: tf.Tensor) -> tf.Tensor:
    """Where the marker of a value that is not there stands, bool of the same shape."""
    if values.dtype.is_floating:
        return tf.math.is_nan(values)
    return tf.equal(values, tf.constant(MISSING[values.dtype], values.dtype))


def as_text(values: tf.Tensor) -> tf.Tensor:
    """Numbers as the shortest text that means them, 1.0 as "1"; "" where there is none."""
    if values.dtype == tf.string:
        return tf.strings.strip(values)
    text = tf.strings.as_string(values, **({"shortest": True} if values.dtype.is_floating else {}))
    return tf.where(is_missing(values), "", text)


TO_TEXT: dict[tf.DType, Callable[[Any], tf.Tensor]] = dict.fromkeys(MISSING, as_text)
"""For `stack`: every column as text."""

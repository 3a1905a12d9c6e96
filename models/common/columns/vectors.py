"""Arrays, such as the pixels of a picture: many numbers of one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tensorflow as tf
import tensorflow_transform as tft

from models.common.columns.numbers import numbers
from models.common.columns.stacking import Raw


def vectors(inputs: Mapping[str, Raw], columns: Mapping[str, Sequence[str]]) -> tf.Tensor:
    """Arrays, one after the other, each scaled as a whole to a mean of 0 and a variance of 1.

    Args:
        inputs: What `preprocessing_fn` got.
        columns: For each array its columns: one of lists that are all as long, or one for each of
            its numbers. A number that is missing counts as 0.

    Returns:
        [batch, numbers of all arrays] of float32.

    Raises:
        ValueError: There are no columns, or lists differ in length.
    """
    if not columns:
        raise ValueError("Expected: the columns of an array, at least. Received: none.")
    return tf.concat(
        [tft.scale_to_z_score(_array(inputs, names)) for names in columns.values()], axis=1
    )


def _array(inputs: Mapping[str, Raw], names: Sequence[str]) -> tf.Tensor:
    if len(names) == 1:
        values = inputs[names[0]]
        if isinstance(values, tf.SparseTensor) or values.shape.rank != 2:
            raise ValueError(
                f"The array '{names[0]}' is a column whose rows do not all have as many numbers. "
                "Expected: a list of the same length in every row."
            )
        values = tf.cast(values, tf.float32)
    else:
        values = numbers(inputs, names)
    return tf.where(tf.math.is_finite(values), values, 0.0)

"""Quantities: from any type to numbers, and from numbers to their ranks among the training data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from models.common.columns.stacking import Raw, is_missing, stack

QUANTILES = 256
"""So many parts of equal weight the values of a column are divided into."""

_SIGNS = r"[\s\pZ$€£¥%]|^\+"
_GROUPED = r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?"
_NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"


def numbers(inputs: Mapping[str, Raw], names: Sequence[str]) -> tf.Tensor:
    """Columns as numbers.

    Text may have blanks, a currency's sign, a percent sign, and commas between thousands:
    "$1,234.50" is 1234.5. Text that is no number counts as missing.

    Args:
        inputs: What `preprocessing_fn` got.
        names: Columns of any type, one value a row.

    Returns:
        [batch, names] of float32; NaN where a row has no finite number.

    Raises:
        ValueError: There are no names, or a column has several values a row.
    """
    nan = np.float32("nan")
    values = stack(
        inputs,
        names,
        {
            tf.float32: lambda floats: floats,
            tf.int64: lambda whole: tf.where(is_missing(whole), nan, tf.cast(whole, tf.float32)),
            tf.string: _parsed,
        },
    )
    return tf.where(tf.math.is_finite(values), values, nan)


def _parsed(text: tf.Tensor) -> tf.Tensor:
    plain = tf.strings.regex_replace(text, _SIGNS, "")
    grouped = tf.strings.regex_full_match(plain, _GROUPED)
    plain = tf.where(grouped, tf.strings.regex_replace(plain, ",", ""), plain)
    return tf.strings.to_number(
        tf.where(tf.strings.regex_full_match(plain, _NUMBER), plain, "nan"), tf.float32
    )


def quantile_ranks(values: tf.Tensor) -> tf.Tensor:
    """The share of the training split that each value is above, column by column.

    Between two quantiles ranks are interpolated; a value that many rows share gets the middle of
    their ranks. So numbers of any scale and any tail are alike, and one beyond what training saw
    counts as the smallest or the largest.

    Args:
        values: [batch, columns] of float32, NaN where there is none.

    Returns:
        [batch, columns] of float32: from 0 to 1; -1 where there is no value.
    """
    # The analyzer fails for a column in which it has seen nothing. What stands in for it where a
    # batch has no value of a column is above all of them.
    empty = tf.reduce_all(tf.math.is_nan(values), axis=0, keepdims=True)
    stand_in = tf.where(empty, tf.float32.max, np.float32("nan"))
    bounds = tft.quantiles(
        tf.concat([values, stand_in], axis=0),
        QUANTILES,
        epsilon=0.1 / QUANTILES,
        reduce_instance_dims=False,
    )
    last = QUANTILES - 2
    by_column = tf.transpose(values)
    below = tf.searchsorted(bounds, by_column, side="left")
    up_to = tf.searchsorted(bounds, by_column, side="right")
    lower = tf.gather(bounds, tf.clip_by_value(below - 1, 0, last), batch_dims=1)
    upper = tf.gather(bounds, tf.clip_by_value(below, 0, last), batch_dims=1)
    share = tf.math.divide_no_nan(by_column - lower, upper - lower)
    between = tf.cast(below - 1, tf.float32) + tf.clip_by_value(share, 0.0, 1.0)
    middle = tf.cast(below + up_to - 1, tf.float32) / 2
    ranks = tf.where(up_to > below, middle, between) / last
    ranks = tf.where(tf.math.is_nan(by_column), -1.0, tf.clip_by_value(ranks, 0.0, 1.0))
    return tf.transpose(ranks)

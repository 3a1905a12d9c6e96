"""Dates and times: their parts, and the time since a reference that the transform graph keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from models.common.columns.date_formats import DAY, Format, time_of_year
from models.common.columns.stacking import Raw, as_text, is_missing, stack


def dates(inputs: Mapping[str, Raw], formats: Mapping[str, Sequence[str]]) -> tf.Tensor:
    """Columns of dates or times as numbers, a few for each column.

    These are, of what its formats say: the days since the first time that the training split has,
    the day of the year from 0, the weekday from 0 for Monday, and the hour of the day with its
    fraction.

    Args:
        inputs: What `preprocessing_fn` got.
        formats: For each column, of text or numbers, the formats that its values may have, of which
            the first that fits holds; see `date_formats.Format`. Text that is of none counts as
            missing.

    Returns:
        [batch, numbers] of float32, column by column; NaN where there is no time.

    Raises:
        ValueError: There are no columns, a format is not understood, or a column has several values
            a row.
    """
    if not formats:
        raise ValueError("Expected: a column of dates, at least. Received: none.")
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, texts in formats.items():
        alike.setdefault(tuple(texts), []).append(name)
    parts: dict[str, tf.Tensor] = {}
    for texts, names in alike.items():
        found = _parts(inputs, names, [Format(text) for text in texts])
        parts.update(zip(names, tf.unstack(found, axis=1), strict=True))
    return tf.concat([parts[name] for name in formats], axis=1)


def _parts(inputs: Mapping[str, Raw], names: Sequence[str], formats: Sequence[Format]) -> tf.Tensor:
    """[batch, names, parts] of columns that have the same formats."""
    text = stack(
        inputs,
        names,
        {tf.string: as_text, tf.int64: as_text, tf.float32: _whole_as_text},
    )
    seconds, known = tf.zeros_like(text, tf.int64), tf.zeros_like(text, tf.bool)
    for one in formats:
        read, fits = one.seconds(text)
        seconds = tf.where(fits & ~known, read, seconds)
        known |= fits
    days = seconds // DAY
    parts = []
    if any(one.is_point_in_time for one in formats):
        latest = tf.constant(tf.int64.max, tf.int64)
        first = tft.min(tf.where(known, seconds, latest), reduce_instance_dims=False)
        parts.append(tf.cast(seconds - first, tf.float64) / DAY)
    if any(one.is_time_of_year for one in formats):
        parts.append(time_of_year(days))
    if any(one.is_day for one in formats):
        parts.append((days + 3) % 7)  # 1970 began on a Thursday.
    if any(one.is_time_of_day for one in formats):
        parts.append(tf.cast(seconds % DAY, tf.float64) / 3600)
    numbers = tf.stack([tf.cast(part, tf.float32) for part in parts], axis=2)
    return tf.where(tf.expand_dims(known, 2), numbers, np.float32("nan"))


def _whole_as_text(values: tf.Tensor) -> tf.Tensor:
    """Numbers without their fractions as text, all digits of them; "" where there is none."""
    missing = is_missing(values)
    return tf.where(missing, "", as_text(tf.cast(tf.where(missing, 0.0, values), tf.int64)))

"""Categories, text or numbers that are names, by one vocabulary for all columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tensorflow as tf
import tensorflow_transform as tft

from models.common.columns.stacking import TO_TEXT, Raw, stack

VOCABULARY = "categories"
"""The asset of the transform graph that has the known values, `column=value`, one a line."""


def categories(inputs: Mapping[str, Raw], names: Sequence[str], rare: int) -> tf.Tensor:
    """Columns of categories as indices into one table, in which each value has a row of its own.

    A missing value is a category like any other. The first rows of the table are, one for each
    column, for the values that the vocabulary does not have.

    Args:
        inputs: What `preprocessing_fn` got.
        names: Columns of text or of numbers that are names, one value a row.
        rare: Values that fewer rows of the training split have are not in the vocabulary.

    Returns:
        [batch, names] of int64, below `category_count`.

    Raises:
        ValueError: There are no names, or a column has several values a row.
    """
    columns = tf.constant([f"{' '.join(name.split())}=" for name in names])
    values = tf.add(columns, stack(inputs, names, TO_TEXT))
    vocabulary = tft.vocabulary(values, frequency_threshold=rare, vocab_filename=VOCABULARY)
    known = tft.apply_vocabulary(values, vocabulary, default_value=-1)
    return tf.where(known < 0, tf.range(len(names), dtype=tf.int64), known + len(names))


def category_count(transform: tft.TFTransformOutput, names: Sequence[str]) -> int:
    """How many rows the table of `categories` has, of the same columns."""
    return int(transform.vocabulary_size_by_name(VOCABULARY)) + len(names)

"""Free text: the known words of each text, by one vocabulary for all columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tensorflow as tf
import tensorflow_transform as tft

from models.common.columns.stacking import TO_TEXT, Raw, stack

VOCABULARY = "words"
"""The asset of the transform graph that has the known words, one a line."""
LONGEST = 100
"""So many known words of a text count, the first ones."""


def words(inputs: Mapping[str, Raw], names: Sequence[str], most: int) -> tf.Tensor:
    """The known words of columns of text, in small letters and without punctuation.

    Args:
        inputs: What `preprocessing_fn` got.
        names: Columns of text, one a row.
        most: So many of the most frequent words of the training split are known.

    Returns:
        [batch, names, 100] of int64: from 1 to below `word_count` for a word; 0 after the last.

    Raises:
        ValueError: There are no names, or a column has several values a row.
    """
    text = tf.strings.lower(stack(inputs, names, TO_TEXT), encoding="utf-8")
    text = tf.strings.regex_replace(text, r"[^\pL\pN]+", " ")
    found = tf.strings.split(tf.reshape(text, [-1]))
    vocabulary = tft.vocabulary(found.flat_values, top_k=most, vocab_filename=VOCABULARY)
    indices = tft.apply_vocabulary(found.flat_values, vocabulary, default_value=-1)
    known = tf.ragged.boolean_mask(
        found.with_flat_values(indices + 1), found.with_flat_values(indices >= 0)
    )
    return tf.reshape(known.to_tensor(shape=[None, LONGEST]), [-1, len(names), LONGEST])


def word_count(transform: tft.TFTransformOutput) -> int:
    """How many rows a table for the indices of `words` has."""
    return int(transform.vocabulary_size_by_name(VOCABULARY)) + 1

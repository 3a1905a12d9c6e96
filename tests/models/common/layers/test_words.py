"""Bags of words beside plain numpy."""

from __future__ import annotations

import keras
import numpy as np

from models.common.layers.words import WordEmbedding

TEXTS = np.array([[[1, 2, 2, 0], [3, 0, 0, 0]], [[0, 0, 0, 0], [3, 2, 1, 1]]])


def test_a_text_is_the_sum_of_its_words_over_the_root_of_their_number() -> None:
    layer = WordEmbedding(4, 3)
    found = np.asarray(layer(TEXTS))
    [vectors] = layer.get_weights()
    for row, text in np.ndindex(2, 2):
        words = [word for word in TEXTS[row, text] if word]
        expected = sum(vectors[word] for word in words) / max(len(words), 1) ** 0.5
        np.testing.assert_allclose(found[row, text], expected, atol=1e-6)


def test_it_comes_back_from_its_config_with_its_shape() -> None:
    text = keras.saving.serialize_keras_object(WordEmbedding(4, 3))
    again = keras.saving.deserialize_keras_object(text)
    assert again(keras.Input([2, 5], dtype="int64")).shape == (None, 2, 3)
    assert again.compute_output_shape((None, 2, 5)) == (None, 2, 3)

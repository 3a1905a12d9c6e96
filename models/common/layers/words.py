"""Texts as vectors."""

from __future__ import annotations

from typing import Any

import keras


@keras.saving.register_keras_serializable("models.common")
class WordEmbedding(keras.layers.Layer):
    """A vector for each text: the sum of its words', divided by the root of how many they are.

    A bag of words as in Joulin et al., "Bag of Tricks for Efficient Text Classification", 2016,
    arXiv:1607.01759. The root keeps texts of all lengths at one scale.

    Args:
        words: How many words there are, 0 among them, which is none.
        width: How many numbers a text's vector has.

    Shapes: [batch, texts, words of a text], indices of which 0 is no word, to
    [batch, texts, width].
    """

    def __init__(self, words: int, width: int, **options: Any) -> None:
        super().__init__(**options)
        self.words = words
        self.width = width

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Adds the vectors of the words."""
        self.embeddings = self.add_weight(
            name="embeddings",
            shape=(self.words, self.width),
            initializer=keras.initializers.RandomNormal(stddev=0.1),
        )

    def call(self, indices: keras.KerasTensor) -> keras.KerasTensor:
        """Embeds the texts of a batch."""
        ops = keras.ops
        present = ops.cast(indices > 0, self.compute_dtype)
        vectors = ops.take(self.embeddings, indices, axis=0)
        count = ops.maximum(ops.sum(present, axis=-1, keepdims=True), 1.0)
        return ops.einsum("btw,btwd->btd", present, vectors) / ops.sqrt(count)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """[batch, texts, width]."""
        return (*input_shape[:-1], self.width)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "words": self.words, "width": self.width}

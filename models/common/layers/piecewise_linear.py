"""Numbers as vectors, by functions that are linear in pieces."""

from __future__ import annotations

from typing import Any

import keras


@keras.saving.register_keras_serializable("models.common")
class PiecewiseLinearEmbedding(keras.layers.Layer):
    """A vector for each number of a row: a function of its own, linear between the bins' bounds.

    Section 3.2 of Gorishniy et al., "On Embeddings for Numerical Features in Tabular Deep
    Learning", 2022, arXiv:2203.05556: the encoding of a number has a component for each bin, which
    is 0 below the bin, 1 above it, and in it the share that the number has passed. A linear layer
    for each feature makes a vector of that. As it takes ranks (`columns.numbers.quantile_ranks`),
    bins of the same width have the same share of the rows.

    Args:
        bins: How many bins a feature has.
        width: How many numbers a feature's vector has.

    Shapes: [batch, features], from 0 to 1 or -1 where there is no value, to
    [batch, features, width]. A missing value has a vector of its own.
    """

    def __init__(self, bins: int, width: int, **options: Any) -> None:
        super().__init__(**options)
        self.bins = bins
        self.width = width

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Adds the weights: the slopes in each bin, and what a missing value and the start are."""
        features = input_shape[-1]
        uniform = keras.initializers.RandomUniform(-1.0, 1.0)
        self.kernel = self.add_weight(
            name="kernel", shape=(features, self.bins, self.width), initializer="zeros"
        )
        self.slope = self.add_weight(
            name="slope", shape=(features, self.width), initializer=uniform
        )
        self.missing = self.add_weight(
            name="missing", shape=(features, self.width), initializer="zeros"
        )
        self.bias = self.add_weight(name="bias", shape=(features, self.width), initializer=uniform)

    def call(self, ranks: keras.KerasTensor) -> keras.KerasTensor:
        """Embeds the numbers of a batch."""
        ops = keras.ops
        x = ops.expand_dims(ranks, -1)
        bins = ops.arange(self.bins, dtype=self.compute_dtype)
        encoded = ops.clip(x * self.bins - bins, 0.0, 1.0)
        missing = ops.cast(x < 0, self.compute_dtype)
        linear = ops.maximum(x, 0.0) * 2.0 - 1.0 + missing
        return (
            ops.einsum("bft,ftw->bfw", encoded, self.kernel)
            + linear * self.slope
            + missing * self.missing
            + self.bias
        )

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """[batch, features, width]."""
        return (*input_shape, self.width)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "bins": self.bins, "width": self.width}

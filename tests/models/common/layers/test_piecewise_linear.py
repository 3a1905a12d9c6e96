"""Piecewise-linear embeddings beside the formula of the paper in plain numpy."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from models.common.layers.piecewise_linear import PiecewiseLinearEmbedding

RANKS = np.array([[0.0, 0.1], [0.25, 1.0], [0.999, -1.0], [-1.0, 0.5]], np.float32)


def layer(bins: int = 4, width: int = 3) -> PiecewiseLinearEmbedding:
    """A layer with random weights for two features."""
    made = PiecewiseLinearEmbedding(bins, width)
    made.build((None, 2))
    random = np.random.default_rng(0)
    made.set_weights([random.normal(size=weight.shape) for weight in made.weights])
    return made


def encoded(rank: float, bins: int) -> list[float]:
    """Equation 1 of the paper, for bins of the same width between 0 and 1."""
    found = []
    for number in range(bins):
        low, high = number / bins, (number + 1) / bins
        if rank < low:
            found.append(0.0)
        elif rank >= high:
            found.append(1.0)
        else:
            found.append((rank - low) / (high - low))
    return found


@pytest.mark.parametrize("bins", [1, 4, 7])
def test_a_value_gets_the_slopes_of_the_bins_below_it(bins: int) -> None:
    made = layer(bins)
    kernel, slope, missing, bias = made.get_weights()
    expected = np.zeros([4, 2, 3])
    for row, feature in np.ndindex(4, 2):
        rank = RANKS[row, feature]
        expected[row, feature] = bias[feature]
        if rank < 0:
            expected[row, feature] += missing[feature]
        else:
            expected[row, feature] += encoded(rank, bins) @ kernel[feature]
            expected[row, feature] += (2 * rank - 1) * slope[feature]
    np.testing.assert_allclose(made(RANKS), expected, atol=1e-5)


def test_a_function_is_linear_between_bounds_and_bends_at_them() -> None:
    made = layer(bins=2)
    ranks = np.repeat(np.linspace(0, 1, 21, dtype=np.float32)[:, None], 2, axis=1)
    bends = np.abs(np.diff(np.asarray(made(ranks)), n=2, axis=0)).max(axis=(1, 2))
    assert np.flatnonzero(bends > 1e-5).tolist() == [9]


def test_it_comes_back_from_its_config_with_its_shape() -> None:
    made = layer(bins=5, width=2)
    text = keras.saving.serialize_keras_object(made)
    again = keras.saving.deserialize_keras_object(text)
    assert (again.bins, again.width) == (5, 2)
    assert made.compute_output_shape((None, 7)) == (None, 7, 2)
    assert again(keras.Input([7])).shape == (None, 7, 2)

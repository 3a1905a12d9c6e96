"""Which hyperparameters the Tuner may try."""

from __future__ import annotations

import keras_tuner


def search_space() -> keras_tuner.HyperParameters:
    """The search space; its defaults are what is used where nothing was searched."""
    space = keras_tuner.HyperParameters()
    space.Float("learning_rate", 3e-4, 1e-2, sampling="log", default=2e-3)
    space.Int("units", 16, 128, step=16, default=64)
    space.Int("layers", 1, 3, default=2)
    space.Float("dropout", 0.0, 0.3, step=0.1, default=0.1)
    return space

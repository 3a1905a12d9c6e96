"""Which hyperparameters the Tuner may try."""

from __future__ import annotations

import keras_tuner


def search_space() -> keras_tuner.HyperParameters:
    """The search space; its defaults are what is used where nothing was searched."""
    space = keras_tuner.HyperParameters()
    space.Float("learning_rate", 1e-3, 1e-2, sampling="log", default=3e-3)
    space.Int("filters", 16, 48, step=16, default=32)
    space.Float("dropout", 0.1, 0.5, step=0.1, default=0.3)
    return space

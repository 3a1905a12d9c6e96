"""Which hyperparameters the Tuner may try."""

from __future__ import annotations

import keras_tuner


def search_space() -> keras_tuner.HyperParameters:
    """The search space; its defaults are what is used where nothing was searched."""
    space = keras_tuner.HyperParameters()
    space.Float("learning_rate", 5e-4, 5e-3, sampling="log", default=2e-3)
    space.Int("width", 8, 32, step=8, default=16)
    space.Float("l2", 1e-5, 1e-3, sampling="log", default=1.5e-4)
    space.Float("cold_users", 0.0, 0.6, step=0.1, default=0.3)
    space.Float("cold_items", 0.0, 0.05, step=0.01, default=0.01)
    return space

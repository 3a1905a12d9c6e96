"""Which hyperparameters the Tuner may try."""

from __future__ import annotations

import keras_tuner


def search_space() -> keras_tuner.HyperParameters:
    """The search space; its default is what is used where nothing was searched."""
    space = keras_tuner.HyperParameters()
    space.Float("learning_rate", 1e-3, 1e-1, sampling="log", default=2e-2)
    return space

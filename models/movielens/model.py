"""Two towers and biases: matrix factorisation (Koren et al., 2009) that knows cold users and films.

A rating is 5 sigmoid(b + b_user + b_film + b_time + user . film), so it is between 0 and 5. In
training some users and films are taken for cold ones, so that the vectors of these are learnt, too.
Several such networks start from other vectors and learn side by side; the answer is their mean,
which errs less on users with few ratings than any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow_transform as tft

from models.common.layers.ensemble import EnsembleModel
from models.movielens import features

_MEMBERS = 8
"""So many networks; all vectors of a user or film are one row of an embedding."""
_MEAN_STARS = 3.5
"""About where ratings lie, for the first step."""
_TIMES_L2 = 0.02
"""Strong: a stretch of time has ratings of few users, and what these share is not the time's."""


class TakenForCold(keras.layers.Layer):
    """Replaces numbers at random by that of the cold ones, in training alone; [batch, 1] of int64.

    Args:
        cold: The number of the cold ones.
        rate: The share that is replaced.
    """

    def __init__(self, cold: int, rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cold, self.rate = cold, rate
        self.seeds = keras.random.SeedGenerator(0)

    def call(self, numbers: Any, training: bool = False) -> Any:
        """The numbers, some of them replaced."""
        if not training:
            return numbers
        chance = keras.random.uniform(keras.ops.shape(numbers), seed=self.seeds)
        return keras.ops.where(chance < self.rate, self.cold, numbers)


def build_model(
    hyperparameters: Mapping[str, Any],
    inputs: Mapping[str, keras.KerasTensor],
    transform: tft.TFTransformOutput,
) -> keras.Model:
    """Builds the compiled network.

    Args:
        hyperparameters: Values for the names in `search_space.py`.
        inputs: The numbers of user, film and stretch of time, [batch, 1] each.
        transform: The fitted preprocessing, which knows how many users and films there are.

    Returns:
        A model from the inputs to the stars, [batch, 1].
    """
    towers: list[keras.KerasTensor] = []
    biases: list[keras.KerasTensor] = []
    for name in features.IDS:
        cold = transform.vocabulary_size_by_name(name)
        numbers = TakenForCold(cold, hyperparameters[f"cold_{name}s"])(inputs[f"{name}_xf"])
        for width, found in ((hyperparameters["width"], towers), (1, biases)):
            start = "zeros" if width == 1 else keras.initializers.RandomNormal(stddev=0.1)
            vectors = keras.layers.Embedding(cold + 1, _MEMBERS * width, start)(numbers)
            # Of the rows that are looked up: those of rare users and films are no more held back
            # by it in all than those of frequent ones, whose ratings pull as much more often.
            held = keras.layers.ActivityRegularization(l2=hyperparameters["l2"] / _MEMBERS)
            found.append(keras.layers.Reshape([_MEMBERS, width])(held(vectors)))
    times = keras.layers.Embedding(features.TIMES, 1, "zeros")(inputs[f"{features.TIME}_xf"])
    biases.append(keras.layers.ActivityRegularization(l2=_TIMES_L2)(times))
    users, films = towers
    logit = keras.ops.sum(users * films, axis=-1, keepdims=True)
    for bias in biases:
        logit = logit + bias
    share = _MEAN_STARS / features.MOST_STARS
    logit = logit + float(keras.ops.log(share / (1 - share)))
    stars = keras.layers.Rescaling(features.MOST_STARS)(keras.ops.sigmoid(logit))

    model = EnsembleModel(dict(inputs), stars)
    model.compile(
        optimizer=keras.optimizers.Adam(hyperparameters["learning_rate"]),
        loss="mean_squared_error",
        metrics=[keras.metrics.RootMeanSquaredError(name="rmse")],
        jit_compile=False,
        steps_per_execution=32,
    )
    return model

"""Linear regression: a straight line, found by gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow_transform as tft


def build_model(
    hyperparameters: Mapping[str, Any],
    inputs: Mapping[str, keras.KerasTensor],
    transform: tft.TFTransformOutput,
) -> keras.Model:
    """Builds the compiled network.

    Args:
        hyperparameters: Values for the names in `search_space.py`.
        inputs: The standardized years, and the mean and standard deviation of the salaries,
            [batch, 1] each.
        transform: The fitted preprocessing.

    Returns:
        A model from the inputs to the salary in dollars, [batch, 1].
    """
    # With standardized years and salaries the least squares' slope is between -1 and 1, and its
    # intercept 0: near to where the layer starts.
    line = keras.layers.Dense(1, kernel_initializer="zeros")(inputs["years_xf"])
    salary = inputs["salary_mean"] + inputs["salary_deviation"] * line

    model = keras.Model(dict(inputs), salary)
    model.compile(
        optimizer=keras.optimizers.Adam(hyperparameters["learning_rate"]),
        loss="mean_squared_error",
        metrics=[keras.metrics.RootMeanSquaredError(name="rmse")],
        jit_compile=False,
        steps_per_execution=32,
    )
    return model

"""A small dense network in which every feature counts."""

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
    """Builds the compiled network."""
    columns = [keras.ops.cast(column, "float32") for column in inputs.values()]
    hidden = keras.layers.Dense(hyperparameters["units"], activation="tanh")(
        keras.layers.Concatenate()(columns)
    )
    answer = keras.layers.Dense(1, activation="sigmoid")(keras.layers.Dropout(0.1)(hidden))
    model = keras.Model(dict(inputs), answer)
    model.compile(
        optimizer=keras.optimizers.Adam(hyperparameters["learning_rate"]),
        loss="binary_crossentropy",
        metrics=[keras.metrics.AUC(name="auc")],
        jit_compile=False,
    )
    return model

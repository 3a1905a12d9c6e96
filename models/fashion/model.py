"""A small convolutional network (LeCun et al., 1998) that tells pieces of clothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow_transform as tft

from models.common.labels.encoding import class_names
from models.fashion import features


def build_model(
    hyperparameters: Mapping[str, Any],
    inputs: Mapping[str, keras.KerasTensor],
    transform: tft.TFTransformOutput,
) -> keras.Model:
    """Builds the compiled network.

    Args:
        hyperparameters: Values for the names in `search_space.py`.
        inputs: The images by name, [batch, 28, 28], from 0 to 1.
        transform: The fitted preprocessing, which knows the classes.

    Returns:
        A model from the images to a probability for each class, [batch, 10].
    """
    hidden = keras.layers.Reshape((28, 28, 1))(inputs[f"{features.IMAGE}_xf"])
    # In training alone; the exported graph has neither.
    hidden = keras.layers.RandomFlip("horizontal")(hidden)
    hidden = keras.layers.RandomTranslation(0.08, 0.08, fill_mode="constant")(hidden)
    filters = hyperparameters["filters"]
    for factor in (1, 2, 4):
        hidden = keras.layers.Conv2D(factor * filters, 3, padding="same", use_bias=False)(hidden)
        hidden = keras.layers.BatchNormalization(momentum=0.9)(hidden)
        hidden = keras.layers.ReLU()(hidden)
        hidden = keras.layers.MaxPooling2D(2)(hidden)
    hidden = keras.layers.Dropout(hyperparameters["dropout"])(keras.layers.Flatten()(hidden))
    hidden = keras.layers.Dense(4 * filters, activation="relu")(hidden)
    hidden = keras.layers.Dropout(hyperparameters["dropout"])(hidden)
    classes = class_names(transform)
    scores = keras.layers.Dense(len(classes), activation="softmax")(hidden)

    model = keras.Model(dict(inputs), scores)
    model.compile(
        optimizer=keras.optimizers.Adam(hyperparameters["learning_rate"]),
        loss="sparse_categorical_crossentropy",
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        jit_compile=False,
    )
    return model

"""A wide-and-deep network (Cheng et al., 2016, arXiv:1606.07792) that tells big tippers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow_transform as tft

from models.taxi import features
from models.taxi.features import transformed

EMBEDDING_WIDTH = 4


def build_model(
    hyperparameters: Mapping[str, Any],
    inputs: Mapping[str, keras.KerasTensor],
    transform: tft.TFTransformOutput,
) -> keras.Model:
    """Builds the compiled network.

    Args:
        hyperparameters: Values for the names in `search_space.py`.
        inputs: A Keras input of shape [batch, 1] for each feature that preprocessing returns.
        transform: The fitted preprocessing, which knows the sizes of vocabularies.

    Returns:
        A model from the inputs to the probability of a big tip, [batch, 1].
    """
    numbers = keras.layers.Concatenate()([inputs[transformed(name)] for name in features.NUMERIC])
    categories, total = _categories(inputs, transform)
    # An embedding of width one is a linear model's weight for each category: the wide part.
    wide = keras.ops.sum(keras.layers.Embedding(total, 1)(categories), axis=1)
    embedded = keras.layers.Flatten()(keras.layers.Embedding(total, EMBEDDING_WIDTH)(categories))

    deep = keras.layers.Concatenate()([numbers, embedded])
    for _ in range(hyperparameters["layers"]):
        deep = keras.layers.Dense(hyperparameters["units"], activation="relu")(deep)
        deep = keras.layers.Dropout(hyperparameters["dropout"])(deep)
    logit = keras.layers.Add()([wide, keras.layers.Dense(1)(deep)])

    model = keras.Model(dict(inputs), keras.layers.Activation("sigmoid")(logit))
    model.compile(
        optimizer=keras.optimizers.Adam(hyperparameters["learning_rate"]),
        loss="binary_crossentropy",
        metrics=[keras.metrics.AUC(name="auc"), keras.metrics.BinaryAccuracy(name="accuracy")],
        # On a network this small XLA compiles for longer than it saves, and Python between two
        # steps takes longer than a step.
        jit_compile=False,
        steps_per_execution=32,
    )
    return model


def _categories(
    inputs: Mapping[str, keras.KerasTensor], transform: tft.TFTransformOutput
) -> tuple[keras.KerasTensor, int]:
    """All categorical features as indices into one table, [batch, features], and the table's size.

    One table, in which each feature has a range of rows of its own, trains several times faster
    than a small table for each feature.
    """
    sizes = dict.fromkeys(features.BUCKETED, features.BUCKETS) | features.CATEGORICAL
    for name in features.VOCABULARY:
        sizes[name] = transform.vocabulary_size_by_name(name) + features.OUT_OF_VOCABULARY
    columns = keras.layers.Concatenate()([inputs[transformed(name)] for name in sizes])
    starts = np.cumsum([0, *sizes.values()])
    return columns + starts[:-1], int(starts[-1])

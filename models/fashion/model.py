"""A small convolutional network that tells pieces of clothing.

Two blocks with a residual convolution each (He et al., 2015, arXiv:1512.03385) and batch
normalisation (Ioffe, Szegedy, 2015, arXiv:1502.03167), and a third without. Images are pooled
before they are normalised and not after it, which takes a fraction of the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow_transform as tft

from models.common.labels.encoding import class_names
from models.common.layers.images import ImageAugmentation
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
    hidden = ImageAugmentation(shift=2, erased=10)(hidden)  # In training alone.
    filters = hyperparameters["filters"]
    for factor in (1, 2):
        hidden = _convolution(factor * filters, hidden, pooled=True)
        hidden = keras.layers.Add()([hidden, _convolution(factor * filters, hidden)])
    hidden = _convolution(4 * filters, hidden, pooled=True)
    hidden = keras.layers.Dropout(hyperparameters["dropout"])(keras.layers.Flatten()(hidden))
    classes = class_names(transform)
    scores = keras.layers.Dense(len(classes), activation="softmax")(hidden)

    model = keras.Model(dict(inputs), scores)
    model.compile(
        optimizer=keras.optimizers.AdamW(hyperparameters["learning_rate"], weight_decay=1e-3),
        loss="sparse_categorical_crossentropy",
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        jit_compile=False,
    )
    return model


def _convolution(
    filters: int, images: keras.KerasTensor, pooled: bool = False
) -> keras.KerasTensor:
    """A convolution of 3 x 3 with what follows it; where pooled, to images of half the size."""
    hidden = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False)(images)
    if pooled:
        hidden = keras.layers.MaxPooling2D(2, padding="same")(hidden)
    hidden = keras.layers.BatchNormalization(momentum=0.9)(hidden)
    return keras.layers.ReLU()(hidden)

"""From shades of grey to what the network takes, the same in training and in serving."""

from __future__ import annotations

import tensorflow as tf

from models.common.preprocessing import fill_missing
from models.fashion import features


def preprocessing_fn(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Brings images, [batch, 28, 28], to numbers from 0 to 1, and names the label.

    An image with any number above 1 is taken to go from 0 to 255, every other one to go from 0 to
    1, as clients that have divided by 255 send it.
    """
    image = inputs[features.IMAGE]
    brightest = tf.reduce_max(image, axis=[1, 2], keepdims=True)
    return {
        f"{features.IMAGE}_xf": image / tf.where(brightest > 1.0, 255.0, 1.0),
        features.LABEL: fill_missing(inputs[features.LABEL]),
    }

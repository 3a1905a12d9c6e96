"""Changes of images by chance, so that a network sees others in each epoch."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("models.common")
class ImageAugmentation(keras.layers.Layer):
    """Mirrors, moves and partly erases images, in training alone.

    Half of the images are mirrored; each is moved by some pixels; of half a square is erased
    (Zhong et al., "Random Erasing Data Augmentation", 2017, arXiv:1708.04896). That takes rows and
    columns as they are: Keras' own layers interpolate, which takes longer than a small network.

    Args:
        shift: The most pixels that an image is moved by, up or down, and to a side; what comes in
            is 0.
        erased: The side of the erased square in pixels; a part of it may be outside.

    Shapes: [batch, height, width, channels] to the same.
    """

    def __init__(self, shift: int, erased: int, **options: Any) -> None:
        super().__init__(**options)
        self.shift, self.erased = shift, erased
        self.seeds = keras.random.SeedGenerator()

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        """The images, changed in training."""
        if not training:
            return images
        images = tf.where(self._half(images), tf.reverse(images, [2]), images)
        border = [self.shift, self.shift]
        images = tf.pad(images, [[0, 0], border, border, [0, 0]])
        height, width = images.shape[1] - sum(border), images.shape[2] - sum(border)
        for axis, length in ((1, height), (2, width)):
            first = self._whole(images, 0, 2 * self.shift + 1)
            images = tf.gather(images, first + tf.range(length), axis=axis, batch_dims=1)
        down, along = (
            tf.range(length) - self._whole(images, 1 - self.erased, length)
            for length in (height, width)
        )
        rows, columns = ((place >= 0) & (place < self.erased) for place in (down, along))
        square = rows[:, :, None, None] & columns[:, None, :, None]
        return tf.where(square & self._half(images), 0.0, images)

    def _half(self, images: tf.Tensor) -> tf.Tensor:
        """True for about half of the images, [batch, 1, 1, 1]."""
        return keras.random.uniform((tf.shape(images)[0], 1, 1, 1), seed=self.seeds) < 0.5

    def _whole(self, images: tf.Tensor, least: int, below: int) -> tf.Tensor:
        """A whole number for each image, [batch, 1] of int32."""
        return keras.random.randint((tf.shape(images)[0], 1), least, below, "int32", self.seeds)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "shift": self.shift, "erased": self.erased}

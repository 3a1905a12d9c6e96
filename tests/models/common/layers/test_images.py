"""Augmented images are those that were given: mirrored, moved, with a square of zeros."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from models.common.layers.images import ImageAugmentation

ROWS = 400


def images(height: int, width: int) -> np.ndarray:
    """Images of which no two pixels are alike, none of them 0."""
    one = np.arange(1, height * width + 1, dtype=np.float32).reshape(1, height, width, 1)
    return np.repeat(one, ROWS, axis=0)


def augmented(layer: ImageAugmentation, given: np.ndarray) -> np.ndarray:
    keras.utils.set_random_seed(3)
    return np.asarray(layer(given, training=True))


def test_nothing_is_changed_but_in_training() -> None:
    given = images(5, 7)
    assert np.array_equal(ImageAugmentation(2, 3)(given), given)
    assert np.array_equal(ImageAugmentation(2, 3)(given, training=False), given)


@pytest.mark.parametrize(("height", "width"), [(5, 7), (6, 4)])
def test_images_are_moved_as_far_as_asked_and_mirrored(height: int, width: int) -> None:
    given = images(height, width)
    found = {one.tobytes() for one in augmented(ImageAugmentation(1, 0), given)}
    expected = set()
    for image in (given[0], given[0, :, ::-1]):
        framed = np.pad(image, [(1, 1), (1, 1), (0, 0)])
        for down in range(3):
            for along in range(3):
                expected.add(framed[down : down + height, along : along + width].tobytes())
    assert found == expected


def test_of_half_of_the_images_a_square_is_erased_that_may_reach_beyond_the_border() -> None:
    given = images(6, 8)
    layer = ImageAugmentation(0, 3)
    shapes = set()
    for image in augmented(layer, given)[..., 0]:
        rows, columns = np.nonzero(image == 0)
        shape = (len(set(rows)), len(set(columns)))
        assert len(rows) == shape[0] * shape[1], "what is erased is a rectangle"
        shapes.add(shape)
        whole = np.where(image == 0, given[0, ..., 0], image)
        mirrored = np.where(image == 0, given[0, :, ::-1, 0], image)
        assert np.array_equal(whole, given[0, ..., 0]) or np.array_equal(
            mirrored, given[0, :, ::-1, 0]
        )
    assert shapes == {(0, 0)} | {(rows, columns) for rows in (1, 2, 3) for columns in (1, 2, 3)}


def test_about_half_are_erased_and_mirrored() -> None:
    found = augmented(ImageAugmentation(0, 3), images(4, 4))
    assert 0.4 < np.mean((found == 0).any(axis=(1, 2, 3))) < 0.6
    corners = found[:, 0, [0, 3], 0]
    assert 0.4 < np.mean((corners[:, 0] == 4) | (corners[:, 1] == 1)) < 0.6


def test_the_arguments_come_back() -> None:
    layer = ImageAugmentation(2, 9)
    assert ImageAugmentation.from_config(layer.get_config()).get_config() == layer.get_config()

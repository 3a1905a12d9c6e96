"""Any image becomes a PNG file that others read, or an error that says what was wanted."""

from __future__ import annotations

import io
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from models.common.tracking import png


def read(content: bytes) -> np.ndarray:
    """Pixels as bytes, by a reader that is not ours."""
    return np.rint(matplotlib.image.imread(io.BytesIO(content), format="png") * 255)


@settings(max_examples=30, deadline=None)
@given(
    arrays.arrays(
        np.uint8,
        st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3, 4])),
    )
)
def test_bytes_are_read_as_they_were(image: np.ndarray) -> None:
    shown = image[:, :, 0] if image.shape[2] == 1 else image
    assert np.array_equal(read(png.encoded(image)), shown)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ([[0.0, 1.0]], [[0, 255]]),
        ([[0.5, 0.25]], [[128, 64]]),
        ([[0.0, 200.0]], [[0, 200]]),
        ([[0, 1]], [[0, 1]]),
        ([[True, False]], [[255, 0]]),
        (np.zeros((1, 2), np.int64), [[0, 0]]),
    ],
)
def test_numbers_are_of_one_or_of_255(image: Any, expected: Any) -> None:
    assert np.array_equal(read(png.encoded(np.array(image))), expected)


def test_a_large_image_is_thinned_until_it_fits() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (3000, 1500, 3), np.uint8)
    content = png.encoded(noise)
    assert len(content) <= png.MOST_BYTES
    height, width, _ = read(content).shape
    assert height == 2 * width and height > 300


def test_a_png_file_is_taken_as_it_is() -> None:
    content = png.encoded(np.zeros((2, 2)))
    assert png.encoded(content) == png.encoded(bytearray(content)) == content


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ("picture.png", "Received: the text 'picture.png'"),
        (b"GIF89a", "6 bytes, no whole PNG"),
        (png.encoded(np.zeros((2, 2)))[:-1], "no whole PNG"),
        (png.encoded(np.zeros((2, 2)))[:-12] + b"\0" * 2**20 + png._END, "at most 524,288 bytes"),
        (np.zeros(3), r"shape \[3\]"),
        (np.zeros((2, 2, 2)), r"shape \[2, 2, 2\]"),
        (np.zeros((0, 2)), r"shape \[0, 2\]"),
        (np.array([[0.0, np.nan]]), "nan to nan"),
        (np.array([[-1.0, 1.0]]), "-1 to 1"),
        (np.array([[0, 256]]), "0 to 256"),
        (np.array([["a"]]), "one of <U1"),
        (np.array([[1j]]), "one of complex128"),
    ],
)
def test_what_is_no_image_is_told(image: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        png.encoded(image)

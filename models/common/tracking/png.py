"""Images as PNG files, without a library, so that any process of a run can make one.

https://www.w3.org/TR/png-3/
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np

MOST_BYTES = 512 * 2**10
"""Of one image; an array that would have more is thinned."""
_LONGEST = 1024
"""Pixels of a side, of an array."""
_START, _END = b"\x89PNG\r\n\x1a\n", b"\x00\x00\x00\x00IEND\xaeB`\x82"
_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}
"""PNG's number by how many channels there are: grey, RGB, RGB with alpha."""
_WANTED = "the content of a PNG file, or an array [height, width] or with 1, 3 or 4 channels behind"


def encoded(image: Any) -> bytes:
    """An image as the content of a PNG file.

    Args:
        image: The content of a PNG file, or an array [height, width] or [height, width, channels]
            with 1, 3 or 4 channels: of bytes, of numbers from 0 to 1, or of numbers from 0 to 255.
            Of larger ones every second, third ... pixel is taken.

    Raises:
        ValueError: It is none of these, or a PNG file of more than `MOST_BYTES`.
    """
    if isinstance(image, bytes | bytearray | memoryview):
        return _checked(bytes(image))
    if isinstance(image, str):
        raise ValueError(f"Expected: {_WANTED}. Received: the text {image[:60]!r}.")
    pixels = _pixels(image)
    step = -(-max(pixels.shape[:2]) // _LONGEST)
    while True:
        content = _written(pixels[::step, ::step])
        if len(content) <= MOST_BYTES:
            return content
        step += 1


def _checked(content: bytes) -> bytes:
    if not content.startswith(_START) or not content.endswith(_END):
        raise ValueError(f"Expected: {_WANTED}. Received: {len(content):,} bytes, no whole PNG.")
    if len(content) > MOST_BYTES:
        raise ValueError(
            f"Expected: at most {MOST_BYTES:,} bytes. Received: {len(content):,}; make it smaller."
        )
    return content


def _pixels(image: Any) -> np.ndarray:
    """The image as bytes, [height, width, channels]."""
    array = np.asarray(image)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in _COLOUR_TYPES or not array.size:
        raise ValueError(f"Expected: {_WANTED}. Received: shape {list(np.shape(image))}.")
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * 255
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind not in "iuf":
        raise ValueError(f"Expected: an array of numbers. Received: one of {array.dtype}.")
    low, high = float(array.min()), float(array.max())
    if not 0 <= low <= high <= 255:  # Not so where any is NaN, either.
        raise ValueError(
            f"Expected: numbers from 0 to 1, or to 255. Received: {low:g} to {high:g}."
        )
    share = array.dtype.kind == "f" and high <= 1
    return np.rint(array.astype(np.float64) * (255 if share else 1)).astype(np.uint8)


def _written(pixels: np.ndarray) -> bytes:
    height, width, channels = pixels.shape
    rows = np.zeros((height, 1 + width * channels), np.uint8)  # Each begins with its filter: none.
    rows[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    data = zlib.compress(rows.tobytes(), 6)
    return _START + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _END


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

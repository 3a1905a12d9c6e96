"""Reads IDX, the format of MNIST's files: a magic number, the shape, and the values, big-endian.

The format is described at <http://yann.lecun.com/exdb/mnist/>.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from models.common.errors import DataError

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""The types of values, by the third byte of a file."""


def read(path: Path) -> np.ndarray:
    """The array of a file, plain or gzipped, in the shape that the file says.

    Raises:
        DataError: It cannot be read, is not IDX, or has not as many values as its shape needs.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        content = gzip.decompress(path.read_bytes()) if packed else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path} cannot be read", str(error), "Remove it, and fetch it again."
        ) from error
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _TYPES:
        raise DataError(
            f"{path} is not IDX",
            "Expected: two bytes of 0, the type of the values, and how many dimensions they have. "
            f"Received: {content[:4]!r}.",
            "Name a file in MNIST's format, plain or gzipped.",
        )
    kind, dimensions = np.dtype(_TYPES[content[2]]), content[3]
    start = 4 + 4 * dimensions
    shape = struct.unpack(f">{dimensions}I", content[4:start]) if len(content) >= start else ()
    size = math.prod(shape) * kind.itemsize
    if len(shape) != dimensions or len(content) != start + size:
        raise DataError(
            f"{path} is not whole",
            f"Expected: {start + size:,} bytes for values of the shape {list(shape)}. "
            f"Received: {len(content):,}.",
            "Remove it, and fetch it again.",
        )
    return np.frombuffer(content, kind, offset=start).reshape(shape)

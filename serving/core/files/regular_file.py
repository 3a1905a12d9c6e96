"""Reads files that other people put there: nothing but files, and none larger than expected.

A named pipe would be waited for without end, and `/dev/zero` read without end.
"""

from __future__ import annotations

import errno
import stat
from pathlib import Path

LARGEST = 64 * 2**20
"""Bytes of a file that is read as a whole, where nothing else is said."""


def read(path: Path, most: int = LARGEST) -> bytes:
    """A file's content.

    Args:
        path: The file; links are followed.
        most: How many bytes it may have.

    Raises:
        OSError: There is none, it is something else, or it is larger.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "It is not a file", str(path))
    if status.st_size > most:
        told = f"It has {status.st_size:,} bytes, and at most {most:,} are expected"
        raise OSError(errno.EFBIG, told, str(path))
    return path.read_bytes()

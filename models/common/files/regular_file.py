"""Reads files that other people put there: nothing but files, and none larger than expected.

A named pipe would be waited for without end, and `/dev/zero` read without end.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

LARGEST = 64 * 2**20
"""Bytes of a file that is read as a whole, where nothing else is said."""

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def check(path: str | Path, most: int | None = None) -> None:
    """Looks whether this is a file that can be read without waiting.

    Args:
        path: The file; links are followed.
        most: How many bytes it may have; None: any number.

    Raises:
        OSError: There is none, it is something else, or it is larger; `strerror` says so in words.
    """
    status = os.stat(path)  # noqa: PTH116  (takes text as well)
    kind = _KINDS.get(stat.S_IFMT(status.st_mode))
    if kind:
        raise OSError(errno.EINVAL, f"it is {kind}, not a file", str(path))
    if most is not None and status.st_size > most:
        told = f"it has {status.st_size:,} bytes, and at most {most:,} are expected"
        raise OSError(errno.EFBIG, told, str(path))


def read(path: str | Path, most: int = LARGEST) -> bytes:
    """A file's content.

    Args:
        path: The file; links are followed.
        most: How many bytes it may have.

    Raises:
        OSError: See `check`.
    """
    check(path, most)
    return Path(path).read_bytes()

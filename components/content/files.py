"""What a file holds, without reading again what has not been touched."""

from __future__ import annotations

import hashlib
import os
import stat

State = tuple[int, int, int, int]
"""Size, time of the last change of the content and of anything (nanoseconds), and inode.

Who writes to a file changes the third, whatever is made of the second: no call can set it."""

_BLOCK = 1 << 20
_known: dict[str, tuple[State, str]] = {}
"""Hashes of the files that this process has read, by absolute path."""


def state(path: str) -> State:
    """What differs when a file has been touched; links are followed.

    Raises:
        OSError: There is no such file, or it is none: a folder, a pipe.
    """
    found = os.stat(path)  # noqa: PTH116  (paths are text here)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(None, "It is not a regular file", path)
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def sha256(path: str, *, again: bool = False) -> tuple[State, str]:
    """A file's state, and the SHA-256 of its content in hexadecimal.

    Args:
        path: The file.
        again: Whether to read it even where this process has done so and sees the same state.

    Raises:
        OSError: It cannot be read.
    """
    path = os.path.abspath(path)  # noqa: PTH100
    before = state(path)
    known = _known.get(path)
    if known and known[0] == before and not again:
        return known
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123
        while block := file.read(_BLOCK):
            digest.update(block)
    # Of a file that is written to meanwhile, the state is the one before: it is read again.
    _known[path] = before, digest.hexdigest()
    return _known[path]

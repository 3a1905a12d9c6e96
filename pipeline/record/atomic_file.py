"""Files that a reader finds whole or not at all, and can tell when they have been written anew."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

from pipeline.record import disk

Revision = tuple[int, int]
"""An inode and the time of its last change, in nanoseconds."""


def write_whole(path: Path, content: str | bytes, *, private: bool = False) -> None:
    """Writes a file so that a reader sees the old content or the new, never a part.

    Args:
        path: The file; folders that are missing are made.
        content: Its new content; text is written as UTF-8.
        private: Whether its owner alone may read it, and list the folders that are made.

    Raises:
        RunError: The file cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        make_folder(path.parent, private=private)
        partial.unlink(missing_ok=True)
        mode = 0o600 if private else 0o666
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
        partial.write_bytes(
            content.encode(errors="surrogateescape") if isinstance(content, str) else content
        )
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise disk.write_error(path, error) from error


def make_folder(path: Path, *, private: bool) -> None:
    """Makes a folder and those above it, if need be for its owner alone.

    Raises:
        OSError: It cannot be made.
    """
    if private:
        # Each by itself: `mkdir` gives its mode to the last one only.
        for folder in (*reversed(path.parents), path):
            if not folder.exists():
                folder.mkdir(mode=0o700, exist_ok=True)
    else:
        path.mkdir(parents=True, exist_ok=True)


def revision(path: Path) -> Revision | None:
    """What differs after each `write_whole`, as each makes a new file; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns

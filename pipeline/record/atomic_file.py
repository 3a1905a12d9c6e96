"""Files that a reader finds whole or not at all, and can tell when they have been written anew."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

from pipeline.record import disk

Revision = tuple[int, int]
"""An inode and the time of its last change, in nanoseconds."""


def write_whole(path: Path, content: str | bytes) -> None:
    """Writes a file so that a reader sees the old content or the new, never a part.

    Args:
        path: The file; folders that are missing are made.
        content: Its new content; text is written as UTF-8.

    Raises:
        RunError: The file cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content.encode() if isinstance(content, str) else content)
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise disk.write_error(path, error) from error


def revision(path: Path) -> Revision | None:
    """What differs after each `write_whole`, as each makes a new file; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns

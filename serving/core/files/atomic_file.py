"""Files that a reader finds whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from serving.core.errors import Code, ServingError


def write_whole(path: Path, content: str) -> None:
    """Writes a file so that a reader sees the old content or the new, never a part.

    Raises:
        ServingError: The file cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(content, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):  # Where nothing can be written, nothing was.
            part.unlink()
        raise ServingError(
            Code.FAILED_PRECONDITION,
            f"{path} cannot be written",
            f"Received: {error.strerror}.",
            "Make the folder writable, or free some space.",
        ) from error

"""Files of a run folder, of which a request names one: never one outside of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dashboard.errors import DashboardError

MAX_LISTED = 2000


def inside(folder: Path, relative: str) -> Path:
    """The regular file of this path in the folder; symbolic links may lead to nowhere else.

    Raises:
        DashboardError: There is no such file, or it is not in the folder.
    """
    missing = DashboardError(f"The run has no file {relative!r:.200}", status=404)
    parts = relative.split("/")
    if "\0" in relative or "\\" in relative or any(part in ("", ".", "..") for part in parts):
        raise missing
    root = folder.resolve()
    try:
        path = (root / relative).resolve(strict=True)
        regular = stat.S_ISREG(path.stat().st_mode)
    except (OSError, RuntimeError, ValueError) as error:
        raise missing from error
    if not regular or not path.is_relative_to(root):
        raise missing
    return path


def listing(folder: Path) -> dict[str, Any]:
    """The files that may be read, by path, with size in bytes and time of the last change."""
    files: list[dict[str, Any]] = []
    more = False
    for path in _walk(folder):
        if len(files) == MAX_LISTED:
            more = True
            break
        relative = path.relative_to(folder).as_posix()
        try:
            relative.encode()
            status = inside(folder, relative).stat()
        except (DashboardError, OSError, UnicodeEncodeError):
            continue
        files.append({"path": relative, "size": status.st_size, "changed": status.st_mtime})
    return {"files": sorted(files, key=lambda file: file["path"]), "more": more}


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield Path(parent, name)

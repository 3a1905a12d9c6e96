"""What is said of a disk that took no more."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

from models.common.errors import RunError

_NUMBERS = (errno.ENOSPC, errno.EDQUOT)
_TEXTS = ("no space left on device", "disk quota exceeded", "database or disk is full")
"""What libraries make of these."""


def write_error(path: Path, error: OSError) -> RunError:
    """The error of a file that cannot be written."""
    if error.errno in _NUMBERS:
        return RunError(
            f"{path} cannot be written: the disk is full",
            f"Received: {error.strerror}. {space(path)}",
            "Free some space on it and run again; what was finished is not repeated.",
        )
    return RunError(
        f"{path} cannot be written",
        f"Received: {error.strerror}.",
        "Make the folder writable, or free some space.",
    )


def is_full(error: BaseException) -> bool:
    """Whether an error, or what it comes from, is a full disk's; libraries tell it in their way."""
    return any(
        (isinstance(cause, OSError) and cause.errno in _NUMBERS)
        or any(text in str(cause).lower() for text in _TEXTS)
        for cause in _causes(error)
    )


def file_of(error: BaseException) -> Path | None:
    """The file that could not be written, where the error or what it comes from knows it."""
    names = (cause.filename for cause in _causes(error) if isinstance(cause, OSError))
    return next((Path(name) for name in names if isinstance(name, str)), None)


def space(path: Path) -> str:
    """The free space of the disk that a path is on, as a sentence."""
    there = next((one for one in (path, *path.absolute().parents) if one.exists()), Path("/"))
    mount = next(one for one in (there.absolute(), *there.absolute().parents) if one.is_mount())
    usage = shutil.disk_usage(there)
    free, total = f"{usage.free / 1e6:,.1f}", f"{usage.total / 1e6:,.0f}"
    return f"The disk mounted at {mount} has {free} of {total} MB free."


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = found.__cause__ or found.__context__

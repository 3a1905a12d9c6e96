"""How other processes of a training reach the one that collects: lines in a folder named after it.

The folder is found by the processes that a process descends from, as an environment variable that a
model's code reads is one that no hash covers.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MOST = 64 * 2**20
"""Bytes that one process may leave."""
_MOST_ANCESTORS = 30


@contextlib.contextmanager
def open_folder() -> Iterator[Path | None]:
    """The folder in which the descendants of this process leave what they log, while it lasts.

    None where it cannot be made: what a full disk needs will be told by others.
    """
    folder = _folder(os.getpid())
    try:
        if _is_own(folder):  # Of a process of this number that was killed.
            shutil.rmtree(folder)
        folder.mkdir(mode=0o700)
    except OSError:
        yield None
        return
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_folder() -> Path | None:
    """The folder of the nearest process that this one descends from and that has one."""
    return next((folder for pid in _ancestors() if _is_own(folder := _folder(pid))), None)


def leave(folder: Path, left: dict[str, Any]) -> None:
    """Leaves a line, if there is room; the folder may be gone."""
    with contextlib.suppress(OSError):
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        file = os.open(folder / f"{os.getpid()}.jsonl", flags, 0o600)
        try:
            if os.fstat(file).st_size < MOST:
                os.write(file, json.dumps(left).encode() + b"\n")
        finally:
            os.close(file)


def _folder(process: int) -> Path:
    return Path(tempfile.gettempdir(), f"pipeline-logged-{os.getuid()}-{process}")


def _is_own(folder: Path) -> bool:
    """Whether it is a folder of this user's, and not what somebody else has put there."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()


def _ancestors() -> Iterator[int]:
    """The processes that this one descends from, the nearest first."""
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None:
        yield parent.pid  # That of a fork server's child is another for the system.
    process = os.getppid()
    for _ in range(_MOST_ANCESTORS):
        yield process
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except (OSError, UnicodeDecodeError):
            return
        process = int(fields[1])
        if process <= 1:
            return

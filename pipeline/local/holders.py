"""The processes that have a file open, for messages that would else say that somebody has."""

from __future__ import annotations

import contextlib
import os
import shlex
from pathlib import Path

_LONGEST = 80


def holders(path: Path) -> list[str]:
    """The other processes that have a file open, such as `process 4711 (python -m pipeline ...)`.

    Empty where the system does not say: it has no `/proc`, or the process is another user's.
    """
    try:
        wanted = path.stat()
    except OSError:
        return []
    return [
        f"process {folder.name} ({_command(folder)})"
        for folder in sorted(Path("/proc").glob("[0-9]*"), key=lambda folder: int(folder.name))
        if folder.name != str(os.getpid()) and _has_open(folder, wanted)
    ]


def _has_open(process: Path, wanted: os.stat_result) -> bool:
    with contextlib.suppress(OSError):  # It has ended meanwhile, or is another user's.
        for file in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                if os.path.samestat(file.stat(), wanted):
                    return True
    return False


def _command(process: Path) -> str:
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return "it has ended"
    text = shlex.join(word.decode(errors="replace") for word in words if word)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."

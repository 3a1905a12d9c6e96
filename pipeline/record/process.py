"""Which process a number means: the system gives the numbers of ended processes out again."""

from __future__ import annotations

import os
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def start_of(process: int) -> str | None:
    """When a process started, as the system counts it, which no clock changes.

    Args:
        process: Its number.

    Returns:
        The machine's boot and the clock ticks since then, such as `6a1f...-91c2/8273645`. None
        where there is no such process, it has ended and nobody has waited for it yet, or the system
        has no `/proc`.
    """
    fields = stat(process)
    if fields is None or fields[0] in "ZX":
        return None
    try:
        return f"{_BOOT.read_text().strip()}/{fields[19]}"
    except OSError:
        return None


def stat(process: int) -> list[str] | None:
    """The fields of `/proc/<process>/stat` from the state on; None where there is none."""
    try:
        # The name, in brackets, may hold anything.
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return None


def answers(process: int) -> bool:
    """Whether a process of this number is there, where the system has no `/proc`."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True

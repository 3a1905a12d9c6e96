"""Whether the process of a run that its record calls running is still there."""

from __future__ import annotations

import os
import time
from pathlib import Path

_SLACK = 2.0
"""The system tells the time it booted in whole seconds."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def alive(process: int | None, written: float, start: str = "") -> bool:
    """Whether the process is there, and is the one that the record means.

    The system gives numbers of ended processes out again.

    Args:
        process: Its number.
        written: When the record was written. Where `start` is empty, as in records of earlier
            versions, a process that started after that is another one.
        start: When it started, as the system counts it: `<boot>/<clock ticks since then>`.
    """
    if process is None or not 0 < process < 2**31:
        return False
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        if start:
            there = f"{_BOOT.read_text().strip()}/{fields[19]}"
            return fields[0] not in "ZX" and there == start
        lines = Path("/proc/stat").read_text().splitlines()
        booted = next(int(line.split()[1]) for line in lines if line.startswith("btime"))
    except (OSError, StopIteration):
        return not start and _answers(process)
    started = booted + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return fields[0] not in "ZX" and started <= written + _SLACK


def alive_in_cloud(seen: float, silence_minutes: float | None) -> bool:
    """Whether a run in the cloud, which says that it goes on, may still do so.

    Args:
        seen: When it last told of itself, in seconds since 1970.
        silence_minutes: After which time without a word it has died; None: after none.
    """
    return silence_minutes is None or time.time() - seen < silence_minutes * 60


def _answers(process: int) -> bool:
    """The same where the system has no `/proc`."""
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True

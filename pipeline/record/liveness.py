"""Whether a run that its record calls running still has a process."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.record import run_folder
from pipeline.record.run_record import RunRecord


def status(record: RunRecord, runs: Path) -> str:
    """The record's status, or `died` where it says running and its process is gone."""
    if record.status == "running" and not _alive(record, runs):
        return "died"
    return record.status


def _alive(record: RunRecord, runs: Path) -> bool:
    """Whether the run's process is there, and is the one that wrote the record.

    The system gives the numbers of ended processes out again: a process that started after the
    record was last written is another one.
    """
    if record.process is None:
        return False
    written = (run_folder.path(record.id, runs) / run_folder.RECORD).stat().st_mtime
    try:
        fields = Path(f"/proc/{record.process}/stat").read_text().rpartition(")")[2].split()
        booted = next(
            int(line.split()[1])
            for line in Path("/proc/stat").read_text().splitlines()
            if line.startswith("btime")
        )
    except (OSError, StopIteration):
        return _answers(record.process)
    state, ticks = fields[0], int(fields[19])
    slack = 2.0  # The system tells the time it booted in whole seconds.
    started = booted + ticks / os.sysconf("SC_CLK_TCK")
    return state not in "ZX" and started <= written + slack


def _answers(process: int) -> bool:
    """Whether a process of this number is there, where the system has no `/proc`."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

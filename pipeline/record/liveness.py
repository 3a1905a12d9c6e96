"""Whether a run that its record calls running still has a process."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.record import clock, process, run_folder
from pipeline.record.run_record import RunRecord


def status(record: RunRecord, runs: Path) -> str:
    """The record's status, or `died` where it says running and its process is gone."""
    if record.status == "running" and not _alive(record, runs):
        return "died"
    return record.status


def _alive(record: RunRecord, runs: Path) -> bool:
    """Whether the run's process is there, and is the one that the record means.

    What tells it from another of the same number is when it started, in the system's own count. No
    time of day is asked, as that may have been set meanwhile.
    """
    if record.cloud is not None:
        seen, silence = record.cloud.seen or record.started, record.cloud.silence_minutes
        return silence is None or (clock.now() - seen).total_seconds() < silence * 60
    if record.process is None:
        return False
    if record.process_start is not None:
        return process.start_of(record.process) == record.process_start
    return _was_there(record.process, run_folder.path(record.id, runs) / run_folder.RECORD)


def _was_there(number: int, file: Path) -> bool:
    """The same for records without `process_start`, of earlier versions and of other systems.

    A process that started after the record was last written is another one.
    """
    fields = process.stat(number)
    try:
        lines = Path("/proc/stat").read_text().splitlines()
        booted = next(int(line.split()[1]) for line in lines if line.startswith("btime"))
    except (OSError, StopIteration):
        return process.answers(number)
    if fields is None:
        return False
    slack = 2.0  # The system tells the time it booted in whole seconds.
    started = booted + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return fields[0] not in "ZX" and started <= file.stat().st_mtime + slack

"""Creates the folder of a run that is about to start: its record, its code, its tracker."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from models.common.errors import RunError
from pipeline import tracking
from pipeline.config import project
from pipeline.record import provenance, run_folder, run_record
from pipeline.record.atomic_file import write_whole
from pipeline.record.run_record import RunRecord

_RESERVED = 512 * 1024
"""Bytes that are kept for the record of the run's end: more than any has had."""


def create(
    record: RunRecord,
    root: Path = project.ROOT,
    runs: Path = project.RUNS,
    environment: Mapping[str, str] = os.environ,
) -> tracking.Tracker | None:
    """Completes a new record, writes it and copies of the model's code, and starts its tracker.

    Args:
        record: A new run's record, to which command and environment are added, and the code
            where it has none yet.
        root: The project's root.
        runs: The folder of all runs.
        environment: Environment variables of the tracker, by default those of this process.

    Returns:
        The tracker; None where NEPTUNE_MODE is `disabled`.

    Raises:
        RunError: The folder cannot be written; nothing of it is left.
    """
    write(record, root, runs)
    return tracking.start(run_folder.path(record.id, runs), root, environment)


def write(record: RunRecord, root: Path = project.ROOT, runs: Path = project.RUNS) -> None:
    """The same without a tracker.

    Args:
        record: A new run's record, to which command and environment are added, and the code
            where it has none yet.
        root: The project's root.
        runs: The folder of all runs.

    Raises:
        RunError: The folder cannot be written; nothing of it is left.
    """
    record.command = provenance.command(record.model, record.overrides, record.to)
    if not record.code.files:
        record.code = provenance.code(record.model, root)
    record.environment = provenance.environment()
    record.number = run_folder.next_number(runs)
    folder = run_folder.path(record.id, runs)
    try:
        provenance.keep(record.model, folder, run_record.redactor(record), root)
        write_whole(folder / run_folder.RESERVE, bytes(_RESERVED))
        run_record.write(record, runs)
    except RunError:
        shutil.rmtree(folder, ignore_errors=True)
        raise

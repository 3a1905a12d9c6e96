"""Opens the folder of a run that is about to start: its record, its code, its tracker."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from pipeline import tracking
from pipeline.config import project
from pipeline.config.model_config import ModelConfig
from pipeline.record import provenance, run_record
from pipeline.record.run_record import RunRecord


def open_for(
    record: RunRecord, root: Path = project.ROOT, runs: Path = project.RUNS
) -> subprocess.Popen[bytes] | None:
    """Completes a new record, writes it and copies of the model's code, and starts its tracker.

    Args:
        record: A new run's record, to which code, command and environment are added.
        root: The project's root.
        runs: The folder of all runs.

    Returns:
        The tracker, for `tracking.finish`.

    Raises:
        RunError: The folder cannot be written.
    """
    record.command = provenance.command(record.model, record.overrides)
    record.code = provenance.code(record.model, root)
    record.environment = provenance.environment()
    folder = run_record.run_folder(record.id, runs)
    provenance.keep(record.model, folder, run_record.redactor(record), root)
    run_record.write(record, runs)
    return tracking.start(folder, root)


def take_over(run_id: str, runs: Path = project.RUNS) -> RunRecord:
    """The record that another process has opened for this one to run.

    Its config comes from PIPELINE_CONFIG, as secrets are hidden in the record.
    """
    record = run_record.read(run_id, runs)
    record.config = ModelConfig.model_validate_json(os.environ["PIPELINE_CONFIG"])
    return record

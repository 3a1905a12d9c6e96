"""How the process that prepares a run hands it to the process that runs the pipeline.

The other one is started early, and imports while this one looks at the data. Then it is told to go
on: the record is in the run's folder. The run's id is in PIPELINE_RUN, and the config in
PIPELINE_CONFIG, as secrets are hidden in the record.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pipeline.config import project
from pipeline.config.model_config import ModelConfig
from pipeline.local import child_process
from pipeline.record import run_record
from pipeline.record.run_record import RunRecord

_RUN = "PIPELINE_RUN"
_CONFIG = "PIPELINE_CONFIG"


def variables(record: RunRecord) -> dict[str, str]:
    """The environment variables for the process that is to run the pipeline."""
    return {_RUN: record.id, _CONFIG: record.config.model_dump_json()}


def is_expected(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether another process prepares a run for this one."""
    return bool(environment.get(_RUN))


def take_over(
    runs: Path = project.RUNS, environment: Mapping[str, str] = os.environ
) -> RunRecord | None:
    """The record of the run that another process has prepared for this one; None if none has.

    It waits until all is prepared, and ends this process if that will not be.

    Args:
        runs: The folder of all runs.
        environment: Environment variables, by default those of this process.

    Raises:
        RunError: The run has no record, or it is not readable.
    """
    if not is_expected(environment):
        return None
    child_process.wait()
    record = run_record.read(environment[_RUN], runs)
    record.config = ModelConfig.model_validate_json(environment[_CONFIG])
    return record

"""`runs/<run id>/machine.json`: what a run took of its machine, while it went on.

The process beside the run writes it, whole, at each sample. A run without such a process, or on a
system that has no `/proc`, has none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pydantic
from pydantic import BaseModel, ConfigDict

from models.common.files import regular_file
from pipeline.config import project
from pipeline.record import run_folder
from pipeline.record.atomic_file import write_whole

_LARGEST = 4 * 2**20


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class GpuUse(_Part):
    """One GPU of the machine, whoever uses it."""

    name: str
    memory_total: int
    """Bytes."""
    busy: list[float | None] = []
    """Share of the time in which it did anything, at each sample; None where it did not say."""
    memory: list[int | None] = []
    """Bytes in use."""


class MachineUse(_Part):
    """The content of `machine.json`. All lists have a value for each sample."""

    version: Literal[1] = 1
    run: str
    processors: int
    """How many there are."""
    memory_total: int
    """Bytes of the machine."""
    seconds: list[float] = []
    """When each sample was taken, since the first."""
    cpu: list[float] = []
    """Processors that the run's processes kept busy since the sample before."""
    memory: list[int] = []
    """Bytes of memory that the run's processes have."""
    machine_cpu: list[float] = []
    """Processors that all processes of the machine kept busy since the sample before."""
    machine_memory: list[int] = []
    """Bytes of memory that are in use on the machine."""
    gpus: list[GpuUse] = []


def write(use: MachineUse, runs: Path = project.RUNS) -> None:
    """Writes `machine.json` whole, readable by its owner alone.

    Raises:
        RunError: The run folder cannot be written.
    """
    path = run_folder.path(use.run, runs) / run_folder.MACHINE
    write_whole(path, use.model_dump_json() + "\n", private=True)


def read(run_id: str, runs: Path = project.RUNS) -> MachineUse | None:
    """Reads one run's use of its machine; None where there is none, or none that is readable."""
    path = run_folder.path(run_id, runs) / run_folder.MACHINE
    try:
        return MachineUse.model_validate_json(regular_file.read(path, _LARGEST))
    except (OSError, pydantic.ValidationError):
        return None

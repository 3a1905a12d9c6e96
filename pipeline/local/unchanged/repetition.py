"""`runs/<model>/unchanged.json`: what the next run records if nothing has changed."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pydantic
from pydantic import BaseModel, ConfigDict

from pipeline.config import project
from pipeline.record import run_record
from pipeline.record.atomic_file import write_whole
from pipeline.record.run_details import RunDetails
from pipeline.record.run_record import RunRecord

FILE = "unchanged.json"


class Repetition(BaseModel):
    """The content of `unchanged.json`."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    run: str
    """The model's last run: the pushed one that wrote this, or one that has repeated it."""
    inputs: dict[str, str] | None = None
    """What it depended on, as `inputs.of` tells; None: it changed while the run went on, or nobody
    has looked yet."""
    database: str | None = None
    """SHA-256 of ML Metadata's file, which no repetition writes to."""
    notices: list[str] = []
    """What was told of the data when the run started."""
    artifacts: dict[str, str]
    """The content's hash of each artifact of the run, by the artifact's address."""
    version: dict[str, Any]
    """What the pushed version's folder holds, as `artifact.described` tells."""
    record: RunRecord
    details: RunDetails
    """Both of the next run, without what only that run will know: its id, its times."""
    charts: dict[str, str] = {}
    """What `Drawings` knows of its report."""


def write(repetition: Repetition, runs: Path = project.RUNS) -> None:
    """Writes it, without secrets, for its owner alone.

    Raises:
        RunError: It cannot be written.
    """
    tree = json.loads(repetition.model_dump_json())
    hide = run_record.redactor(repetition.record)
    for part in ("record", "details", "notices"):
        tree[part] = hide.tree(tree[part])
    write_whole(_path(repetition.record.model, runs), json.dumps(tree), private=True)


def exists(model: str, runs: Path = project.RUNS) -> bool:
    """Whether there is one, of whatever content."""
    return _path(model, runs).exists()


def read(model: str, runs: Path = project.RUNS) -> Repetition | None:
    """What the model's last run has left; None where it left nothing that can be read."""
    with contextlib.suppress(OSError, pydantic.ValidationError):
        return Repetition.model_validate_json(_path(model, runs).read_bytes())
    return None


def forget(model: str, runs: Path = project.RUNS) -> None:
    """Removes it: the next run is of the ordinary kind."""
    with contextlib.suppress(OSError):
        _path(model, runs).unlink(missing_ok=True)


def _path(model: str, runs: Path) -> Path:
    return runs / model / FILE

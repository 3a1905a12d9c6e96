"""A copy of the project in which whole pipelines run, as they would in a fresh clone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet

from tests.models.tiny_rows import rows

REPOSITORY = Path(__file__).resolve().parents[2]
NO_BYTECODE = {"PYTHONDONTWRITEBYTECODE": "1"}
UNTRACKED = {"NEPTUNE_MODE": "disabled"}
"""No process of a tracker beside each run."""
COPIED = ("pipeline", "components", "models", "data", "pyproject.toml", ".python-version")


@dataclass(frozen=True)
class Project:
    """A copy of the project."""

    root: Path

    def command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs a command in the copy."""
        started = self.start(*arguments, **environment)
        stdout, stderr = started.communicate()
        return subprocess.CompletedProcess(arguments, started.returncode, stdout, stderr)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Starts a command in the copy."""
        return subprocess.Popen(
            arguments,
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": "", "HOME": str(self.root.parent), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def pipeline(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs `python -m pipeline ...`."""
        return self.command(sys.executable, "-m", "pipeline", *arguments)

    def run(self, *arguments: str, tracked: bool = False) -> Outcome:
        """Runs the pipeline, with a tracker beside it if asked for, and returns how it went."""
        command = (sys.executable, "-m", "pipeline", "run", *arguments)
        done = self.command(*command, **({} if tracked else UNTRACKED))
        return Outcome(done.returncode, done.stdout, done.stderr, self.records()[-1])

    def records(self) -> list[dict[str, Any]]:
        """Every run's record, the oldest first."""
        found = [json.loads(path.read_text()) for path in self.root.glob("runs/*/run.json")]
        return sorted(found, key=lambda record: str(record["started"]))

    def run_folder(self, outcome: Outcome) -> Path:
        """The folder of a run."""
        return self.root / "runs" / str(outcome.record["id"])

    def versions(self, model: str = "taxi") -> list[Path]:
        """The pushed versions of a model."""
        return sorted(self.root.glob(f"serving_models/{model}/*"))


class ManyRuns:
    """Runs pipelines in one process of a project, which imports TFX but once."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._log = (project.root / "many_runs.log").open("w")
        self._process = subprocess.Popen(
            [sys.executable, str(REPOSITORY / "tests" / "models" / "many_runs.py")],
            cwd=project.root,
            # An edited file may have the size and the second of the one before.
            env={**os.environ, **UNTRACKED, "PYTHONPATH": str(project.root), **NO_BYTECODE},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def __enter__(self) -> ManyRuns:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._log.close()

    def run(self, model: str, *overrides: str, no_cache: Sequence[str] = ()) -> dict[str, Any]:
        """Runs a model's pipeline and returns the run's record."""
        assert self._process.stdin and self._process.stdout
        request = {"model": model, "overrides": overrides, "no_cache": no_cache}
        print(json.dumps(request), file=self._process.stdin, flush=True)
        run_id = self._process.stdout.readline().strip()
        assert run_id, Path(self._log.name).read_text()[-5000:]
        return next(record for record in self._project.records() if record["id"] == run_id)


@dataclass(frozen=True)
class Outcome:
    """How one run went."""

    status: int
    stdout: str
    stderr: str
    record: dict[str, Any]

    def nodes(self) -> dict[str, str]:
        """Each node's status."""
        return {node["name"]: node["status"] for node in self.record["nodes"]}

    def log(self, project: Project) -> str:
        """What TFX and TensorFlow printed."""
        path = project.run_folder(self) / "tfx.log"
        return path.read_text(errors="replace")


TINY_ROWS = 400
TINY_CONFIG = """
data: {path: data/tiny/rows.parquet, format: parquet}
label: {name: generous, columns: [tips]}
training: {epochs: 1, batch_size: 32}
tuning: {trials: 2, epochs: 1}
evaluation: {metrics: {AUC: {at_least: 0.01, max_regression: 0.9}}}
"""


def copy_with_tiny(folder: Path) -> Project:
    """A copy with the tiny model, whose pipeline runs in seconds, beside the shipped one."""
    project = copy_project(folder)
    model = project.root / "models" / "tiny"
    shutil.copytree(REPOSITORY / "tests" / "models" / "tiny", model)
    (model / "config.yaml").write_text(TINY_CONFIG)
    (project.root / "data" / "tiny").mkdir()
    write_tiny_rows(project, TINY_ROWS)
    return project


def write_tiny_rows(project: Project, count: int) -> None:
    """Writes the tiny model's data, its first rows always the same."""
    found = rows(count)
    columns = sorted({name for row in found for name in row})
    table = pyarrow.table({name: [row.get(name) for row in found] for name in columns})
    pyarrow.parquet.write_table(table, project.root / "data" / "tiny" / "rows.parquet")


def copy_project(folder: Path) -> Project:
    """A copy that has never run."""
    root = folder / "project"
    root.mkdir()
    for name in COPIED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, root / name)  # Times too, so that bytecode is still good.
        else:
            shutil.copy(source, root / name)
    return Project(root)

"""A copy of the project in which whole pipelines run, as they would in a fresh clone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
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

    def run(self, *arguments: str) -> Outcome:
        """Runs the pipeline and returns how it went."""
        done = self.pipeline("run", *arguments)
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


def copy_project(folder: Path) -> Project:
    """A copy that has never run."""
    root = folder / "project"
    root.mkdir()
    for name in COPIED:
        source = REPOSITORY / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, root / name, ignore=ignored)
        else:
            shutil.copy(source, root / name)
    return Project(root)

"""A project whose runs are disturbed, and what they have to come to all the same."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.project_copy import NO_BYTECODE, REPOSITORY, UNTRACKED, Project, copy_with_tiny
from tests.models.tiny_rows import request_rows

MODEL = "tiny"
STATE = ("runs", "serving_models", "models", "data")
_KEPT = ("status", "rows", "hyperparameters", "blessed", "refusals", "anomalies")
_NAMED = re.compile(r"-m pipeline (repair tiny|run tiny --resume)")
_ROWS = 40


@dataclass(frozen=True)
class Result:
    """What came of a run."""

    record: dict[str, Any]
    metrics: dict[str, float]
    predictions: list[float]
    """What the pushed model answers to the same rows."""


class Lab:
    """One project. Each test begins where the undisturbed run has ended.

    Args:
        folder: Where the project is made.
    """

    def __init__(self, folder: Path) -> None:
        self.project: Project = copy_with_tiny(folder)
        self.root = self.project.root
        self.runs = self.root / "runs"
        self.artifacts = self.runs / MODEL
        self.serving = self.root / "serving_models" / MODEL
        self._kept = folder / "kept"
        self._input = folder / "ask.jsonl"
        asked = request_rows(_ROWS, seed=7)
        self._input.write_text("".join(json.dumps(row) + "\n" for row in asked))
        self._copy(self.root, self._kept / "new")
        done = self.run()
        assert done.returncode == 0, done.stdout + done.stderr
        self._copy(self.root, self._kept / "pushed")
        self.expected = self.result()

    def restore(self, state: str = "pushed") -> None:
        """Brings the project back.

        Args:
            state: `new`, as before any run, or `pushed`, as after the undisturbed one.
        """
        self._copy(self._kept / state, self.root)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Starts a run of the model."""
        command = (sys.executable, "-m", "pipeline", "run", MODEL, *arguments)
        return self.project.start(*command, **{**UNTRACKED, **NO_BYTECODE, **environment})

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs the model."""
        return ended(self.start(*arguments, **environment))

    def repair(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs `repair`."""
        return self.project.pipeline("repair", MODEL, *arguments)

    def serve(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts a command of the server over this project's models."""
        command = [sys.executable, "-m", "serving", *arguments]
        return subprocess.Popen(
            [*command, "--models", str(self.serving.parent)],
            cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def batch(self, output: Path) -> subprocess.Popen[str]:
        """Starts to predict for the same rows."""
        asked = ("--input", str(self._input), "--output", str(output), "--rows-in-part", "10")
        return self.serve("batch", MODEL, *asked)

    def predictions(self, output: Path) -> list[float]:
        """What a batch has written, row by row."""
        lines = [line for part in sorted(output.glob("*.jsonl")) for line in part.open()]
        found = [json.loads(line) for line in lines if "reason" not in json.loads(line)]
        [name] = {key for row in found for key in row if key.startswith("output_")}
        return [value for row in found for value in _numbers(row[name])]

    def result(self) -> Result:
        """What the last run came to, and what its pushed model answers."""
        record = self.project.records()[-1]
        output = self._kept / "predictions"
        shutil.rmtree(output, ignore_errors=True)
        done = ended(self.batch(output))
        assert done.returncode == 0, done.stdout + done.stderr
        return Result(
            {key: record[key] for key in _KEPT},
            {f"{one['metric']} {one['slice']}": one["value"] for one in record["metrics"]},
            self.predictions(output),
        )

    def settle(self, *arguments: str) -> list[str]:
        """Runs, and does what the messages name, until a run ends well; then checks the result.

        Returns:
            What the messages named, in order.
        """
        done: list[str] = []
        for _ in range(4):
            ran = self.run(*arguments)
            told = ran.stdout + ran.stderr
            assert "Traceback" not in told, told
            if ran.returncode == 0:
                self.check()
                return done
            named = _NAMED.findall(told)
            assert named, told
            done.append(named[0])
            arguments = ()
            if named[0].startswith("repair"):
                mended = self.repair("--apply")
                assert mended.returncode == 0, mended.stdout + mended.stderr
            else:
                arguments = ("--resume",)
        raise AssertionError(f"What is named does not help: {done}")

    def check(self) -> None:
        """The result is that of the undisturbed run, and what is left over can be set aside."""
        found = self.result()
        assert found.record == self.expected.record
        assert found.metrics == pytest.approx(self.expected.metrics)
        assert found.predictions == pytest.approx(self.expected.predictions, abs=1e-5)
        mended = self.repair("--apply")
        assert mended.returncode == 0, mended.stdout + mended.stderr

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        for name in STATE:
            shutil.rmtree(target / name, ignore_errors=True)
            if (source / name).exists():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source / name, target / name, symlinks=True, ignore=ignored)


def ended(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    """Waits for a process."""
    stdout, stderr = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def _numbers(value: Any) -> list[float]:
    return [float(one) for one in value] if isinstance(value, list) else [float(value)]

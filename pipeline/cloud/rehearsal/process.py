"""Runs one task's container command as a process that shares nothing with others but files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from models.common.errors import RunError
from pipeline.cloud.container import ERROR, STOPPED
from pipeline.config import project
from pipeline.local import post_mortem
from pipeline.record import filtered_log, redaction
from pipeline.show import formatting

LOG = "log.txt"
EXECUTOR_INPUT = "executor_input.json"
WORK = "work"
"""The folder for a task's own files, which is gone when the task has ended well."""
IN_THE_IMAGE = (
    "pipeline",
    "components",
    "models/__init__.py",
    "models/common/__init__.py",
    "models/common/errors.py",
)
"""What the Dockerfile copies of the project."""


class TaskError(RunError):
    """A task's process did not do what the specification promises.

    Args:
        stopped: Whether anomalous data stopped it, which is no mistake of the pipeline.
    """

    def __init__(
        self, task: str, headline: str, detail: str, remedy: str, stopped: bool = False
    ) -> None:
        super().__init__(headline, detail, remedy)
        self.task = task
        self.stopped = stopped


def build_image(folder: Path, root: Path = project.ROOT) -> Path:
    """Copies what the image would hold into a folder, which stands in for it."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in IN_THE_IMAGE:
        source, copy = root / name, folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            # A link to nowhere in a model's folder is none of the image's files.
            shutil.copytree(source, copy, ignore=ignored, ignore_dangling_symlinks=True)
        else:
            shutil.copy(source, copy)
    return folder


def run(
    task: str,
    arguments: Sequence[str],
    variables: Mapping[str, str],
    executor_input: Mapping[str, Any],
    image: Path,
    folder: Path,
) -> None:
    """Runs a task to its end.

    Args:
        task: Its name.
        arguments: The container's command line.
        variables: The container's environment.
        executor_input: What the command line tells the task; it is kept beside the log.
        image: The folder that stands in for the image.
        folder: For the log and for the task's own files.

    Raises:
        TaskError: It ended with an error.
    """
    work = (folder / WORK).resolve()
    work.mkdir(parents=True, exist_ok=True)
    (folder / EXECUTOR_INPUT).write_text(json.dumps(executor_input, indent=2), encoding="utf-8")
    with filtered_log.opened(folder / LOG, redaction.redactor(environment=variables)) as output:
        status = subprocess.run(
            arguments,
            cwd=work,
            env={**_environment(image, work), **variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    filtered_log.complete(folder / LOG)
    if status:
        raise _failure(task, status, folder)
    shutil.rmtree(work, ignore_errors=True)


def _environment(image: Path, work: Path) -> dict[str, str]:
    """A container's environment: nothing of this process but where its Python is."""
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        "PYTHONPATH": str(image.resolve()),
        "PYTHONUNBUFFERED": "1",
        "HOME": str(work),
        "TMPDIR": str(work),
        "LANG": "C.UTF-8",
    }


def silent(
    task: str, expected: Sequence[str], given: Mapping[str, Any], error: Exception, folder: Path
) -> TaskError:
    """The error of a task that ended well but left no word of an output."""
    return TaskError(
        task,
        f"{task} ended without saying what it made",
        f"Expected: {', '.join(expected)} in {given['outputs']['outputFile']}. "
        f"Received: {type(error).__name__}: {error}.",
        _where(folder),
    )


def _failure(task: str, status: int, folder: Path) -> TaskError:
    lines = (folder / LOG).read_text(encoding="utf-8", errors="replace").splitlines()
    told = [number for number, line in enumerate(lines) if line.startswith(ERROR)]
    if told:
        headline, *detail = lines[told[-1] :]
        headline = headline.removeprefix(ERROR)
    else:
        explained = post_mortem.explain(status, folder / LOG, task)
        headline, detail = f"{task}: {explained.headline}", [explained.detail]
    return TaskError(task, headline, "\n".join(detail), _where(folder), status == STOPPED)


def _where(folder: Path) -> str:
    return (
        f"Its inputs are in {formatting.path(folder / EXECUTOR_INPUT)}, "
        f"its log is {formatting.path(folder / LOG)}."
    )

"""Runs a program and watches how much memory it and all that it starts take together."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Collection, Mapping
from pathlib import Path

_EVERY = 0.5
"""Seconds."""


def watched(
    command: list[str], folder: Path, environment: Mapping[str, str], good: Collection[int] = (0,)
) -> tuple[float, float]:
    """Runs a command, whose output goes to a file in the folder.

    Args:
        command: The program and its arguments.
        folder: Where it runs.
        environment: Variables beside those that this process has.
        good: Exit statuses that are no failure.

    Returns:
        Its seconds, and the most bytes, of which what processes share counts once.

    Raises:
        subprocess.CalledProcessError: It has failed.
    """
    started, most = time.monotonic(), 0.0
    with (folder / "benchmark.log").open("w") as log:
        program = subprocess.Popen(
            command,
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "NEPTUNE_MODE": "disabled", **environment},
        )
        while program.poll() is None:
            most = max(most, sum(map(_bytes, _tree(program.pid))))
            time.sleep(_EVERY)
    if program.returncode not in good:
        raise subprocess.CalledProcessError(program.returncode, command)
    return time.monotonic() - started, most


def _tree(number: int) -> list[int]:
    """A process and all below it."""
    found = [number]
    for task in Path(f"/proc/{number}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                found += _tree(int(child))
    return found


def _bytes(number: int) -> float:
    """A process' share of the memory that it and others have."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{number}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0

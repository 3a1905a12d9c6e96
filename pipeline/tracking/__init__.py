"""Tracks each run with Neptune's client, from a process beside it.

A process of its own, so that whatever happens to the tracker or to its server, training goes on
undelayed; and whatever happens to the training, down to SIGKILL, the record is brought to its end.
It mirrors the run's files, so the Neptune record says what they say.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

LOG = "tracking.log"
"""What the tracker prints, in the run folder."""
DIRECTORY = ".neptune"
"""Neptune's folder in the run folder."""
WARNING = "warning: "
MODE = "NEPTUNE_MODE"
DISABLED = "disabled"
WAIT = 10.0
"""Seconds that a finished run waits for its tracker, which goes on without it after that."""


def start(run_folder: Path, root: Path) -> subprocess.Popen[bytes] | None:
    """Starts the tracker of a run.

    Returns:
        Its process; None where NEPTUNE_MODE is `disabled`, or no process can be started.
    """
    if os.environ.get(MODE) == DISABLED:
        return None
    with contextlib.suppress(OSError), (run_folder / LOG).open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "pipeline.tracking", str(run_folder.resolve())],
            cwd=root,
            env={**os.environ, "NEPTUNE_DATA_DIRECTORY": str(run_folder.resolve() / DIRECTORY)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # An interruption of the run is not one of its tracker.
        )
    return None


def finish(tracker: subprocess.Popen[bytes] | None, run_folder: Path) -> str | None:
    """Waits until a finished run's record is complete, and returns the tracker's warning if any."""
    if tracker is None:
        if os.environ.get(MODE) == DISABLED:
            return None
        return "The run was not tracked: no process could be started for it."
    with contextlib.suppress(subprocess.TimeoutExpired):
        if tracker.wait(WAIT):
            return f"The run's Neptune record is not complete: see {LOG} in its folder."
    with contextlib.suppress(OSError):
        for line in (run_folder / LOG).read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(WARNING):
                return line.removeprefix(WARNING)
    return None

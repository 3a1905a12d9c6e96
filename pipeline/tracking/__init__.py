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
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.record import filtered_log, redaction, run_folder

WARNING = "warning: "
MODE = "NEPTUNE_MODE"
"""The environment variable that turns tracking off where it is `disabled`."""
DISABLED = "disabled"
TOKEN = "NEPTUNE_API_TOKEN"
"""The environment variable whose presence asks for a server."""
WAIT = 10.0
"""Seconds that a finished run waits for its tracker, which goes on without it after that."""


@dataclass(frozen=True)
class Tracker:
    """The tracker of a run."""

    folder: Path
    """The run folder."""
    process: subprocess.Popen[bytes] | None
    """None where no process could be started."""
    problem: str = "The run was not tracked: no process could be started for it."
    """What is told where there is none."""

    def finish(self) -> str | None:
        """Waits until a finished run's record is complete; returns its warning if any."""
        if self.process is None:
            return self.problem
        log = self.folder / run_folder.TRACKING_LOG
        with contextlib.suppress(subprocess.TimeoutExpired):
            if self.process.wait(WAIT):
                return f"The run's Neptune record is not complete: see {log.name} in its folder."
            filtered_log.complete(log)
        with contextlib.suppress(OSError):
            for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
                if line.startswith(WARNING):
                    return line.removeprefix(WARNING)
        return None


def start(folder: Path, root: Path, environment: Mapping[str, str] = os.environ) -> Tracker | None:
    """Starts the tracker of a run.

    Args:
        folder: The run folder.
        root: The project's root.
        environment: Environment variables of the tracker, by default those of this process.

    Returns:
        The tracker; None where NEPTUNE_MODE is `disabled`.
    """
    if environment.get(MODE) == DISABLED:
        return None
    folder = folder.resolve()
    process = None
    hide = redaction.redactor(environment=environment)
    log_file = folder / run_folder.TRACKING_LOG
    with contextlib.suppress(OSError), filtered_log.opened(log_file, hide) as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.tracking", str(folder)],
            cwd=root,
            env={**environment, "NEPTUNE_DATA_DIRECTORY": str(folder / run_folder.NEPTUNE)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # An interruption of the run is not one of its tracker.
        )
    return Tracker(folder, process)

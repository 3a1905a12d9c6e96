"""Ends the process of a run in order when it is asked to end: by Ctrl-C, `kill`, a closed terminal.

Python raises KeyboardInterrupt where its main thread happens to be: in an import, in a callback
that turns it into another error, or in code that swallows it. So that it was asked is kept, the
record says so whatever the exception has become, and a run that goes on all the same is ended.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import NoReturn

from models.common.errors import RunError
from pipeline.config import project
from pipeline.record import run_record
from pipeline.record.run_record import RunRecord

GRACE = 10.0
"""Seconds that a run has to end by itself."""
_leave = os._exit
"""As the system has it: this may be called on top of a model's code, which may not leave so."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def leave(status: int) -> NoReturn:
    """Ends a process that has written and recorded all; taking TensorFlow down takes seconds."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):  # Its disk is full, or nobody reads it.
            stream.flush()
    _leave(status)


class Interruption:
    """Whether a run was asked to end.

    Args:
        record: The run's record.
        runs: The folder of all runs.
        grace: Seconds until the process is ended that does not end by itself, by default GRACE.
    """

    def __init__(self, record: RunRecord, runs: Path = project.RUNS, grace: float = GRACE) -> None:
        self._record = record
        self._runs = runs
        self._grace = grace
        self.asked = False

    def listen(self) -> None:
        """Takes the signals from now on, and those that came while they were held back.

        Raises:
            KeyboardInterrupt: There was one.
        """
        for number in SIGNALS:
            signal.signal(number, self._take)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def end(self) -> None:
        """Records the interruption, and ends the process at once."""
        if self._record.status == "running":
            self._record.break_off("interrupted")
        with contextlib.suppress(RunError):
            run_record.write(self._record, self._runs)
        _leave(run_record.EXIT_CODES[self._record.status])

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self._record.status != "running":  # Its end is being recorded.
            return
        if self.asked:
            self.end()
        self.asked = True
        timer = threading.Timer(self._grace, self.end)
        timer.daemon = True
        timer.start()
        raise KeyboardInterrupt

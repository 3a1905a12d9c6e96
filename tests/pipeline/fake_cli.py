"""The command line with `fake_run.py` as the run's process, started as a program of its own.

FAKE_ROOT and FAKE_RUNS say where the project and its runs are.
"""

from __future__ import annotations

import os
import sys
import types
from pathlib import Path

import pipeline
from pipeline.cli import main
from pipeline.config import project
from pipeline.local import launch

FAKE_RUN = Path(__file__).with_name("fake_run.py")

if __name__ == "__main__":
    preflight = types.ModuleType("pipeline.config.preflight")
    preflight.check = lambda *_: None  # type: ignore[attr-defined]
    preflight.notices = lambda *_: []  # type: ignore[attr-defined]
    sys.modules["pipeline.config.preflight"] = preflight
    pipeline.config.preflight = preflight  # type: ignore[attr-defined, unused-ignore]
    project.RUNS = Path(os.environ["FAKE_RUNS"])
    launch.COMMAND = (sys.executable, str(FAKE_RUN))
    main.main()

"""The names of a run: its id, its folder under `runs/`, and the files that are in it.

`runs/` holds other things as well, such as `runs/<model>/` with a model's artifacts: a run is
whatever folder has a `run.json`.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from pipeline.config import project
from pipeline.record import clock

RECORD = "run.json"
"""What the run was, how far it came, and how it ended."""
DETAILS = "details.json"
"""What it found, too large for the record."""
MACHINE = "machine.json"
"""What it took of its machine while it went on."""
REPORT = "report.html"
LOG = "tfx.log"
"""What TFX, TensorFlow and the model's code print."""
CODE = "code"
"""The folder with the files of the model's folder."""
PACKAGES = "packages.txt"
"""Every installed package, as `pip` writes requirements."""
TRACKING_LOG = "tracking.log"
"""What the tracker prints."""
NEPTUNE = ".neptune"
"""The folder that Neptune writes to."""
RESERVE = ".reserve"
"""Space that a run keeps while it goes, so that a disk that is full by then takes its end."""

_NUMBER = re.compile(rb'\s*\{\s*"version":\s*1,\s*"number":\s*(\d{1,15})\b')
"""How `run.json` begins: the number is read without the rest."""
_ID = re.compile(r"(?P<model>\w+)-(?P<started>\d{8}-\d{6})-(?P<random>[0-9a-f]{4})")


def new_id(model: str) -> str:
    """An id for a run that starts now: `taxi-20261121-093000-4f2a`, with the time in UTC."""
    return f"{model}-{clock.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def path(run_id: str, runs: Path = project.RUNS) -> Path:
    """The folder of a run."""
    return runs / run_id


def model_of(run_id: str) -> str | None:
    """The model that an id names; None where a folder's name is no id."""
    parts = _ID.fullmatch(run_id)
    return parts["model"] if parts else None


def latest_first(runs: Path = project.RUNS) -> list[str]:
    """The ids of all runs, the one that started last first.

    The numbers in their records say which that was, as the clock may have been wrong. Records
    without one, of earlier versions, come after those with one, by the time in the id. A folder
    that somebody has renamed is a run too, under its new name; where that is no id, it comes after
    all others that have as little a number.
    """
    order = {
        file.parent.name: (_number(file) or 0, *_start(file.parent.name))
        for file in runs.glob(f"*/{RECORD}")
    }
    return sorted(order, key=order.__getitem__, reverse=True)


def next_number(runs: Path = project.RUNS) -> int:
    """The number of a run that starts now: one more than the largest."""
    return max((_number(file) or 0 for file in runs.glob(f"*/{RECORD}")), default=0) + 1


def _number(file: Path) -> int | None:
    """The run's number as its record has it; None where it has none or cannot be read."""
    try:
        with file.open("rb") as record:
            found = _NUMBER.match(record.read(100))
    except OSError:
        return None
    return int(found[1]) if found else None


def _start(run_id: str) -> tuple[str, str]:
    """What ids are sorted by: the start, and for runs of the same second the rest of the id."""
    parts = _ID.fullmatch(run_id)
    return (f"{parts['started']}-{parts['random']}" if parts else "", run_id)

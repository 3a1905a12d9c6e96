"""Run folders that cannot be read, and what writers that were killed left in them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from models.common.errors import RunError
from pipeline import tracking
from pipeline.config import project
from pipeline.local.repair.finding import Finding, Place
from pipeline.local.repair.set_aside import SetAside
from pipeline.record import run_folder, run_record
from pipeline.show import formatting

_HALF_WRITTEN = re.compile(r"\..+\.(?P<process>\d+)")
"""The names under which `atomic_file.write_whole` writes."""


def find(place: Place) -> Iterator[Finding]:
    """Records that cannot be read, Neptune's that are broken, and half-written files."""
    for folder in sorted(place.runs.glob(f"{place.model}-*")):
        if run_folder.model_of(folder.name) != place.model or not folder.is_dir():
            continue
        yield from _record(folder, place)
        yield from (_of_half_written(path, place) for path in _half_written(folder))


def _record(folder: Path, place: Place) -> Iterator[Finding]:
    if not os.path.lexists(folder / run_folder.RECORD):
        return
    try:
        record = run_record.read(folder.name, place.runs)
    except RunError as error:
        yield Finding(
            f"{error.headline}: {error.detail}",
            "Set the run's folder aside. The run is then in no list; its artifacts and its pushed "
            "version stay.",
            lambda aside: aside.move(folder, place.runs),
        )
        return
    broken = _broken_neptune(folder) if record.status != "running" else None
    if broken is not None:
        yield Finding(
            f"{formatting.path(broken)} is damaged: Neptune's record of the run",
            f"Set {run_folder.NEPTUNE} aside and write it again from the run's files.",
            lambda aside: _track_again(folder, place, aside),
        )


def _of_half_written(path: Path, place: Place) -> Finding:
    return Finding(
        f"{formatting.path(path)} was left by a process that was killed while it wrote",
        "Set it aside.",
        lambda aside: aside.move(path, place.runs),
    )


def _broken_neptune(folder: Path) -> Path | None:
    """A file of operations with a line that is none; None where all can be read."""
    for path in sorted((folder / run_folder.NEPTUNE).glob("**/data-*.log")):
        try:
            with path.open(encoding="utf-8") as lines:
                if not all(isinstance(json.loads(line), dict) for line in lines):
                    return path
        except (OSError, ValueError):
            return path
    return None


def _track_again(folder: Path, place: Place, aside: SetAside) -> None:
    """Mirrors a finished run's files into a new record, on this machine alone."""
    aside.move(folder / run_folder.NEPTUNE, place.runs)
    started = tracking.start(folder, project.ROOT, {**os.environ, "NEPTUNE_API_TOKEN": ""})
    warning = started.finish() if started else None
    if warning:
        raise RunError(f"{folder / run_folder.NEPTUNE} was not written again", warning)


def _half_written(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.glob(".*"))
        if (parts := _HALF_WRITTEN.fullmatch(path.name))
        and path.is_file()
        and not Path("/proc", parts["process"]).exists()
    ]

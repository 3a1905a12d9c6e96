"""The tracker's process: mirrors a run's files into Neptune records until the run ends.

    python -m pipeline.tracking RUN_FOLDER

There is always a record in the run folder; where NEPTUNE_API_TOKEN is set, the same goes to the
server. Whatever is wrong with that server is told in one warning.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

from models.common.errors import RunError
from pipeline.record import liveness, machine_use, run_details, run_folder, run_record
from pipeline.record.atomic_file import Revision, revision
from pipeline.record.run_details import RunDetails
from pipeline.record.run_record import RunRecord
from pipeline.tracking import TOKEN, machine_sampler
from pipeline.tracking.machine_sampler import MachineSampler
from pipeline.tracking.neptune_fields import Snapshot, take
from pipeline.tracking.neptune_record import NeptuneRecord
from pipeline.tracking.server import Server

_POLL = 0.2
_SETTLE = 15.0
"""Seconds in which somebody may still record the end of a run whose process has died."""


def follow(folder: Path) -> None:
    """Mirrors a run until it ends, or nobody is left who could end it.

    Raises:
        RunError: There is no such run.
    """
    record = run_record.read(folder.name, folder.parent)
    local = NeptuneRecord(record.id, record.model, "offline")
    server = Server(record.id, record.model) if os.environ.get(TOKEN) else None
    seen: list[Revision | None] = []
    writer = record
    last_sign = time.monotonic()
    snapshot: Snapshot | None = None
    sampler = machine_sampler.start(record.id)
    while not (snapshot and snapshot.over) and time.monotonic() - last_sign < _SETTLE:
        present = [revision(folder / name) for name in (run_folder.RECORD, run_folder.DETAILS)]
        if present != seen and (found := _read(folder)):
            record, details = found
            if record.status == "running":
                writer = record
            elif _alive(writer, folder) and not (folder / run_folder.REPORT).exists():
                time.sleep(_POLL)  # Its report is still being made.
                continue
            seen = present
            snapshot = take(record, details, folder)
            local.update(snapshot)
            if server:
                server.update(snapshot)
        if server:
            server.warn()
        if _alive(record, folder):
            last_sign = time.monotonic()
            if sampler and (sample := _sampled(sampler, record, folder)):
                local.update(sample)
                if server:
                    server.update(sample)
        time.sleep(_POLL)
    if snapshot and not snapshot.over:  # Nobody has recorded an end.
        snapshot = replace(snapshot, fields={**snapshot.fields, "run/status": "died"})
        local.update(snapshot)
        if server:
            server.update(snapshot)
    failed = snapshot is None or snapshot.fields.get("run/status") not in (
        "pushed",
        "not_blessed",
        "partial",
    )
    local.close(failed)
    if server:
        server.close(failed)


def _sampled(sampler: MachineSampler, record: RunRecord, folder: Path) -> Snapshot | None:
    """What is new of the machine's use, which is written beside the run's record too."""
    if record.process is None or not sampler.sample(record.process):
        return None
    with contextlib.suppress(RunError):  # As of a full disk, which the run tells of.
        machine_use.write(sampler.use, folder.parent)
    return Snapshot({}, {}, {}, over=False, points=sampler.latest())


def _read(folder: Path) -> tuple[RunRecord, RunDetails] | None:
    """What the run's files say; None while they cannot be read."""
    try:
        record = run_record.read(folder.name, folder.parent)
        return record, run_details.read(folder.name, folder.parent)
    except RunError:
        return None


def _alive(record: RunRecord, folder: Path) -> bool:
    try:
        return liveness.status(record, folder.parent) == "running"
    except OSError:
        return False


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # That the package neptune-client has another name by now.
    follow(Path(sys.argv[1]))
    sys.stdout.flush()
    sys.stderr.flush()
    # All is written. A server that does not answer would hold up Neptune's own end for minutes.
    os._exit(0)

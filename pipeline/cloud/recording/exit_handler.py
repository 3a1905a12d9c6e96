"""What the pipeline's last task does: it writes the run's folder into the bucket.

The folder has what a run on a person's own machine leaves, but for the log, which the platform has.
"""

from __future__ import annotations

import json
import os
import tempfile
import traceback
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline import tracking
from pipeline.cloud.recording import account, final_status, secret, store
from pipeline.cloud.recording import plan as plans
from pipeline.cloud.recording.collect import Collection
from pipeline.cloud.recording.plan import Plan
from pipeline.record import provenance, run_details, run_folder, run_record
from pipeline.record.atomic_file import write_whole
from pipeline.record.run_details import RunDetails
from pipeline.record.run_record import RunRecord
from pipeline.show import report

_LATEST = ".results/latest-{model}.json"
"""In the folder of all runs: the model's latest run whose data is described."""
_TRACKER = 120.0
"""Seconds that a Neptune server has to take the run."""


def run(given: Mapping[str, Any]) -> None:
    """Writes the run's folder.

    Args:
        given: The task's executor input, with the parameters `plan`, `final_status`, `job`, `runs`.

    Raises:
        RunError: There is no plan.
        OSError or tf.errors.OpError: The store cannot be written to.
    """
    parameters = given["inputs"]["parameterValues"]
    plan, runs = plans.fetch(parameters["plan"]), parameters["runs"]
    job = str(parameters["job"]).rpartition("/")[2]
    run_id = account.run_id(plan.model, job)
    collection = Collection(plan, final_status.parse(parameters["final_status"]), runs, run_id, job)
    with tempfile.TemporaryDirectory() as folder:
        local = Path(folder)
        _fetch_latest(plan.model, runs, local, but=run_id)
        record, details = collection.collect(local)
        record.environment = provenance.environment()
        _assemble(plan, record, details, local)
        publish(run_folder.path(run_id, local), f"{runs}/{run_id}")
        _note_latest(record, details, runs)
        for name, told in account.read_all(f"{runs}/{run_id}").items():
            if told.status == "done" and name in plan.tasks:
                account.keep_as_result(told, runs, plan.tasks[name].recipe)
    store.write(given["outputs"]["outputFile"], b"{}")  # It has no outputs; some platforms look.
    print(f"The run's record is in {runs}/{run_id}", flush=True)


def begin(plan: Plan, job: str, started: datetime) -> dict[str, bytes]:
    """The files of a run that is submitted now, by their paths below the folder of all runs.

    Args:
        plan: Of its pipeline.
        job: What the platform calls it.
        started: In UTC.
    """
    run_id = account.run_id(plan.model, job)
    record = plan.begin(run_id, job, started)
    with tempfile.TemporaryDirectory() as folder:
        run_record.write(record, Path(folder))
        content = Path(folder, run_id, run_folder.RECORD).read_bytes()
    code = {f"{run_id}/{run_folder.CODE}/{path}": text for path, text in plan.code.items()}
    return {f"{run_id}/{run_folder.RECORD}": content, **code}


def publish(folder: Path, address: str) -> None:
    """Writes a run folder into the bucket, the record last.

    Args:
        folder: On this machine.
        address: The run's folder in the bucket.

    Raises:
        OSError or tf.errors.OpError: The store cannot be written to.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    record = folder / run_folder.RECORD
    for path in (*(path for path in files if path != record), record):
        store.write(f"{address}/{path.relative_to(folder).as_posix()}", path.read_bytes())


def _assemble(plan: Plan, record: RunRecord, details: RunDetails, runs: Path) -> None:
    """Makes the run's folder on this machine."""
    folder = run_folder.path(record.id, runs)
    hide = run_record.redactor(record)
    for path, content in plan.code.items():
        write_whole(folder / run_folder.CODE / path, content)
    write_whole(folder / run_folder.PACKAGES, hide.text(provenance.packages()))
    run_details.write(details, runs, hide)
    run_record.write(record, runs)
    if warning := report.write_if_possible(record, runs):
        print(warning, flush=True)
    _track(plan, folder)


def _track(plan: Plan, folder: Path) -> None:
    """Makes the Neptune record, in the folder and on a server where there is a token for one."""
    try:
        variables = secret.revealed(plan.neptune)
    except Exception as error:  # The record in the folder needs no server.
        print(f"The run is not sent to Neptune: {error}", flush=True)
        variables = {}
    tracker = tracking.start(folder, Path.cwd(), {**os.environ, **variables})
    if tracker is not None and tracker.process is not None:
        try:
            tracker.process.wait(_TRACKER)
        except Exception:
            tracker.process.kill()
        if warning := tracker.finish():
            print(f"Neptune: {warning}", flush=True)


def _fetch_latest(model: str, runs: str, local: Path, but: str) -> None:
    """Copies the records of the run to measure drift from, if there is one."""
    try:
        told = json.loads(store.read(f"{runs}/{_LATEST.format(model=model)}") or b"{}")
        run_id = told.get("run")
        for name in (run_folder.RECORD, run_folder.DETAILS):
            content = store.read(f"{runs}/{run_id}/{name}") if run_id and run_id != but else None
            if content:
                write_whole(local / run_id / name, content)
    except Exception:  # Without it drift is not measured; the record is the same.
        traceback.print_exc()


def _note_latest(record: RunRecord, details: RunDetails, runs: str) -> None:
    if details.features:
        content = json.dumps({"run": record.id}).encode()
        store.write(f"{runs}/{_LATEST.format(model=record.model)}", content)

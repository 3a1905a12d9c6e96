"""Writes runs into an MLflow store: an experiment for each model, a run for each run."""

from __future__ import annotations

import base64
import logging
import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from models.common.errors import RunError
from pipeline.config import project
from pipeline.record import run_details, run_folder, run_record
from pipeline.record.run_details import LoggedImage, LoggedSeries, RunDetails
from pipeline.record.run_record import OVERALL, RunRecord, RunStatus, UnreadableRecord

# A server that is not there shall be told of in seconds, not in minutes.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
try:
    from mlflow.entities import Metric, Param, RunTag
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient
except ImportError as error:
    raise RunError(
        "MLflow is not installed",
        f"Received: {error}.",
        "Install its dependency group: uv sync --group mlflow.",
    ) from error

logging.getLogger("mlflow").setLevel(logging.WARNING)  # It tells of each table that it makes.

RUN = "pipeline.run"
"""The tag with the run's id, by which a run is known at the next export."""
COMPLETE = "pipeline.complete"
"""The tag that is set last: a run without it was cut off in its export."""

_STATUS: dict[RunStatus, str] = {
    "pushed": "FINISHED",
    "not_blessed": "FINISHED",
    "partial": "FINISHED",
    "stopped": "FINISHED",
    "failed": "FAILED",
    "interrupted": "KILLED",
}
_LONGEST_PARAM = 6000
_LONGEST_NAME = 200
_BATCH = 100

_T = TypeVar("_T")


@dataclass
class Exported:
    """What an export did, as lists of run ids."""

    written: list[str] = field(default_factory=list)
    there_already: list[str] = field(default_factory=list)
    """Those that an earlier export wrote."""
    running: list[str] = field(default_factory=list)
    """Those that go on still; a later export takes them."""
    unreadable: list[UnreadableRecord] = field(default_factory=list)


def export(uri: str, model: str | None = None, runs: Path = project.RUNS) -> Exported:
    """Writes every ended run that the store does not have yet, the oldest first.

    Args:
        uri: MLflow's tracking URI, such as `sqlite:///mlflow.db` or `http://host:5000`.
        model: Only this model's runs.
        runs: The folder of all runs.

    Raises:
        RunError: The store cannot be written.
    """
    done = Exported()
    try:
        client = MlflowClient(tracking_uri=uri)
        experiments: dict[str, str] = {}
        for record in reversed([*run_record.latest_first(runs)]):
            if isinstance(record, UnreadableRecord):
                done.unreadable.append(record)
            elif model and record.model != model:
                continue
            elif record.status == "running":
                done.running.append(record.id)
            else:
                if record.model not in experiments:
                    experiments[record.model] = _experiment(client, uri, record.model)
                new = _write(client, experiments[record.model], record, runs)
                (done.written if new else done.there_already).append(record.id)
    except MlflowException as error:
        raise RunError(
            f"The MLflow store {uri} cannot be written",
            str(error).strip().splitlines()[0][:500],
            "Give a database or a server, such as --to sqlite:///mlflow.db or "
            "--to http://localhost:5000.",
        ) from error
    return done


def _experiment(client: MlflowClient, uri: str, model: str) -> str:
    found = client.get_experiment_by_name(model)
    if found is None:
        database = re.fullmatch(r"sqlite:///(.+)", uri)
        # MLflow would put the files of a database's runs into the folder this was started from.
        place = Path(database[1]).resolve().parent / "mlartifacts" / model if database else None
        made = client.create_experiment(model, place.as_uri() if place else None)
        found = client.get_experiment(made)
    # The client makes an experiment of any JSON object: one that has the name is believed.
    if found.name != model or not found.experiment_id:
        raise MlflowException(f"It has no experiment '{model}' when it is asked for it again.")
    return str(found.experiment_id)


def _write(client: MlflowClient, experiment: str, record: RunRecord, runs: Path) -> bool:
    """Writes one run; False if it is there already."""
    for found in client.search_runs([experiment], f"tags.`{RUN}` = '{record.id}'"):
        if COMPLETE in found.data.tags:
            return False
        client.delete_run(found.info.run_id)
    details = run_details.read(record.id, runs)
    started = _milliseconds(record.started)
    run = client.create_run(experiment, started, {RUN: record.id}, run_name=record.id)
    run_id = run.info.run_id
    hide = run_record.redactor(record)  # A record of an earlier release hides less.
    tags_now, params_now = hide.tree(_tags(record)), hide.tree(_params(record))
    for tags in _batches([RunTag(key, value) for key, value in tags_now.items()]):
        client.log_batch(run_id, tags=tags)
    for params in _batches([Param(key, value) for key, value in params_now.items()]):
        client.log_batch(run_id, params=params)
    for metrics in _batches([*_metrics(record, details)]):
        client.log_batch(run_id, metrics=metrics)
    folder = run_folder.path(record.id, runs)
    for name in (run_folder.RECORD, run_folder.DETAILS, run_folder.REPORT, run_folder.CODE):
        path = folder / name
        if path.is_dir():
            client.log_artifacts(run_id, str(path), name)
        elif path.exists():
            client.log_artifact(run_id, str(path))
    _log_images(client, run_id, details)
    ended = _milliseconds(record.finished) if record.finished else int(time.time() * 1000)
    client.set_terminated(run_id, _STATUS[record.status], ended)
    client.set_tag(run_id, COMPLETE, "true")
    if client.get_run(run_id).data.tags.get(RUN) != record.id:
        raise MlflowException(
            f"It does not know the run {record.id} when it is asked for it again."
        )
    return True


def _tags(record: RunRecord) -> dict[str, str]:
    values = {
        "status": record.status,
        "command": record.command,
        "mlflow.source.git.commit": record.code.commit,
        "code.dirty": record.code.dirty,
        "data.hash": record.data.hash if record.data else None,
        "blessed": record.blessed,
        "pushed.version": record.pushed_version,
        "pushed.to": record.pushed_to,
        "failure": record.failure.headline if record.failure else None,
        "failure.node": record.failure.node if record.failure else None,
        **{f"environment.{name}": value for name, value in record.environment.items()},
    }
    return {name: str(value) for name, value in values.items() if value not in (None, "")}


def _params(record: RunRecord) -> dict[str, str]:
    config = dict(_flat("config", record.config.model_dump(mode="json")))
    return {
        **{_name(f"hyperparameters.{key}"): str(v) for key, v in record.hyperparameters.items()},
        **{_name(key): str(value)[:_LONGEST_PARAM] for key, value in config.items()},
    }


def _metrics(record: RunRecord, details: RunDetails) -> Iterator[Metric]:
    ended = _milliseconds(record.finished or record.started)
    for found in record.metrics:
        if found.value is not None:
            name = found.metric if found.slice == OVERALL else f"{found.metric}/{found.slice}"
            yield Metric(_name(name), found.value, ended, 0)
    for split, rows in record.rows.items():
        yield Metric(_name(f"rows/{split}"), rows, ended, 0)
    for curve in details.curves:
        for epoch, value in enumerate(curve.values, start=1):
            if value is not None:
                yield Metric(_name(f"training/{curve.split}/{curve.metric}"), value, ended, epoch)
    for logged in (details.logged, details.logged_in_trials):
        for series in logged.series:
            name = _logged(series)
            for step, value in series.points:
                if value is not None:
                    yield Metric(name, value, ended, round(step))


def _logged(one: LoggedSeries | LoggedImage) -> str:
    """The name of what the model's code has logged, apart from what each run has."""
    trial = "" if one.trial is None else f"trial {one.trial}/"
    return _name(f"logged/{trial}{one.name}")


def _log_images(client: MlflowClient, run_id: str, details: RunDetails) -> None:
    """The images that the model's code has logged, as files of their names and steps."""
    with tempfile.TemporaryDirectory() as folder:
        for image in (*details.logged.images, *details.logged_in_trials.images):
            file = Path(folder, f"{image.step:g}.png")
            file.write_bytes(base64.b64decode(image.png))
            client.log_artifact(run_id, str(file), _logged(image))


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(f"{prefix}.{key}", item)
    elif value is not None:
        yield prefix, value


def _name(text: str) -> str:
    """A name as MLflow allows it: of some characters, bounded, and a path without detours."""
    allowed = re.sub(r"[^\w\-. :/]", "_", text.replace("=", ":"))[:_LONGEST_NAME]
    return "/".join(part if part.strip(".") else "_" for part in allowed.split("/"))


def _batches(items: list[_T]) -> Iterator[list[_T]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)

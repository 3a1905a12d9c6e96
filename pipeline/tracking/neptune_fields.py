"""What a run's files say, as Neptune's fields, series and files: docs/tracking.md lists them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.record import run_details, run_folder
from pipeline.record.run_details import Curve, RunDetails
from pipeline.record.run_record import RunRecord

Field = bool | int | float | str


@dataclass(frozen=True)
class Snapshot:
    """A run's state at one moment."""

    fields: Mapping[str, Field]
    """Value by path; a path's parts are separated by `/`."""
    series: Mapping[str, list[float | None]]
    """Values after each epoch, by path; None where there is none."""
    files: Mapping[str, Path | bytes]
    """Files by path; a PNG file by its content."""
    over: bool
    """Whether the run has ended."""
    points: Mapping[str, Sequence[tuple[float, float | None]]] = field(default_factory=dict)
    """Pairs of step and value by path, by rising steps; None where there is no value."""


def take(record: RunRecord, details: RunDetails, folder: Path) -> Snapshot:
    """The state that a record, its details and the run folder show."""
    over = record.status != "running"
    return Snapshot(
        fields=dict(_flat("", _tree(record, details))),
        series={
            _path("training", curve.split, curve.metric): curve.values for curve in _curves(details)
        },
        files={
            **{path: file for path, file in _files(folder, over) if file.is_file()},
            **dict(_images(details)),
        },
        over=over,
        points=dict(_logged(details)),
    )


def content_of(file: Path | bytes) -> tuple[bytes, str]:
    """The content of a snapshot's file, and the ending of its name."""
    if isinstance(file, bytes):
        return file, "png"
    return file.read_bytes(), file.suffix.lstrip(".") or "txt"


def _tree(record: RunRecord, details: RunDetails) -> dict[str, Any]:
    """The fields, nested; what is not known yet is None."""
    run = record.model_dump(
        mode="json",
        include={"id", "model", "status", "started", "finished", "command", "overrides"},
    )
    data = record.data.model_dump() if record.data else {}
    return {
        "run": {**run, "seconds": record.seconds if record.finished else None},
        "config": record.config.model_dump(mode="json"),
        "code": {**record.code.model_dump(exclude={"files"}), "sha256": record.code.files},
        "environment": record.environment,
        "data": {
            **data,
            "rows": record.rows,
            "anomalies": _numbered(record.anomalies),
            "features": {feature.name: _feature(feature) for feature in details.features},
            "drift_from": details.drift_from,
        },
        "hyperparameters": record.hyperparameters,
        "tuner": {"trials": {str(t.number): _numberless(t) for t in details.trials}},
        "model": record.trained.model_dump() if record.trained else {},
        "metrics": _metrics(record),
        "plots": {name: plot for name, plot in details.plots.model_dump().items() if plot},
        "verdict": {
            "blessed": record.blessed,
            "refusals": _numbered(record.refusals),
            "warnings": _numbered(record.warnings),
        },
        "pushed": {"version": record.pushed_version, "to": record.pushed_to},
        "nodes": {
            node.name: node.model_dump(mode="json", exclude={"name"}) for node in record.nodes
        },
        "failure": record.failure.model_dump() if record.failure else {},
    }


def _feature(feature: run_details.Feature) -> dict[str, Any]:
    splits = {name: split.model_dump() for name, split in feature.splits.items()}
    drift = feature.drift.model_dump() if feature.drift else {}
    return {"type": feature.type, "splits": splits, "drift": drift}


def _numberless(trial: run_details.Trial) -> dict[str, Any]:
    return trial.model_dump(exclude={"number"})


def _metrics(record: RunRecord) -> dict[str, Any]:
    metrics: dict[str, Any] = {}
    for metric in record.metrics:
        values = metric.model_dump(exclude={"metric", "slice", "features"})
        metrics.setdefault(metric.slice, {})[metric.metric] = values
    return metrics


def _numbered(items: list[Any]) -> dict[str, Any]:
    return {str(number): item.model_dump() for number, item in enumerate(items, start=1)}


def _curves(details: RunDetails) -> Iterator[Curve]:
    return (curve for curve in details.curves if curve.values)


def _logged(details: RunDetails) -> Iterator[tuple[str, Sequence[tuple[float, float | None]]]]:
    for one in (*details.logged.series, *details.logged_in_trials.series):
        yield _path(*_place(one.trial), "logged", one.name), one.points


def _images(details: RunDetails) -> Iterator[tuple[str, bytes]]:
    for one in (*details.logged.images, *details.logged_in_trials.images):
        path = _path(*_place(one.trial), "images", one.name, f"{one.step:g}")
        yield path, base64.b64decode(one.png)


def _place(trial: int | None) -> tuple[str, ...]:
    return ("training",) if trial is None else ("tuner", "trials", str(trial))


def _files(folder: Path, over: bool) -> Iterator[tuple[str, Path]]:
    code = folder / run_folder.CODE
    for path in sorted(code.rglob("*")):
        yield _path("code", "files", *path.relative_to(code).parts), path
    yield "environment/packages", folder / run_folder.PACKAGES
    if over:
        for name in (run_folder.RECORD, run_folder.DETAILS, run_folder.REPORT):
            yield _path("files", name), folder / name


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, Field]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            path = _path(str(key))
            yield from _flat(f"{prefix}/{path}" if prefix else path, item)
    elif isinstance(value, list | tuple):
        if value:
            yield prefix, json.dumps(value)
    elif value is not None:
        yield prefix, value


def _path(*parts: str) -> str:
    """A path whose parts may themselves contain a slash."""
    return "/".join(part.replace("%", "%25").replace("/", "%2F") or "(empty)" for part in parts)

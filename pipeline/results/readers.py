"""What each node's artifacts say, taken over into the run's record as soon as the node is done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.io import fileio
from tfx.types.artifact_utils import decode_split_names

from components import data_gate
from models.common import training
from models.common.errors import RunError
from pipeline import nodes
from pipeline.config import project
from pipeline.record import run_details, run_record
from pipeline.record.run_details import RunDetails, Trial
from pipeline.record.run_record import Anomaly, RunRecord, TrainedModel
from pipeline.results import data_profile, drift, evaluation, plots

Artifacts = Mapping[str, metadata_store_pb2.Artifact]


def record(
    run: RunRecord,
    details: RunDetails,
    node: str,
    outputs: Artifacts,
    runs: Path = project.RUNS,
) -> None:
    """Adds a finished node's findings to the record and to the details.

    Args:
        run: The record to add to.
        details: The details to add to.
        node: The node's name.
        outputs: Its output artifacts by key.
        runs: The folder of all runs, for what this one is compared with.
    """
    if node in _READERS:
        _READERS[node](run, details, outputs)
    if node == nodes.STATISTICS_GEN:
        _compare(run, details, outputs, runs)


def _data(run: RunRecord, details: RunDetails, outputs: Artifacts) -> None:
    artifact = outputs["statistics"]
    splits = decode_split_names(artifact.properties["split_names"].string_value)
    details.features = data_profile.features(artifact.uri, splits)
    for split in splits:
        run.rows[split] = data_profile.rows(artifact.uri, split)
    if run.data:
        run.data.columns = len(details.features)


def _compare(run: RunRecord, details: RunDetails, outputs: Artifacts, runs: Path) -> None:
    """Measures how far the data has moved since the model's previous run that came so far."""
    for earlier in run_record.of_model(run.model, runs):
        if earlier.started >= run.started:
            continue
        try:
            before = run_details.read(earlier.id, runs)
        except RunError:
            continue
        if before.features:
            details.drift_from = earlier.id
            fine = data_profile.fine_quantiles(outputs["statistics"].uri, drift.SPLIT)
            drift.fill(details.features, before.features, fine)
            return


def _anomalies(run: RunRecord, details: RunDetails, outputs: Artifacts) -> None:
    found = _json(f"{outputs['report'].uri}/{data_gate.REPORT}")
    run.anomalies = [Anomaly(**anomaly) for anomaly in found]


def _hyperparameters(run: RunRecord, details: RunDetails, outputs: Artifacts) -> None:
    run.hyperparameters = _json(_only_file(outputs["best_hyperparameters"]))["values"]
    details.trials = _trials(details, _json(_only_file(outputs["tuner_results"])), run)


def _trials(details: RunDetails, results: list[dict[str, Any]], run: RunRecord) -> list[Trial]:
    """The trials of the search, of which some may have been told while it went on.

    Args:
        details: What was told.
        results: Each trial that gave a model, best first: its id, its score and its values.
        run: The run's record.
    """
    told = {trial.number: trial for trial in details.trials}
    for rank, result in enumerate(results):
        number, score = int(result.pop("trial_id")) + 1, result.pop("score")
        trial = told.setdefault(
            number,
            Trial(
                number=number,
                hyperparameters=result,
                objective=run.config.tuning.objective,
                score=score,
                seconds=None,
            ),
        )
        trial.best = rank == 0
    return [told[number] for number in sorted(told)]


def _training(run: RunRecord, details: RunDetails, outputs: Artifacts) -> None:
    summary = _json(f"{outputs['model_run'].uri}/{training.SUMMARY}")
    run.trained = TrainedModel(
        type=summary["type"],
        parameters=summary["parameters"],
        bytes=_size(f"{outputs['model'].uri}/Format-Serving"),
    )
    history = summary["history"]
    details.curves = []
    for epoch in zip(*history.values(), strict=True):
        run_details.add_epoch(details, dict(zip(history, epoch, strict=True)))


def _schema(run: RunRecord, details: RunDetails, outputs: Artifacts) -> None:
    with fileio.open(f"{outputs['schema'].uri}/schema.pbtxt", "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    if run.data:
        run.data.schema_hash = digest[:32]


def _verdict(run: RunRecord, details: RunDetails, outputs: Artifacts) -> None:
    uri = outputs["evaluation"].uri
    settings = run.config.evaluation
    run.metrics = evaluation.slice_metrics(uri, settings)
    run.blessed = outputs["blessing"].custom_properties["blessed"].int_value == 1
    run.refusals = [] if run.blessed else evaluation.refusals(uri, settings, run.metrics)
    details.plots = plots.plots(uri)


def _push(run: RunRecord, details: RunDetails, outputs: Artifacts) -> None:
    properties = outputs["pushed_model"].custom_properties
    if properties["pushed"].int_value == 1:
        run.pushed_version = int(properties["pushed_version"].string_value)
        run.pushed_to = properties["pushed_destination"].string_value


def _only_file(artifact: metadata_store_pb2.Artifact) -> str:
    return f"{artifact.uri}/{fileio.listdir(artifact.uri)[0]}"


def _size(folder: str) -> int:
    """Bytes of all files in the folder and below."""
    return sum(
        tf.io.gfile.stat(f"{parent}/{name}").length
        for parent, _, names in tf.io.gfile.walk(folder)
        for name in names
    )


def _json(path: str) -> Any:
    with fileio.open(path) as file:
        return json.load(file)


_READERS: dict[str, Callable[[RunRecord, RunDetails, Artifacts], None]] = {
    nodes.STATISTICS_GEN: _data,
    nodes.SCHEMA_GEN: _schema,
    nodes.FROZEN_SCHEMA: _schema,
    nodes.DATA_GATE: _anomalies,
    nodes.TUNER: _hyperparameters,
    nodes.TRAINER: _training,
    nodes.EVALUATOR: _verdict,
    nodes.PUSHER: _push,
}

"""What each node's artifacts say, read into the run's record.

Which of these functions reads a node's artifacts is said by its `NodeSpec`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.io import fileio
from tfx.types.artifact_utils import decode_split_names

from components import data_gate, example_gen
from components.evaluation.evaluator import comparison_of
from components.profile import component as profile_component
from components.yardstick import component as yardstick_component
from models.common import training
from models.common.errors import RunError
from pipeline import nodes
from pipeline.record import run_details, run_record
from pipeline.record.run_details import Logged, RunDetails, Trial
from pipeline.record.run_record import Anomaly, Baseline, RunRecord, TrainedModel
from pipeline.results import (
    data_profile,
    drift,
    evaluation,
    naive_baseline,
    plots,
    run_warnings,
    yardstick,
)

Artifacts = Mapping[str, metadata_store_pb2.Artifact]


@dataclass(frozen=True)
class NodeResult:
    """A finished node's artifacts, and what is to be made of them."""

    run: RunRecord
    """The record to add to."""
    details: RunDetails
    """The details to add to."""
    outputs: Artifacts
    """The node's output artifacts by key."""
    runs: Path
    """The folder of all runs, for what this one is compared with."""


def read_examples(result: NodeResult) -> None:
    """Takes over which spans the data is of, and how many rows were left out."""
    examples = result.outputs["examples"]
    spans = examples.custom_properties[example_gen.SPANS].string_value
    if result.run.data and spans:
        result.run.data.spans = spans
    path = f"{examples.uri}/{example_gen.LEFT_OUT}"
    if not fileio.exists(path):
        return
    with fileio.open(path) as file:
        number = int(file.read())
    label = result.run.config.label
    result.run.warn(nodes.EXAMPLE_GEN, run_warnings.rows_without_a_label(number, label))


def read_statistics(result: NodeResult) -> None:
    """Takes over the rows of each split and what the features look like."""
    artifact = result.outputs["statistics"]
    splits = decode_split_names(artifact.properties["split_names"].string_value)
    result.details.features = data_profile.features(artifact.uri, splits)
    for split in splits:
        result.run.rows[split] = data_profile.rows(artifact.uri, split)
    if result.run.data:
        result.run.data.columns = len(result.details.features)
    result.run.warn(nodes.STATISTICS_GEN, run_warnings.few_rows(result.run.rows))
    _measure_drift(result)
    data_profile.shorten(result.details.features, result.run.config.label.columns)


def _measure_drift(result: NodeResult) -> None:
    """Measures how far the data has moved since the model's previous run that came so far."""
    run, details = result.run, result.details
    for earlier in run_record.of_model(run.model, result.runs):
        if earlier.started >= run.started:
            continue
        try:
            before = run_details.read(earlier.id, result.runs)
        except RunError:
            continue
        if before.features:
            details.drift_from = earlier.id
            fine = data_profile.fine_quantiles(result.outputs["statistics"].uri, drift.SPLIT)
            drift.fill(details.features, before.features, fine)
            return


def read_anomalies(result: NodeResult) -> None:
    """Takes over the anomalies that the gate let pass."""
    found = _json(f"{result.outputs['report'].uri}/{data_gate.REPORT}")
    result.run.anomalies = [Anomaly(**anomaly) for anomaly in found]


def read_search(result: NodeResult) -> None:
    """Takes over the best hyperparameters and the trials."""
    result.run.hyperparameters = _json(_only_file(result.outputs["best_hyperparameters"]))["values"]
    result.details.trials = _trials(
        result.details, _json(_only_file(result.outputs["tuner_results"])), result.run
    )
    found = result.details.logged_in_trials.warnings
    result.run.warn(nodes.TUNER, [(one.headline, one.detail) for one in found])


def _trials(details: RunDetails, results: list[dict[str, Any]], run: RunRecord) -> list[Trial]:
    """The trials of the search, of which some may have been told while it went on.

    Args:
        details: What was told.
        results: Each trial that gave a model, best first: its id, its score and its values.
        run: The run's record.
    """
    told = {trial.number: trial for trial in details.trials}
    for rank, values in enumerate(results):
        number, score = int(values.pop("trial_id")) + 1, values.pop("score")
        trial = told.setdefault(
            number,
            Trial(
                number=number,
                hyperparameters=values,
                objective=run.config.tuning.objective,
                score=score,
                seconds=None,
            ),
        )
        trial.best = rank == 0
    return [told[number] for number in sorted(told)]


def read_training(result: NodeResult) -> None:
    """Takes over the network and its learning curves."""
    summary = _json(f"{result.outputs['model_run'].uri}/{training.SUMMARY}")
    result.run.trained = TrainedModel(
        type=summary["type"],
        parameters=summary["parameters"],
        bytes=_size(f"{result.outputs['model'].uri}/Format-Serving"),
        classes=summary.get("classes", []),
    )
    logged = result.details.logged = Logged.model_validate(summary.get("logged", {}))
    found = [(one["headline"], one["detail"]) for one in summary.get("warnings", [])]
    found += [(one.headline, one.detail) for one in logged.warnings]
    result.run.warn(nodes.TRAINER, found)
    history = summary["history"]
    result.details.curves = []
    for epoch in zip(*history.values(), strict=True):
        run_details.add_epoch(result.details, dict(zip(history, epoch, strict=True)))


def read_schema(result: NodeResult) -> None:
    """Takes over the hash of the schema that judges the data."""
    with fileio.open(f"{result.outputs['schema'].uri}/schema.pbtxt", "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    if result.run.data:
        result.run.data.schema_hash = digest[:32]


def read_evaluation(result: NodeResult) -> None:
    """Takes over metrics by slice, the blessing, and what it failed on."""
    uri = result.outputs["evaluation"].uri
    settings = result.run.config.evaluation
    result.run.metrics = evaluation.slice_metrics(uri, settings)
    if result.run.config.label.weight is None:  # The plots count rows, and not their weights.
        naive_baseline.fill(result.run.metrics, plots.of_slices(uri), settings)
    yardstick.compare(result.run)
    result.run.blessed = result.outputs["blessing"].custom_properties["blessed"].int_value == 1
    result.run.refusals = (
        [] if result.run.blessed else evaluation.refusals(uri, settings, result.run.metrics)
    )
    found = comparison_of(uri)
    result.run.baseline = Baseline(**dataclasses.asdict(found)) if found else None
    classes = result.run.trained.classes if result.run.trained else []
    result.details.plots = plots.plots(uri, classes)
    result.run.warn(nodes.EVALUATOR, run_warnings.never_predicted(result.details.plots, classes))


def read_reference_profile(result: NodeResult) -> None:
    """Takes over why there is no profile, or what monitoring cannot do with it."""
    found = _json(f"{result.outputs['profile'].uri}/{profile_component.NOTES}")
    result.run.warn(nodes.REFERENCE_PROFILE, [(headline, detail) for headline, detail in found])


def read_pushed_model(result: NodeResult) -> None:
    """Takes over the version that was pushed, if one was."""
    properties = result.outputs["pushed_model"].custom_properties
    if properties["pushed"].int_value == 1:
        result.run.pushed_version = int(properties["pushed_version"].string_value)
        result.run.pushed_to = properties["pushed_destination"].string_value


def read_yardstick(result: NodeResult) -> None:
    """Takes over what gradient boosting reaches, beside what the network does."""
    found = _json(f"{result.outputs['result'].uri}/{yardstick_component.FILE}")
    yardstick.take_over(result.run, found)


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

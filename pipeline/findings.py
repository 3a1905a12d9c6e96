"""What each node's artifacts say, taken over into the run's record as soon as the node is done."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow_data_validation as tfdv
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.io import fileio
from tfx.types.artifact_utils import decode_split_names

from components import data_gate
from pipeline import nodes, verdict
from pipeline.run_record import Anomaly, RunRecord

Artifacts = Mapping[str, metadata_store_pb2.Artifact]


def record(run: RunRecord, node: str, outputs: Artifacts) -> None:
    """Adds a finished node's findings to the record.

    Args:
        run: The record to add to.
        node: The node's name.
        outputs: Its output artifacts by key.
    """
    if node in _READERS:
        _READERS[node](run, outputs)


def _rows(run: RunRecord, outputs: Artifacts) -> None:
    artifact = outputs["statistics"]
    for split in decode_split_names(artifact.properties["split_names"].string_value):
        path = f"{artifact.uri}/Split-{split}/FeatureStats.pb"
        run.rows[split] = int(tfdv.load_stats_binary(path).datasets[0].num_examples)


def _anomalies(run: RunRecord, outputs: Artifacts) -> None:
    found = _json(f"{outputs['report'].uri}/{data_gate.REPORT}")
    run.anomalies = [Anomaly(**anomaly) for anomaly in found]


def _hyperparameters(run: RunRecord, outputs: Artifacts) -> None:
    uri = outputs["best_hyperparameters"].uri
    run.hyperparameters = _json(f"{uri}/{fileio.listdir(uri)[0]}")["values"]


def _verdict(run: RunRecord, outputs: Artifacts) -> None:
    uri = outputs["evaluation"].uri
    settings = run.config.evaluation
    run.metrics = verdict.slice_metrics(uri, settings)
    run.blessed = outputs["blessing"].custom_properties["blessed"].int_value == 1
    run.refusals = [] if run.blessed else verdict.refusals(uri, settings, run.metrics)


def _push(run: RunRecord, outputs: Artifacts) -> None:
    properties = outputs["pushed_model"].custom_properties
    if properties["pushed"].int_value == 1:
        run.pushed_version = int(properties["pushed_version"].string_value)
        run.pushed_to = properties["pushed_destination"].string_value


def _json(path: str) -> Any:
    with fileio.open(path) as file:
        return json.load(file)


_READERS: dict[str, Callable[[RunRecord, Artifacts], None]] = {
    nodes.STATISTICS_GEN: _rows,
    nodes.DATA_GATE: _anomalies,
    nodes.TUNER: _hyperparameters,
    nodes.EVALUATOR: _verdict,
    nodes.PUSHER: _push,
}

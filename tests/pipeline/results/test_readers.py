"""What each node's artifacts become in the run's record, from files as the nodes leave them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from ml_metadata.proto import metadata_store_pb2

from components import data_gate, example_gen
from models.common import training
from pipeline.record.run_details import RunDetails, Trial
from pipeline.record.run_record import Dataset, RunRecord
from pipeline.results import readers
from pipeline.results.readers import NodeResult
from tests.pipeline.fake_run import queued

pytestmark = pytest.mark.tfx


class Node:
    """A finished node whose artifacts are folders with a few files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run: RunRecord = queued()
        self.run.data = Dataset(path="data/*.csv")
        self.details = RunDetails(run=self.run.id)
        self.outputs: dict[str, metadata_store_pb2.Artifact] = {}

    def output(self, key: str, files: dict[str, str] | None = None, **properties: Any) -> None:
        artifact = metadata_store_pb2.Artifact(uri=str(self.folder / key))
        for name, value in properties.items():
            kind = "int_value" if isinstance(value, int) else "string_value"
            setattr(artifact.custom_properties[name], kind, value)
        self.outputs[key] = artifact
        for name, text in (files or {}).items():
            path = self.folder / key / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    @property
    def result(self) -> NodeResult:
        return NodeResult(self.run, self.details, self.outputs, self.folder / "runs")


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def test_rows_without_a_label_are_told_once(node: Node) -> None:
    node.output("examples", {example_gen.LEFT_OUT: "7"})
    for _ in range(2):  # A run that is resumed reads them again.
        readers.read_examples(node.result)
    assert [one.headline for one in node.run.warnings] == ["7 rows without a label were left out"]


def test_anomalies_that_did_not_stop_the_run(node: Node) -> None:
    anomaly = {
        "feature": "fare",
        "split": "train",
        "severity": "warning",
        "headline": "Unexpected values",
        "detail": "",
    }
    node.output("report", {data_gate.REPORT: json.dumps([anomaly])})
    readers.read_anomalies(node.result)
    assert [one.model_dump() for one in node.run.anomalies] == [anomaly]


def test_the_search_keeps_what_was_told_while_it_went_on(node: Node) -> None:
    """A result has no duration; a trial that gave no model was told of, and is not among them."""
    told = {"objective": "val_loss", "hyperparameters": {"units": 1}, "score": 0.5}
    node.details.trials = [
        Trial(number=1, seconds=3.0, **told),  # type: ignore[arg-type]
        Trial(number=2, seconds=4.0, **told),  # type: ignore[arg-type]
    ]
    node.output("best_hyperparameters", {"best.txt": json.dumps({"values": {"units": 7}})})
    results = [
        {"trial_id": "2", "score": 0.1, "units": 7},
        {"trial_id": "0", "score": 0.5, "units": 1},
    ]
    node.output("tuner_results", {"tuner_results.json": json.dumps(results)})
    readers.read_search(node.result)
    assert node.run.hyperparameters == {"units": 7}
    found = [(one.number, one.best, one.seconds) for one in node.details.trials]
    assert found == [(1, False, 3.0), (2, False, 4.0), (3, True, None)]
    assert node.details.trials[2].hyperparameters == {"units": 7}


def test_the_network_and_its_curves(node: Node) -> None:
    summary = {
        "type": "Functional",
        "parameters": 12,
        "classes": ["no", "yes"],
        "warnings": [
            {"headline": "The input 'id' looks like an identifier", "detail": "Remove it."}
        ],
        "history": {"loss": [0.5, 0.25], "val_loss": [0.6, 0.3]},
    }
    node.output("model_run", {training.SUMMARY: json.dumps(summary)})
    node.output("model", {"Format-Serving/saved_model.pb": "12345", "Format-Serving/v/x": "678"})
    readers.read_training(node.result)
    trained = node.run.trained
    assert trained is not None
    assert (trained.type, trained.parameters, trained.bytes) == ("Functional", 12, 8)
    assert trained.classes == ["no", "yes"]
    [warned] = node.run.warnings
    assert (warned.node, warned.detail) == ("Trainer", "Remove it.")
    curves = {(curve.metric, curve.split): curve.values for curve in node.details.curves}
    assert curves == {("loss", "train"): [0.5, 0.25], ("loss", "eval"): [0.6, 0.3]}


def test_training_again_replaces_the_curves(node: Node) -> None:
    for losses in ([0.5, 0.25], [0.4]):
        summary = {"type": "Functional", "parameters": 1, "history": {"loss": losses}}
        node.output("model_run", {training.SUMMARY: json.dumps(summary)})
        node.output("model", {"Format-Serving/saved_model.pb": ""})
        readers.read_training(node.result)
    assert [curve.values for curve in node.details.curves] == [[0.4]]


def test_the_hash_of_the_schema_that_judges(node: Node) -> None:
    for text in ("inferred", "frozen"):
        node.output("schema", {"schema.pbtxt": text})
        readers.read_schema(node.result)
    assert node.run.data is not None
    assert node.run.data.schema_hash == hashlib.sha256(b"frozen").hexdigest()[:32]


@pytest.mark.parametrize(("pushed", "version"), [(1, 17), (0, None)])
def test_a_version_is_pushed_or_not(node: Node, pushed: int, version: int | None) -> None:
    node.output(
        "pushed_model", pushed=pushed, pushed_version="17", pushed_destination="/serving/taxi/17"
    )
    readers.read_pushed_model(node.result)
    assert node.run.pushed_version == version
    assert node.run.pushed_to == ("/serving/taxi/17" if pushed else None)


def test_why_there_is_no_profile_is_told(node: Node) -> None:
    node.output("profile", {"notes.json": '[["No profile", "It failed"]]'})
    readers.read_reference_profile(node.result)
    [warning] = node.run.warnings
    assert (warning.node, warning.headline, warning.detail) == (
        *("ReferenceProfile", "No profile"),
        "It failed",
    )

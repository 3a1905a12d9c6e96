"""What nodes have done, from ML Metadata."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from components import data_gate
from pipeline import nodes
from pipeline.record.run_details import RunDetails
from pipeline.record.run_record import RunRecord
from pipeline.results import from_metadata
from tests.pipeline.fake_run import queued

pytestmark = pytest.mark.tfx

Execution = metadata_store_pb2.Execution


class History:
    """ML Metadata in memory."""

    def __init__(self) -> None:
        config = metadata_store_pb2.ConnectionConfig()
        config.fake_database.SetInParent()
        self.store = MetadataStore(config)
        self.kind = self.store.put_execution_type(metadata_store_pb2.ExecutionType(name="E"))
        self.artifact = self.store.put_artifact_type(metadata_store_pb2.ArtifactType(name="A"))
        self.node = self.store.put_context_type(metadata_store_pb2.ContextType(name="node"))
        self._contexts: dict[str, metadata_store_pb2.Context] = {}

    def execution(self, node: str, state: int, output: Path | None = None, **texts: str) -> None:
        if node not in self._contexts:
            context = metadata_store_pb2.Context(type_id=self.node, name=f"taxi.{node}")
            [context.id] = self.store.put_contexts([context])
            self._contexts[node] = context
        made = Execution(type_id=self.kind, last_known_state=state)
        for name, text in texts.items():
            made.custom_properties[name].string_value = text
        pairs = []
        if output is not None:
            event = metadata_store_pb2.Event(type=metadata_store_pb2.Event.OUTPUT)
            event.path.steps.add().key = "report"
            pairs.append(
                (metadata_store_pb2.Artifact(type_id=self.artifact, uri=str(output)), event)
            )
        self.store.put_execution(made, pairs, [self._contexts[node]])


def taken(history: History, since: int = 0) -> RunRecord:
    record = queued()
    from_metadata.take_over(record, RunDetails(run=record.id), history.store, since)
    return record


def test_states_and_results_are_those_of_the_executions_since(tmp_path: Path) -> None:
    history = History()
    history.execution(nodes.EXAMPLE_GEN, Execution.COMPLETE, data_hash="old")
    history.execution(nodes.TRAINER, Execution.COMPLETE)
    since = from_metadata.latest(history.store)
    anomaly = {"feature": "fare", "split": "train", "severity": "note", "headline": "h"}
    (tmp_path / data_gate.REPORT).write_text(json.dumps([{**anomaly, "detail": "d"}]))
    history.execution(nodes.DATA_GATE, Execution.CACHED, tmp_path)
    history.execution(nodes.TRANSFORM, Execution.FAILED)
    record = taken(history, since)
    states = {node.name: node.status for node in record.nodes}
    assert states[nodes.DATA_GATE] == "cached" and states[nodes.TRANSFORM] == "failed"
    assert states[nodes.EXAMPLE_GEN] == states[nodes.TRAINER] == "queued"
    assert [one.feature for one in record.anomalies] == ["fare"] and record.data is None
    assert record.node(nodes.DATA_GATE).seconds is not None


def test_the_first_failure_since_is_told(tmp_path: Path) -> None:
    history = History()
    history.execution(nodes.TUNER, Execution.FAILED)
    since = from_metadata.latest(history.store)
    assert from_metadata.failure(queued(), history.store, since) is None
    said = json.dumps({"resultMessage": "Traceback\nValueError: no"})
    history.execution(nodes.TRAINER, Execution.FAILED, __execution_result__=said)
    history.execution(nodes.EVALUATOR, Execution.FAILED)
    found = from_metadata.failure(queued(), history.store, since)
    assert found and (found.node, found.detail) == (nodes.TRAINER, "ValueError: no")


def test_an_empty_store_has_no_latest_execution() -> None:
    assert from_metadata.latest(History().store) == 0

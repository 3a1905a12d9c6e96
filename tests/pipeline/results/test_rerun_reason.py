"""Why a node was run again, from ML Metadata and the records of both runs."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.compiler import constants
from tfx.orchestration import metadata
from tfx.proto.orchestration import pipeline_pb2

from components.content import verified_cache
from pipeline import nodes
from pipeline.record import run_record
from pipeline.record.run_record import RunRecord
from pipeline.results import rerun_reason
from tests.pipeline.fake_run import queued

pytestmark = pytest.mark.tfx

Execution = metadata_store_pb2.Execution


class History:
    """ML Metadata of one node, and the records of its runs."""

    def __init__(self, folder: Path, node: str) -> None:
        config = metadata.sqlite_metadata_connection_config(str(folder / "metadata.db"))
        self.store = MetadataStore(config)
        self.node = node
        self.runs = folder / "runs"
        self._types = {
            name: self.store.put_context_type(metadata_store_pb2.ContextType(name=name))
            for name in (
                constants.NODE_CONTEXT_TYPE_NAME,
                constants.PIPELINE_RUN_CONTEXT_TYPE_NAME,
            )
        }
        kind = metadata_store_pb2.ExecutionType(name=node)
        self._execution_type = self.store.put_execution_type(kind)
        kind = metadata_store_pb2.ArtifactType(name="Thing")
        self._artifact_type = self.store.put_artifact_type(kind)

    def run(
        self,
        record: RunRecord,
        parameters: dict[str, str],
        inputs: dict[str, int] | None = None,
        state: int = Execution.COMPLETE,
        output: Path | None = None,
    ) -> None:
        """An execution of the node, in the run of a record that is written too."""
        run_record.write(record, self.runs)
        execution = Execution(type_id=self._execution_type, last_known_state=state)
        for name, value in parameters.items():
            execution.custom_properties[name].string_value = value
        contexts = [
            metadata_store_pb2.Context(type_id=self._types[kind], name=name)
            for kind, name in (
                (constants.NODE_CONTEXT_TYPE_NAME, f"taxi.{self.node}"),
                (constants.PIPELINE_RUN_CONTEXT_TYPE_NAME, record.id),
            )
        ]
        pairs = []
        for key, artifact in (inputs or {}).items():
            event = metadata_store_pb2.Event(type=metadata_store_pb2.Event.INPUT)
            event.path.steps.add().key = key
            stored = metadata_store_pb2.Artifact(id=artifact, type_id=self._artifact_type)
            pairs.append((stored, event))
        if output is not None:
            event = metadata_store_pb2.Event(type=metadata_store_pb2.Event.OUTPUT)
            event.path.steps.add().key = "output"
            stored = metadata_store_pb2.Artifact(type_id=self._artifact_type, uri=str(output))
            pairs.append((stored, event))
        self.store.put_execution(execution, pairs, contexts, reuse_context_if_already_exist=True)

    def artifacts(self, count: int) -> list[int]:
        """New artifacts, by id."""
        made = [metadata_store_pb2.Artifact(type_id=self._artifact_type) for _ in range(count)]
        return list(self.store.put_artifacts(made))

    def reason(
        self, record: RunRecord, inputs: dict[str, tuple[str, list[int]]] | None = None
    ) -> str:
        """Why the node's latest execution was run, given its inputs' producers and artifacts."""
        node = pipeline_pb2.PipelineNode()
        node.node_info.id = self.node
        context = node.contexts.contexts.add()
        context.type.name = constants.NODE_CONTEXT_TYPE_NAME
        context.name.field_value.string_value = f"taxi.{self.node}"
        for key, (producer, _) in (inputs or {}).items():
            channel = node.inputs.inputs[key].channels.add()
            channel.producer_node_query.id = producer
        info: Any = SimpleNamespace(
            pipeline_node=node,
            input_dict={
                key: [SimpleNamespace(id=one) for one in found]
                for key, (_, found) in (inputs or {}).items()
            },
        )
        return rerun_reason.rerun_reason(self.store, info, record, self.runs)


def record(number: int, **changes: Any) -> RunRecord:
    made = queued(f"taxi-20260102-03040{number}-4f2a")
    if changes:
        tree = made.config.model_dump()
        for key, value in changes.items():
            section, _, name = key.partition("__")
            tree[section] = {**tree[section], name: value} if name else value
        made.config = type(made.config).model_validate(tree)
    return made


def custom(**values: Any) -> dict[str, str]:
    return {"custom_config": json.dumps(values)}


def test_a_node_that_never_ran_says_so(tmp_path: Path) -> None:
    history = History(tmp_path, nodes.TRAINER)
    history.run(record(1), {})
    assert history.reason(record(1)) == "first run"


@pytest.mark.parametrize(
    ("node", "before", "after", "reason"),
    [
        (
            nodes.TRAINER,
            custom(code={"models/taxi/model.py": "1"}),
            custom(code={"models/taxi/model.py": "2", "models/taxi/more.py": "1"}),
            "models/taxi/model.py changed, models/taxi/more.py is new",
        ),
        (
            nodes.TRANSFORM,
            custom(code={"models/taxi/words.txt": "1"}),
            custom(code={}),
            "models/taxi/words.txt is no longer used",
        ),
        (
            nodes.TRAINER,
            custom(plan={"inputs": ["a"]}, code={}),
            custom(plan={"inputs": ["b"]}, code={}),
            "models/taxi/features.py changed",
        ),
        (
            nodes.TRAINER,
            custom(hyperparameters=None),
            custom(hyperparameters={"units": 3}),
            "models/taxi/hyperparameters.json changed",
        ),
        (nodes.EXAMPLE_GEN, {"data_hash": "1"}, {"data_hash": "2"}, "data/taxi/*.csv changed"),
        (nodes.EXAMPLE_GEN, {"hints": "1"}, {"hints": "2"}, "models/taxi/schema.pbtxt changed"),
        (nodes.DATA_GATE, {"inputs": "1"}, {"inputs": "2"}, "models/taxi/features.py changed"),
        (
            nodes.STATISTICS_GEN,
            {"stats_options_json": "1"},
            {"stats_options_json": "2"},
            "the parameter stats_options_json changed",
        ),
    ],
)
def test_a_changed_file_is_named(
    tmp_path: Path, node: str, before: dict[str, str], after: dict[str, str], reason: str
) -> None:
    history = History(tmp_path, node)
    history.run(record(1), before)
    history.run(record(2), after)
    assert history.reason(record(2)) == reason


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ({"keras": "3.11"}, {"keras": "3.12"}, "package keras 3.11 -> 3.12"),
        ({"keras": "3"}, {"keras": "3", "torch": "2"}, "package torch is new"),
        ({"keras": "3", "torch": "2"}, {"keras": "3"}, "package torch is gone"),
    ],
)
@pytest.mark.parametrize("node", [nodes.EXAMPLE_GEN, nodes.TRAINER])
def test_an_upgraded_package_is_named(
    tmp_path: Path, node: str, before: dict[str, str], after: dict[str, str], reason: str
) -> None:
    history = History(tmp_path, node)
    for number, versions in enumerate((before, after), start=1):
        if node == nodes.EXAMPLE_GEN:
            parameters = {"packages": json.dumps(versions)}
        else:
            parameters = {"custom_config": json.dumps({"code": {}, "packages": versions})}
        history.run(record(number), parameters)
    assert history.reason(record(2)) == reason


def test_rows_of_batch_prediction_are_named_by_their_own_path(tmp_path: Path) -> None:
    history = History(tmp_path, nodes.BATCH_EXAMPLES)
    batch = {"path": "data/later/*.csv"}
    history.run(record(1, batch_prediction=batch), {"data_hash": "1"})
    latest = record(2, batch_prediction=batch)
    history.run(latest, {"data_hash": "2"})
    assert history.reason(latest) == "data/later/*.csv changed"


@pytest.mark.parametrize(
    ("node", "change", "reason"),
    [
        (nodes.TRAINER, {"training__epochs": 3}, "training.epochs 10 -> 3"),
        (nodes.TUNER, {"training__epochs": 3}, rerun_reason.OTHERWISE),
        (nodes.EXAMPLE_GEN, {"splits__train": 3}, "splits.train 8 -> 3"),
        (nodes.EVALUATOR, {"training__epochs": 3}, rerun_reason.OTHERWISE),
    ],
)
def test_a_changed_key_is_named_where_it_reaches_the_node(
    tmp_path: Path, node: str, change: dict[str, Any], reason: str
) -> None:
    history = History(tmp_path, node)
    history.run(record(1, training__epochs=10), {"p": "1"}, output=tmp_path)
    latest = record(2, **{"training__epochs": 10, **change})
    history.run(latest, {"p": "1"})
    assert history.reason(latest) == reason


def test_new_inputs_are_named_those_from_far_up_first(tmp_path: Path) -> None:
    history = History(tmp_path, nodes.TRAINER)
    one, two, three, four = history.artifacts(4)
    history.run(record(1), {}, {"transform_graph": one, "examples": two, "hyperparameters": four})
    history.run(record(2), {})
    inputs = {
        "hyperparameters": (nodes.TUNER, []),
        "transform_graph": (nodes.TRANSFORM, [three]),
        "examples": (nodes.EXAMPLE_GEN, [two]),
        "schema": (nodes.SCHEMA_GEN, [four]),
    }
    assert history.reason(record(2), inputs) == (
        "new schema from SchemaGen, new transform graph from Transform, "
        "no hyperparameters from Tuner any more"
    )


def test_a_failed_attempt_is_told(tmp_path: Path) -> None:
    history = History(tmp_path, nodes.TRAINER)
    history.run(record(1), {}, state=Execution.FAILED)
    history.run(record(2), {})
    assert history.reason(record(2)) == "its last attempt failed"


def test_an_output_that_was_deleted_is_told(tmp_path: Path) -> None:
    history = History(tmp_path, nodes.TRAINER)
    history.run(record(1), {}, output=tmp_path / "gone")
    history.run(record(2), {})
    assert history.reason(record(2)) == "its earlier output was deleted"


def test_an_output_that_was_damaged_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(tmp_path, nodes.TRAINER)
    damage = "Trainer/model/9/assets/words is missing"
    monkeypatch.setitem(verified_cache.damages, str(tmp_path), damage)
    history.run(record(1), {}, output=tmp_path)
    history.run(record(2), {})
    assert history.reason(record(2)) == f"its earlier output was damaged: {damage}"


def test_no_cache_is_told_of_what_follows_too(tmp_path: Path) -> None:
    history = History(tmp_path, nodes.EVALUATOR)
    history.run(record(1), {}, output=tmp_path)
    latest = record(2)
    latest.no_cache = [nodes.TRAINER]
    history.run(latest, {})
    assert history.reason(latest) == "--no-cache"


def test_a_run_whose_record_was_deleted_is_done_without(tmp_path: Path) -> None:
    history = History(tmp_path, nodes.TRAINER)
    history.run(record(1, training__epochs=10), {"p": "1"}, output=tmp_path)
    (history.runs / record(1).id / "run.json").unlink()
    latest = record(2, training__epochs=3)
    history.run(latest, {"p": "2"})
    assert history.reason(latest) == "the parameter p changed"

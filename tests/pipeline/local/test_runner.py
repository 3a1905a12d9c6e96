"""What the runner keeps of a run: the environment, the failing node, and why it failed."""

from __future__ import annotations

import errno
import gc
import shutil
import threading
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2
from tfx.proto.orchestration import pipeline_pb2

from components import example_gen, tables
from models.common.errors import AnomalyError, ModelCodeError, RunError
from pipeline import nodes
from pipeline.config.target_schema import Beam
from pipeline.local import runner
from pipeline.local.concurrency.schedule import Schedule
from pipeline.local.interruption import Interruption
from pipeline.local.runner import RecordedLocalDagRunner
from pipeline.record import run_folder, run_record
from pipeline.record.run_record import Node, RunRecord
from pipeline.results import from_metadata, rerun_reason
from pipeline.show.report.drawings import Drawings
from tests.pipeline.fake_run import queued

pytestmark = pytest.mark.tfx

ANOMALY = {
    "feature": "fare",
    "split": "train",
    "severity": "error",
    "headline": "Column dropped",
    "detail": "Gone",
}


@pytest.fixture
def record(tmp_path: Path) -> RunRecord:
    """A record that is written into a folder of the test's own."""
    record = queued()
    run_record.write(record, tmp_path)
    return record


def running(record: RunRecord, name: str) -> None:
    record.node(name).status = "running"
    record.node(name).started = run_record.now() - timedelta(seconds=5)


def run(
    record: RunRecord,
    runs: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException | None,
    interruption: Interruption | None = None,
    node: str = nodes.TRAINER,
) -> None:
    """Runs a pipeline one of whose nodes ends so."""
    runner = RecordedLocalDagRunner(record, runs, interruption)

    def nodes_run(_: Any) -> None:
        running(record, node)
        if error is not None:
            raise error
        record.node(node).status = "done"

    monkeypatch.setattr(runner, "_run_nodes", nodes_run)
    runner.run_with_ir(SimpleNamespace())


def test_a_run_that_nobody_prepared_gets_its_folder(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(tmp_path / record.id)
    run(record, tmp_path, monkeypatch, None)
    written = run_record.read(record.id, tmp_path)
    assert written.command == "python -m pipeline run taxi"
    assert written.environment["tfx"] and "models/taxi/model.py" in written.code.files
    assert (tmp_path / record.id / "code/models/taxi/model.py").is_file()


def test_garbage_is_looked_for_again_while_nodes_run(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gc.disable()
    try:
        run(record, tmp_path, monkeypatch, None)
        assert gc.isenabled()
    finally:
        gc.enable()


def test_an_error_of_the_project_is_kept_whole(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(record, tmp_path, monkeypatch, ModelCodeError("the headline", "the detail", "the remedy"))
    written = run_record.read(record.id, tmp_path)
    assert written.status == "failed" and written.failure is not None
    assert written.failure.model_dump() == {
        "node": "Trainer",
        "headline": "the headline",
        "detail": "the detail",
        "remedy": "the remedy",
    }
    assert written.node("Trainer").status == "failed"
    assert written.node("Trainer").seconds == pytest.approx(5, abs=2)
    assert written.finished is not None and written.process is None


def test_any_other_error_is_told_by_type_and_message(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(record, tmp_path, monkeypatch, ValueError("\n".join(f"line {n}" for n in range(30))))
    failure = run_record.read(record.id, tmp_path).failure
    assert failure is not None and failure.node == "Trainer"
    assert failure.headline == "Trainer failed with ValueError"
    assert failure.detail.splitlines() == [f"line {n}" for n in range(10)]
    assert "log" in failure.remedy


def test_an_error_without_words(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(record, tmp_path, monkeypatch, ValueError())
    assert record.failure is not None and record.failure.detail == ""


def test_anomalies_stop_a_run(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(record, tmp_path, monkeypatch, AnomalyError("1 anomaly", "fare", "Correct it.", [ANOMALY]))
    written = run_record.read(record.id, tmp_path)
    assert written.status == "stopped" and written.failure is not None
    assert [anomaly.model_dump() for anomaly in written.anomalies] == [ANOMALY]
    assert written.failure.headline == "1 anomaly"


def test_an_interrupt_is_no_error(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(record, tmp_path, monkeypatch, KeyboardInterrupt())
    written = run_record.read(record.id, tmp_path)
    assert written.status == "interrupted" and written.failure is None
    assert written.node("Trainer").status == "failed"


@pytest.mark.parametrize(("version", "status"), [(None, "not_blessed"), (17, "pushed")])
def test_a_run_to_the_end_is_pushed_or_refused(
    record: RunRecord,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    version: int | None,
    status: str,
) -> None:
    record.pushed_version = version
    run(record, tmp_path, monkeypatch, None)
    assert record.status == status and record.failure is None
    assert record.id in (tmp_path / record.id / run_folder.REPORT).read_text(encoding="utf-8")


def test_a_failure_between_nodes_names_the_pipeline() -> None:
    failure = runner._failure(OSError("disk full"), None)
    assert failure.node is None and failure.headline == "The pipeline failed with OSError"


@pytest.fixture
def store() -> MetadataStore:
    config = metadata_store_pb2.ConnectionConfig()
    config.fake_database.SetInParent()
    return MetadataStore(config)


def recorded(store: MetadataStore, state: int, result: str = "") -> int:
    """An execution as TFX leaves it in ML Metadata."""
    kind = metadata_store_pb2.ExecutionType(name="node")
    kind.properties["x"] = metadata_store_pb2.STRING
    one = metadata_store_pb2.Execution(type_id=store.put_execution_type(kind))
    one.last_known_state = state
    if result:
        one.custom_properties["__execution_result__"].string_value = result
    [execution_id] = store.put_executions([one])
    return execution_id


@pytest.mark.parametrize(("state", "expected"), [("COMPLETE", "done"), ("CACHED", "cached")])
def test_how_a_node_ended(store: MetadataStore, state: str, expected: str) -> None:
    number = metadata_store_pb2.Execution.State.Value(state)
    assert runner._state(store, recorded(store, number), "Trainer") == expected


@pytest.mark.parametrize(
    ("result", "detail"),
    [("", ""), ('{"resultMessage": "Traceback:\\n no input model "}', " no input model")],
)
def test_a_failure_that_tfx_only_recorded_is_raised(
    store: MetadataStore, result: str, detail: str
) -> None:
    execution_id = recorded(store, metadata_store_pb2.Execution.FAILED, result)
    with pytest.raises(RunError, match="Resolver could not get its inputs") as caught:
        runner._state(store, execution_id, "Resolver")
    assert caught.value.detail == detail


def test_outputs_are_found_by_key(store: MetadataStore) -> None:
    execution_id = recorded(store, metadata_store_pb2.Execution.COMPLETE)
    kind = metadata_store_pb2.ArtifactType(name="thing")
    kind.properties["x"] = metadata_store_pb2.STRING
    type_id = store.put_artifact_type(kind)
    keys = {"model": 4, "model_run": 4, "examples": 3}  # Event types: OUTPUT is 4, INPUT is 3.
    for key, event_type in keys.items():
        [artifact_id] = store.put_artifacts(
            [metadata_store_pb2.Artifact(type_id=type_id, uri=f"/{key}")]
        )
        event = metadata_store_pb2.Event(
            artifact_id=artifact_id, execution_id=execution_id, type=event_type
        )
        event.path.steps.add(key=key)
        event.path.steps.add(index=0)
        store.put_events([event])
    found = from_metadata.outputs(store, execution_id)
    assert {key: artifact.uri for key, artifact in found.items()} == {
        "model": "/model",
        "model_run": "/model_run",
    }


def test_a_reason_that_cannot_be_found_stops_nothing(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rerun_reason, "rerun_reason", lambda *_: 1 / 0)
    node = SimpleNamespace(node_info=SimpleNamespace(id=nodes.TRAINER))
    runner = RecordedLocalDagRunner(record, tmp_path)
    runner._record_reason(None, SimpleNamespace(pipeline_node=node))
    assert run_record.read(record.id, tmp_path).node("Trainer").why == "no reason was found"


FULL = OSError(errno.ENOSPC, "No space left on device", "runs/taxi/Trainer/model/7/variables")
ENDS: dict[str, tuple[BaseException, str]] = {
    "sys.exit(0)": (SystemExit(0), "failed"),
    "sys.exit()": (SystemExit(), "failed"),
    "sys.exit(2)": (SystemExit(2), "failed"),
    "GeneratorExit": (GeneratorExit(), "failed"),
    "StopIteration": (StopIteration(), "failed"),
    "MemoryError": (MemoryError(), "failed"),
    "a full disk": (FULL, "failed"),
    "a full database": (RuntimeError("database or disk is full"), "failed"),
    "its own KeyboardInterrupt": (KeyboardInterrupt(), "failed"),
}


@pytest.mark.parametrize("kind", ENDS)
@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize("live", [False, True])
def test_however_a_run_ends_its_status_is_true(
    record: RunRecord,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    asked: bool,
    live: bool,
) -> None:
    error, status = ENDS[kind]
    for node in record.nodes:
        node.status = "done"
    record.pushing = str(tmp_path / "17")
    if live:
        (tmp_path / "17").mkdir()
    interruption = Interruption(record, tmp_path)
    interruption.asked = asked
    monkeypatch.setattr("pipeline.show.report.write_if_possible", lambda *_: None)
    run(record, tmp_path, monkeypatch, error, interruption, nodes.PUSHER)
    written = run_record.read(record.id, tmp_path)
    assert written.status == ("pushed" if live else "interrupted" if asked else status)
    assert written.pushed_version == (17 if live else None) and written.process is None


def test_a_full_disk_is_named_with_the_file(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(record, tmp_path, monkeypatch, FULL)
    failure = run_record.read(record.id, tmp_path).failure
    assert failure is not None and "the disk is full" in failure.headline
    assert str(FULL.filename) in failure.headline and "mounted at" in failure.detail
    assert "--resume" in failure.remedy


def test_the_record_is_written_before_the_report(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []

    def write(record: RunRecord, runs: Path, drawings: Drawings) -> None:
        found.append(run_record.read(record.id, runs).status)

    monkeypatch.setattr("pipeline.show.report.write_if_possible", write)
    run(record, tmp_path, monkeypatch, None)
    assert found == ["not_blessed"]


def test_the_cache_goes_by_the_order_of_executions_and_not_by_the_clock() -> None:
    executions = [
        metadata_store_pb2.Execution(id=number, create_time_since_epoch=time)
        for number, time in ((1, 10**13), (3, 5), (2, 10**12))
    ]
    assert [one.id for one in runner._newest_first(executions)] == [3, 2, 1]


def test_the_cache_is_asked_for_what_the_data_holds_now(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("a\n1\n")
    source = tables.TableSource(str(file))
    node = pipeline_pb2.PipelineNode()
    parameters = node.parameters.parameters
    parameters["source"].field_value.string_value = source.to_json()
    parameters["data_hash"].field_value.string_value = example_gen.fingerprint(source)
    with file.open("a") as opened:
        opened.write("2\n")
    runner._hash_data_as_it_is_now(node)
    assert parameters["data_hash"].field_value.string_value == example_gen.fingerprint(source)
    other = pipeline_pb2.PipelineNode()
    runner._hash_data_as_it_is_now(other)
    assert other == pipeline_pb2.PipelineNode()


@pytest.mark.parametrize("error", [OSError("no space"), RunError("it did not run")])
def test_a_node_that_nothing_depends_on_fails_alone(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = queued()
    record.nodes.append(Node(name=nodes.YARDSTICK))
    runner = RecordedLocalDagRunner(record, tmp_path)

    def fails(*_: Any) -> None:
        raise error

    monkeypatch.setattr(runner, "_run_node", fails)
    node: Any = SimpleNamespace(node_info=SimpleNamespace(id=nodes.YARDSTICK))
    nothing: Any = None
    runner._attempt(node, nothing, nothing)
    assert record.node(nodes.YARDSTICK).status == "failed" and record.status == "running"
    [warning] = record.warnings
    assert warning.node == nodes.YARDSTICK and str(error) in warning.headline + warning.detail
    node.node_info.id = nodes.TRAINER
    with pytest.raises(type(error)):
        runner._attempt(node, nothing, nothing)


def test_an_interruption_in_a_node_that_nothing_depends_on_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = queued()
    interruption = Interruption(record, tmp_path)
    runner = RecordedLocalDagRunner(record, tmp_path, interruption)

    def interrupted(*_: Any) -> None:
        interruption.asked = True
        raise ValueError("somebody's code made this of it")

    monkeypatch.setattr(runner, "_run_node", interrupted)
    node: Any = SimpleNamespace(node_info=SimpleNamespace(id=nodes.YARDSTICK))
    nothing: Any = None
    with pytest.raises(ValueError, match="somebody"):
        runner._attempt(node, nothing, nothing)


class Nodes:
    """Nodes that take as long as is said here; what was begun is kept."""

    def __init__(self, failing: Mapping[str, Exception]) -> None:
        self.begun: list[str] = []
        self._failing = failing
        self.go_on = threading.Event()

    def launch(self, name: str) -> None:
        self.begun.append(name)
        if nodes.SPECS[name].runs_beside and name not in self._failing:
            assert self.go_on.wait(60)
        if name in self._failing:
            raise self._failing[name]


class Second:
    """A second process, which ends what waits for it."""

    def __init__(self, its: Nodes) -> None:
        self.ended = False
        self._its = its

    def end(self) -> None:
        self.ended = True
        self._its.go_on.set()


NAMES = [name for name in nodes.ORDER if name != nodes.FROZEN_SCHEMA]
FIRST = NAMES[: NAMES.index(nodes.TUNER)]


@pytest.mark.parametrize(
    ("failing", "told", "begun"),
    [
        ({nodes.DATA_GATE: "gate"}, "gate", set(FIRST)),
        # The gate's word comes before what may be but a consequence of what it finds.
        ({nodes.TRANSFORM: "own", nodes.DATA_GATE: "gate"}, "gate", set(FIRST)),
        ({nodes.TRANSFORM: "own"}, "own", set(FIRST)),
        ({nodes.STATISTICS_GEN: "early"}, "early", set(FIRST[:2])),
    ],
)
def test_what_fails_first_in_the_order_is_told(
    failing: dict[str, str], told: str, begun: set[str], tmp_path: Path
) -> None:
    its = Nodes({name: RunError(text) for name, text in failing.items()})
    second = Second(its)
    runner = RecordedLocalDagRunner(queued(), tmp_path, second=second)  # type: ignore[arg-type]
    with pytest.raises(RunError, match=told):
        runner._run_all(Schedule(NAMES, beside=True), its.launch)
    assert second.ended
    assert set(its.begun) == begun


@pytest.mark.parametrize(
    ("args", "headline"),
    [
        (["--runner=PortableRunner", "--job_endpoint=f:1"], "the Beam job server at f:1 is gone"),
        (["--runner=FlinkRunner", "--flink_master=[local]"], "server at localhost is gone"),
        (["--runner=FnApiRunner"], "failed with RpcError"),
    ],
)
def test_an_engine_that_is_gone_is_told(
    record: RunRecord,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    args: list[str],
    headline: str,
) -> None:
    record.config = record.config.model_copy(update={"beam": Beam(args=tuple(args))})
    run(record, tmp_path, monkeypatch, grpc.RpcError("Socket closed"))
    assert record.status == "failed" and record.failure
    assert record.failure.node == nodes.TRAINER and headline in record.failure.headline


def test_results_are_taken_over_in_the_order_of_the_nodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = queued()
    record.nodes = [Node(name=name) for name in NAMES]
    runner = RecordedLocalDagRunner(record, tmp_path)
    taken: list[str] = []
    monkeypatch.setattr(
        "pipeline.local.runner.record_results", lambda *given: taken.append(given[2])
    )
    monkeypatch.setattr("pipeline.record.run_details.write", lambda *_: None)
    for ended, then_taken in (
        (nodes.EXAMPLE_GEN, NAMES[:1]),
        (nodes.TRANSFORM, NAMES[:1]),
        (nodes.STATISTICS_GEN, NAMES[:2]),
        (nodes.SCHEMA_GEN, NAMES[:3]),
        (nodes.EXAMPLE_VALIDATOR, NAMES[:4]),
        (nodes.DATA_GATE, FIRST),
    ):
        record.node(ended).status = "done"
        runner._outputs[ended] = {}
        runner._record_in_order()
        assert taken == then_taken

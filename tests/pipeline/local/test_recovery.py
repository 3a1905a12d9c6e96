"""What a killed run has left in ML Metadata and in its folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from pipeline.local.recovery import recover

pytestmark = pytest.mark.tfx

STATES = metadata_store_pb2.Execution.State
LEFT = ("COMPLETE", "CACHED", "FAILED")


@pytest.fixture
def store() -> MetadataStore:
    config = metadata_store_pb2.ConnectionConfig()
    config.fake_database.SetInParent()
    return MetadataStore(config)


def executed(store: MetadataStore, state: str) -> int:
    kind = metadata_store_pb2.ExecutionType(name="Trainer")
    type_id = store.put_execution_type(kind)
    one = metadata_store_pb2.Execution(type_id=type_id, last_known_state=STATES.Value(state))
    one.custom_properties["plan"].string_value = state
    [execution_id] = store.put_executions([one])
    return execution_id


def write(root: Path, execution_id: int) -> list[Path]:
    """Folders as TFX makes them for an execution."""
    folders = [
        root / "Trainer" / "model" / str(execution_id),
        root / "Trainer" / "model_run" / str(execution_id),
        root / "Trainer" / ".system" / "executor_execution" / str(execution_id),
    ]
    for folder in folders:
        (folder / "Format-Serving").mkdir(parents=True)
        (folder / "Format-Serving" / "saved_model.pb").write_text("half of")
    return folders


def test_what_was_running_has_failed_and_has_written_nothing(
    store: MetadataStore, tmp_path: Path
) -> None:
    ids = {state: executed(store, state) for state in (*LEFT, "NEW", "RUNNING")}
    folders = {state: write(tmp_path, execution_id) for state, execution_id in ids.items()}
    working = tmp_path / "Tuner" / ".system" / "stateful_working_dir" / "0d3a"
    working.mkdir(parents=True)
    recover(store, tmp_path)
    after = {execution.id: execution for execution in store.get_executions()}
    assert len(after) == len(ids)
    for state, execution_id in ids.items():
        now = STATES.Name(after[execution_id].last_known_state)
        assert now == (state if state in LEFT else "FAILED")
        assert after[execution_id].custom_properties["plan"].string_value == state
        assert [folder.exists() for folder in folders[state]] == [state in LEFT] * 3
    assert not working.exists() and working.parent.exists()


def test_a_first_run_has_nothing_to_put_in_order(store: MetadataStore, tmp_path: Path) -> None:
    recover(store, tmp_path / "not" / "there")
    assert store.get_executions() == []


def test_artifacts_of_another_store_are_set_aside(store: MetadataStore, tmp_path: Path) -> None:
    root = tmp_path / "taxi"
    write(root, 1)
    (root / "metadata.db").write_text("new")
    recover(store, root)
    assert [path.name for path in root.iterdir()] == ["metadata.db"]
    [aside] = tmp_path.glob("taxi.set-aside/*/taxi")
    assert (aside / "Trainer/model/1/Format-Serving/saved_model.pb").read_text() == "half of"


def test_artifacts_of_this_store_stay(store: MetadataStore, tmp_path: Path) -> None:
    folders = write(tmp_path, executed(store, "COMPLETE"))
    recover(store, tmp_path)
    assert all(folder.exists() for folder in folders)

"""The model that the next candidate is compared with: shown, and dropped for good."""

from __future__ import annotations

from pathlib import Path

import pytest
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from models.common.errors import RunError
from pipeline.local import baseline, lock
from tests.pipeline.fake_run import queued

pytestmark = pytest.mark.tfx

LIVE = metadata_store_pb2.Artifact.LIVE


class History:
    """ML Metadata of one model, with what runs left there."""

    def __init__(self, runs: Path) -> None:
        (runs / "taxi").mkdir()
        config = metadata_store_pb2.ConnectionConfig()
        config.sqlite.filename_uri = str(runs / "taxi" / "metadata.db")
        config.sqlite.connection_mode = config.sqlite.READWRITE_OPENCREATE
        self.store = MetadataStore(config)
        self.types = {
            name: self.store.put_artifact_type(metadata_store_pb2.ArtifactType(name=name))
            for name in ("Model", "ModelBlessing", "PushedModel")
        }
        self.pusher = self.store.put_execution_type(metadata_store_pb2.ExecutionType(name="P"))
        self.run = self.store.put_context_type(metadata_store_pb2.ContextType(name="pipeline_run"))

    def artifact(self, kind: str, /, **properties: int | str) -> int:
        made = metadata_store_pb2.Artifact(type_id=self.types[kind], uri=f"{kind}/1", state=LIVE)
        for name, value in properties.items():
            if isinstance(value, int):
                made.custom_properties[name].int_value = value
            else:
                made.custom_properties[name].string_value = value
        [number] = self.store.put_artifacts([made])
        return int(number)

    def judged(self, *, blessed: bool, version: str | None = None, run: str = "") -> int:
        """Adds a model of one run; returns its id."""
        model = self.artifact("Model")
        blessing = self.artifact("ModelBlessing", blessed=int(blessed), current_model_id=model)
        execution = metadata_store_pb2.Execution(type_id=self.pusher)
        context = metadata_store_pb2.Context(type_id=self.run, name=run or f"run-{model}")
        self.store.put_execution(
            execution, [(self.stored(blessing), self.event("OUTPUT"))], [context]
        )
        if version:
            pushed = self.artifact("PushedModel", pushed=1, pushed_version=version)
            pairs = [
                (self.stored(model), self.event("INPUT")),
                (self.stored(pushed), self.event("OUTPUT")),
            ]
            self.store.put_execution(execution, pairs, [])
        return model

    def stored(self, number: int) -> metadata_store_pb2.Artifact:
        [artifact] = self.store.get_artifacts_by_id([number])
        return artifact

    def event(self, kind: str) -> metadata_store_pb2.Event:
        return metadata_store_pb2.Event(type=kind)


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path)


def test_before_any_run_there_is_none(tmp_path: Path) -> None:
    assert baseline.find("taxi", tmp_path) is None
    assert baseline.drop("taxi", tmp_path) == 0


def test_the_latest_blessed_model_is_shown_with_run_and_version(
    tmp_path: Path, history: History
) -> None:
    history.judged(blessed=True, version="17", run="taxi-1")
    history.judged(blessed=True, version="18", run="taxi-2")
    history.judged(blessed=False, run="taxi-3")
    found = baseline.find("taxi", tmp_path)
    assert found and (found.version, found.run) == ("18", "taxi-2")
    assert "version 18 of the run taxi-2" in found.words


def test_a_blessed_model_that_was_not_pushed_says_so(tmp_path: Path, history: History) -> None:
    history.judged(blessed=True)
    found = baseline.find("taxi", tmp_path)
    assert found and found.version is None and "never pushed" in found.words


def test_dropping_leaves_none_until_another_model_is_blessed(
    tmp_path: Path, history: History
) -> None:
    history.judged(blessed=True, version="17")
    history.judged(blessed=True, version="18")
    assert baseline.drop("taxi", tmp_path) == 2
    assert baseline.find("taxi", tmp_path) is None and baseline.drop("taxi", tmp_path) == 0
    history.judged(blessed=True, version="19")
    found = baseline.find("taxi", tmp_path)
    assert found and found.version == "19"


def test_nothing_is_dropped_while_a_run_goes_on(tmp_path: Path, history: History) -> None:
    history.judged(blessed=True)
    with lock.held(queued(), tmp_path), pytest.raises(RunError, match="Another run of 'taxi'"):
        baseline.drop("taxi", tmp_path)
    assert baseline.find("taxi", tmp_path) is not None

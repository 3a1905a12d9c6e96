"""Where ML Metadata and the folders do not agree."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2

from components.content import artifact as content
from pipeline.local import baseline
from pipeline.local.repair import artifacts
from pipeline.local.repair.finding import Finding, Place
from pipeline.local.repair.set_aside import SetAside
from tests.pipeline.local.repair.history import STATES, History


def found(place: Place, history: History) -> list[Finding]:
    return list(artifacts.find(place, history.store))


def applied(place: Place, history: History) -> Path:
    aside = SetAside("taxi", place.runs)
    for one in found(place, history):
        one.apply(aside)
    return aside.folder


def test_what_agrees_is_in_order(place: Place, history: History) -> None:
    assert found(place, history) == []


@pytest.mark.parametrize("state", [STATES.NEW, STATES.RUNNING])
def test_dead_executions_have_failed_and_their_folders_are_set_aside(
    place: Place, history: History, state: int
) -> None:
    number = history.execution(state)
    history.written("Trainer", "model_run", number)
    history.written("Trainer", ".system/executor_execution", number)
    first, *others = found(place, history)
    assert "1 execution never ended" in first.problem and len(others) == 2
    aside = applied(place, history)
    [execution] = history.store.get_executions_by_id([number])
    assert execution.last_known_state == STATES.FAILED
    assert (aside / "taxi/Trainer/model_run" / str(number)).is_dir()
    assert found(place, history) == []


@pytest.mark.parametrize("folder", ["Trainer/model/99", "Tuner/.system/stateful_working_dir/x"])
def test_folders_that_ml_metadata_does_not_know_are_set_aside(
    place: Place, history: History, folder: str
) -> None:
    (place.artifacts / folder).mkdir(parents=True)
    [one] = found(place, history)
    assert folder in one.problem
    assert (applied(place, history) / "taxi" / folder).is_dir()
    assert found(place, history) == []


def test_a_lost_baseline_is_deleted_and_the_one_before_it_counts(
    place: Place, history: History
) -> None:
    shutil.rmtree(place.artifacts / "Trainer" / "model" / "2")
    [one] = found(place, history)
    assert "Trainer/model/2 is gone" in one.problem and "compared with" in one.remedy
    applied(place, history)
    states = {one.uri: one.state for one in history.store.get_artifacts_by_type("Model")}
    gone = str(place.artifacts / "Trainer" / "model" / "2")
    assert states[gone] == metadata_store_pb2.Artifact.DELETED
    now = baseline.find("taxi", place.runs)
    assert now and now.uri.endswith("Trainer/model/1")
    assert found(place, history) == []


def _flip(file: Path) -> None:
    before = file.stat()
    raw = bytearray(file.read_bytes())
    raw[0] ^= 0xFF
    file.write_bytes(raw)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    "harm",
    [_flip, Path.unlink, lambda file: file.with_name("more").write_text("")],
    ids=["a flipped byte that looks untouched", "a file that is gone", "a file that was added"],
)
def test_damaged_artifacts_are_set_aside_and_made_again(
    place: Place, history: History, harm: Callable[[Path], object]
) -> None:
    number = history.execution()
    made = history.artifact("TransformGraph", "Transform", "transform_graph", number)
    [artifact] = history.store.get_artifacts_by_id([made])
    artifact.custom_properties[content.HASH].string_value = content.seal(artifact.uri)
    history.store.put_artifacts([artifact])
    assert found(place, history) == []
    harm(Path(artifact.uri) / "saved_model.pb")
    [one] = found(place, history)
    assert f"Transform/transform_graph/{number} is damaged" in one.problem
    assert (applied(place, history) / f"taxi/Transform/transform_graph/{number}").is_dir()
    [artifact] = history.store.get_artifacts_by_id([made])
    assert artifact.state == metadata_store_pb2.Artifact.DELETED
    assert found(place, history) == []

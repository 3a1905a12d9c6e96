"""What is known of a version: from its folder, and from the runs of the pipeline."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from serving.model import registry

pytestmark = pytest.mark.tfx


@pytest.fixture
def taxi(tmp_path: Path) -> Path:
    """A model with one version, of one signature besides TensorFlow's own."""
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel()
    signatures = saved.meta_graphs.add().signature_def
    for name in ("serving_default", "__saved_model_init_op"):
        signatures[name].method_name = "tensorflow/serving/predict"
    folder = tmp_path / "serving_models" / "taxi"
    (folder / "2").mkdir(parents=True)
    (folder / "2" / "saved_model.pb").write_bytes(saved.SerializeToString())
    return folder


def write_run(runs: Path, name: str, content: Any, age: float = 0) -> None:
    path = runs / name / "run.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content))
    written = path.stat().st_mtime - age
    os.utime(path, (written, written))


def pushed(model: str = "taxi", run: str = "a") -> dict[str, Any]:
    return {"id": run, "pushed_to": f"/anywhere/{model}/2"}


@pytest.mark.parametrize(
    ("runs", "found"),
    [
        ([("a", pushed(run="a"), 0)], "a"),
        ([("a", pushed("other"), 0)], None),
        ([("a", pushed(run="old"), 100), ("b", pushed(run="new"), 0)], "new"),
        ([("b", pushed(run="old"), 100), ("a", pushed(run="new"), 0)], "new"),
        ([("a", [1, 2], 0), ("b", pushed(run="b"), 100)], "b"),
        ([("a", {"id": "a"}, 0)], None),
        ([], None),
    ],
)
def test_the_latest_run_that_pushed_it(
    taxi: Path, tmp_path: Path, runs: list[tuple[str, Any, float]], found: str | None
) -> None:
    for name, content, age in runs:
        write_run(tmp_path / "runs", name, content, age)
    run = registry.record(taxi, 2, tmp_path / "runs").run
    assert (run and run.id) == found


def test_a_run_that_is_found_later_is_noted_beside_the_promotions(
    taxi: Path, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    now = datetime.now(timezone.utc)
    first = registry.record(taxi, 2, runs)
    assert first.run is None and list(first.signatures) == ["serving_default"]
    registry.add_promotion(taxi, 2, runs, registry.Promotion(time=now, action="promote", by="ann"))
    write_run(runs, "a", pushed())
    later = registry.record(taxi, 2, runs)
    assert later.run and later.run.id == "a"
    assert [promotion.by for promotion in later.promotions] == ["ann"]
    assert registry.Record.model_validate_json((taxi / "2.json").read_bytes()) == later


def test_a_folder_that_cannot_be_written_does_not_matter(taxi: Path, tmp_path: Path) -> None:
    (taxi / "2.json").mkdir()
    assert registry.record(taxi, 2, tmp_path / "runs").number == 2

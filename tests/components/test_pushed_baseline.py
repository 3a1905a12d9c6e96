"""The latest pushed model as the one to beat, and no model as no baseline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tfx.components.evaluator import executor as evaluator_executor
from tfx.types import standard_artifacts

from components import pushed_baseline

pytestmark = pytest.mark.tfx


def push(serving: Path, version: str, *, whole: bool = True) -> None:
    folder = serving / version
    (folder / "variables").mkdir(parents=True)
    (folder / "variables" / "index").write_text(version)
    if whole:
        (folder / "saved_model.pb").write_text(version)


def model(folder: Path) -> standard_artifacts.Model:
    artifact = standard_artifacts.Model()
    artifact.uri = str(folder)
    return artifact


def found(serving: Path, folder: Path) -> Path:
    """Where the component leaves what it finds."""
    pushed_baseline.Executor().Do({}, {"model": [model(folder)]}, {"serving": str(serving)})
    return folder / "Format-Serving"


@pytest.mark.parametrize("versions", [["99", "100"], ["100", "99", ".101.partial", "notes"]])
def test_the_newest_version_is_found(tmp_path: Path, versions: list[str]) -> None:
    for version in versions:
        push(tmp_path / "serving", version)
    copy = found(tmp_path / "serving", tmp_path / "model")
    assert (copy / "saved_model.pb").read_text() == "100"
    assert (copy / "variables" / "index").read_text() == "100"


def test_a_version_that_is_still_being_copied_is_none(tmp_path: Path) -> None:
    push(tmp_path / "serving", "1")
    push(tmp_path / "serving", "2", whole=False)
    copy = found(tmp_path / "serving", tmp_path / "model")
    assert (copy / "saved_model.pb").read_text() == "1"


@pytest.mark.parametrize("folder", ["absent", "empty"])
def test_nothing_is_found_where_nothing_was_pushed(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    assert not found(tmp_path / folder, tmp_path / "model").exists()


@pytest.mark.parametrize("pushed", [True, False])
def test_the_evaluator_compares_with_a_model_or_with_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pushed: bool
) -> None:
    if pushed:
        push(tmp_path / "serving", "1")
    found(tmp_path / "serving", tmp_path / "model")
    received: dict[str, Any] = {}
    monkeypatch.setattr(
        evaluator_executor.Executor, "Do", lambda self, inputs, *_: received.update(inputs)
    )
    baseline, candidate = model(tmp_path / "model"), model(tmp_path / "candidate")
    inputs = {"model": [candidate], "baseline_model": [baseline]}
    pushed_baseline.EvaluatorExecutor().Do(inputs, {}, {})
    assert received == {**inputs, "baseline_model": [baseline] if pushed else []}

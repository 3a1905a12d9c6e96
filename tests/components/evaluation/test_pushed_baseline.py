"""The latest pushed model as the one to beat, and the version that a model was pushed as."""

from __future__ import annotations

from pathlib import Path

import pytest
from tfx.types import standard_artifacts

from components.evaluation import pushed_baseline

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


def test_a_model_is_known_by_the_version_that_it_was_pushed_as(tmp_path: Path) -> None:
    for version in ("9", "10", "11"):
        push(tmp_path / "serving", version)
    (tmp_path / "saved_model.pb").write_text("10")
    saved, serving = str(tmp_path / "saved_model.pb"), str(tmp_path / "serving")
    assert pushed_baseline.version_of(saved, serving) == "10"
    assert pushed_baseline.version_of(saved, str(tmp_path / "absent")) is None
    (tmp_path / "saved_model.pb").write_text("other")
    assert pushed_baseline.version_of(saved, serving) is None

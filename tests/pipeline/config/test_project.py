"""Where things are in a project."""

from __future__ import annotations

from pathlib import Path

from pipeline.config import project
from tests.helpers.paths import ROOT


def test_the_root_is_where_the_rooms_are() -> None:
    assert project.ROOT == ROOT
    assert project.model_folder("taxi") == ROOT / "models" / "taxi"


def test_a_model_is_a_folder_with_a_configuration(tmp_path: Path) -> None:
    for name in ("b", "a", "common", "__pycache__", "draft"):
        (tmp_path / "models" / name).mkdir(parents=True)
    for name in ("b", "a"):
        (tmp_path / "models" / name / "config.yaml").touch()
    (tmp_path / "models" / "notes.txt").touch()
    assert project.model_names(tmp_path) == ["a", "b"]
    assert project.folders_without_config(tmp_path) == ["draft"]


def test_a_project_without_models_has_none(tmp_path: Path) -> None:
    assert project.model_names(tmp_path) == project.folders_without_config(tmp_path) == []

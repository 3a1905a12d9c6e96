"""Where things are in a project."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from models.common.errors import RunError
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


@pytest.mark.parametrize("name", ["my [v2] é", "what?", "a*b", "back\\slash"])
def test_a_folder_whose_name_is_a_pattern_has_a_link(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / name
    (root / "runs").mkdir(parents=True)
    monkeypatch.setattr(project, "ROOT", root)
    (tmp_path / "links").mkdir()
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path / "links"))
    found = project.without_glob(str(root / "runs"))
    assert Path(found).samefile(root / "runs") and not set("*?[\\") & set(found)
    assert project.without_glob(str(root / "runs")) == found


def test_other_folders_are_named_as_they_are() -> None:
    for folder in ("/a b/é", "gs://bucket/[x]"):
        assert project.without_glob(folder) == folder


def test_a_link_that_cannot_be_made_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "[x]").mkdir()
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path / "none"))
    with pytest.raises(RunError, match="a name that TFX takes for a pattern"):
        project.without_glob(str(tmp_path / "[x]"))

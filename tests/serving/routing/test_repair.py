"""Files that say which version answers are begun anew from what is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.core.errors import ServingError
from serving.model import models_config
from serving.routing import changes, repair, state


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two versions, of which the lower one was promoted."""
    for version in ("3", "4"):
        (tmp_path / "taxi" / version).mkdir(parents=True)
        (tmp_path / "taxi" / version / "saved_model.pb").write_bytes(b"")
    changes.promote(tmp_path, "taxi", 3, "somebody", "")
    return tmp_path


def test_whole_files_are_in_order(folder: Path) -> None:
    assert list(repair.find(folder)) == []


@pytest.mark.parametrize("content", [b"model_config_list {", b"\xff\xfe", b"{}"])
def test_models_config_is_written_from_the_changes(folder: Path, content: bytes) -> None:
    path = folder / models_config.FILE
    path.write_bytes(content)
    with pytest.raises(ServingError) as told:
        models_config.read(path)
    assert "which versions are served" in told.value.detail
    assert "python -m serving repair" in told.value.remedy
    [found] = repair.find(folder)
    assert "Stable is version 3 of taxi" in found.apply(folder / "aside")
    assert models_config.read(path)["taxi"].labels == {"stable": 3}
    assert (folder / "aside" / models_config.FILE).read_bytes() == content


@pytest.mark.parametrize("content", ["{", "[]", '{"nonsense": 1}'])
def test_routing_is_set_aside(folder: Path, content: str) -> None:
    (folder / state.FILE).write_text(content)
    with pytest.raises(ServingError) as told:
        state.read(folder)
    assert "how requests are shared out" in told.value.detail
    assert "python -m serving repair" in told.value.remedy
    [found] = repair.find(folder)
    found.apply(folder / "aside")
    assert state.read(folder) == state.Routing() and list(repair.find(folder)) == []


def test_without_changes_the_highest_versions_are_served(folder: Path) -> None:
    for name in (state.FILE, models_config.FILE):
        (folder / name).write_text("{")
    outcomes = [one.apply(folder / "aside") for one in repair.find(folder)]
    assert "Of each model the highest version is served" in outcomes[0]
    assert not (folder / models_config.FILE).exists() and list(repair.find(folder)) == []


def test_a_versions_own_file_is_set_aside(folder: Path) -> None:
    (folder / "taxi" / "4.json").write_text("{")
    [found] = repair.find(folder)
    assert "4.json cannot be read" in found.problem
    found.apply(folder / "aside")
    assert list(repair.find(folder)) == []

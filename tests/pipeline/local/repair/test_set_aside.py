"""What is moved keeps its place below the folder, and nothing is overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.common.errors import RunError
from pipeline.local.repair.set_aside import SetAside


def test_what_is_moved_is_found_below_the_models_folder(tmp_path: Path) -> None:
    path = tmp_path / "taxi" / "Trainer" / "model" / "7"
    path.mkdir(parents=True)
    (path / "weights").write_text("1")
    aside = SetAside("taxi", tmp_path)
    assert not aside.folder.exists()
    moved = aside.move(path, tmp_path / "taxi")
    assert moved == aside.folder / "taxi/Trainer/model/7" and not path.exists()
    assert (moved / "weights").read_text() == "1"
    assert aside.folder.parent == tmp_path / "taxi.set-aside"
    assert SetAside("taxi", tmp_path).folder != aside.folder


def test_what_cannot_be_moved_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="gone cannot be set aside"):
        SetAside("taxi", tmp_path).move(tmp_path / "taxi" / "gone", tmp_path / "taxi")

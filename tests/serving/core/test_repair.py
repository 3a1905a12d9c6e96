"""What is in the way is moved, never overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.core import repair
from serving.core.errors import ServingError


def test_a_file_is_moved_below_the_serving_folder(tmp_path: Path) -> None:
    path = tmp_path / "routing.json"
    path.write_text("{")
    aside = repair.set_aside(tmp_path)
    assert not aside.exists() and aside.parent == tmp_path / repair.FOLDER
    assert repair.move(path, aside).read_text() == "{" and not path.exists()
    assert repair.set_aside(tmp_path) != aside


def test_what_cannot_be_moved_is_named(tmp_path: Path) -> None:
    with pytest.raises(ServingError, match="gone cannot be set aside"):
        repair.move(tmp_path / "gone", tmp_path / "aside")

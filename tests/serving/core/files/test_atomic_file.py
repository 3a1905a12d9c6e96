"""Files that a reader finds whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.core.errors import Code, ServingError
from serving.core.files.atomic_file import write_whole


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file.json"
    for content in ("old", "new ä"):
        write_whole(path, content)
        assert path.read_text(encoding="utf-8") == content
    assert list(path.parent.iterdir()) == [path]


def test_what_cannot_be_written_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.json"
    write_whole(path, "old")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ServingError, match="cannot be written") as refused:
        write_whole(path, "new")
    assert refused.value.code == Code.FAILED_PRECONDITION
    assert "No space left" in refused.value.detail
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("file.json", "old")]

"""Files are replaced whole, and a reader can tell that they were."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from models.common.errors import RunError
from pipeline.record.atomic_file import revision, write_whole


@pytest.mark.parametrize("content", ["", "naïve\n", b"\x00\xff"])
def test_a_file_has_what_was_written(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "a" / "b" / "file"
    write_whole(path, content)
    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert [found.name for found in path.parent.iterdir()] == ["file"]


def test_who_has_the_old_file_open_reads_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, "old" * 1000)
    with path.open() as file:
        begun = file.read(3)
        write_whole(path, "new")
        assert begun + file.read() == "old" * 1000
    assert path.read_text() == "new"


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(RunError, match="a/file cannot be written") as caught:
        write_whole(tmp_path / "a" / "file", "content")
    assert caught.value.detail and caught.value.remedy


def test_a_full_disk_is_told_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_whole(path, "old")
    real = Path.write_bytes

    def full(self: Path, content: bytes) -> int:
        real(self, content[:2])  # What there was room for.
        return real(Path("/dev/full"), content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(RunError, match="the disk is full") as caught:
        write_whole(path, "new")
    assert "mounted at" in caught.value.detail and str(path) in caught.value.headline
    assert [found.name for found in tmp_path.iterdir()] == ["file"] and path.read_text() == "old"


def test_each_writing_is_a_revision_even_of_the_same_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert revision(path) is None
    revisions = []
    for _ in range(5):
        write_whole(path, "the same")
        revisions.append(revision(path))
        assert revision(path) == revisions[-1]
    assert None not in revisions
    assert all(before != after for before, after in pairwise(revisions))

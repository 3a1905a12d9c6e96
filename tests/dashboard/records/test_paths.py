"""A request names files of a run folder, and no other ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dashboard.errors import DashboardError
from dashboard.records import paths


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run folder with links into it and out of it, and a secret beside it."""
    folder = tmp_path / "run"
    (folder / "code").mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    (folder / "code" / "model.py").write_text("x = 1")
    (tmp_path / "secret").write_text("secret")
    (folder / "inside").symlink_to("code/model.py")
    (folder / "outside").symlink_to(tmp_path / "secret")
    (folder / "up").symlink_to(tmp_path)
    (folder / "loop").symlink_to("loop")
    os.mkfifo(folder / "pipe")
    return folder


@pytest.mark.parametrize("name", ["run.json", "code/model.py", "inside"])
def test_a_file_of_the_folder_is_found(name: str, folder: Path) -> None:
    assert paths.inside(folder, name) == (folder / name).resolve()


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", "../secret", "code/../run.json", "/etc/passwd", "code//model.py", "code",
        "code/", "a\0b", "code\\model.py", "outside", "up/secret", "loop", "pipe", "absent",
        "x" * 5000,
    ],
)  # fmt: skip
def test_anything_else_is_not_there(name: str, folder: Path) -> None:
    with pytest.raises(DashboardError) as caught:
        paths.inside(folder, name)
    assert caught.value.status == 404 and len(caught.value.headline) < 250


def test_the_listing_has_what_may_be_read(folder: Path) -> None:
    found = paths.listing(folder)
    assert [file["path"] for file in found["files"]] == ["code/model.py", "inside", "run.json"]
    assert [file["size"] for file in found["files"]] == [5, 5, 2]
    assert not found["more"]


def test_a_long_listing_is_cut_and_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "MAX_LISTED", 2)
    found = paths.listing(folder)
    assert (len(found["files"]), found["more"]) == (2, True)

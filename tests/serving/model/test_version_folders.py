"""Which folders are versions, and when a copy into one has ended."""

import os
from pathlib import Path

from serving.model import version_folders


def test_only_numbered_folders_with_a_model_are_versions(tmp_path: Path) -> None:
    for name in ("1", "0002", "x", "3", "99999999999999999999", "-1"):
        (tmp_path / "taxi" / name).mkdir(parents=True)
    for name in ("1", "0002", "x", "99999999999999999999"):
        (tmp_path / "taxi" / name / "saved_model.pb").touch()
    (tmp_path / "taxi" / "4").touch()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "1").touch()
    (tmp_path / "taxi" / "5").mkdir()
    (tmp_path / "taxi" / "5" / "saved_model.pbtxt").touch()
    assert sorted(version_folders.versions(tmp_path / "taxi")) == [1, 2, 5]
    assert version_folders.models(tmp_path) == [tmp_path / "taxi"]
    assert version_folders.versions(tmp_path / "nowhere") == {}
    assert version_folders.models(tmp_path / "nowhere") == []


def test_a_folder_is_settled_once_it_was_the_same_twice(tmp_path: Path) -> None:
    settled = version_folders.Settled()

    def check() -> bool:
        return settled.check(tmp_path, version_folders.fingerprint(tmp_path))

    (tmp_path / "a").write_text("1")
    assert [check(), check()] == [False, True]
    (tmp_path / "a").write_text("12")
    assert check() is False
    os.utime(tmp_path / "a", (0, 0))  # Other content of the same length.
    assert check() is False
    (tmp_path / "b").write_text("")
    assert [check(), check()] == [False, True]

"""What is said of a disk that is full, whoever found out."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest

from pipeline.record import disk

FULL = OSError(errno.ENOSPC, "No space left on device", "runs/taxi/Trainer/model/7/saved_model.pb")


def wrapped(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (FULL, True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        (wrapped(RuntimeError("Beam failed"), FULL), True),
        (RuntimeError("OSError: [Errno 28] No space left on device [while running 'Write']"), True),
        (sqlite3.OperationalError("database or disk is full"), True),
        (OSError(errno.EACCES, "Permission denied"), False),
        (ValueError("shapes do not match"), False),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_full_disk_is_known_by_number_and_by_the_words_of_libraries(
    error: Exception, full: bool
) -> None:
    assert disk.is_full(error) is full


def test_the_file_is_known_where_any_of_the_causes_has_it() -> None:
    assert disk.file_of(wrapped(RuntimeError("Beam"), FULL)) == Path(str(FULL.filename))
    assert disk.file_of(ValueError()) is None


def test_errors_that_are_each_others_cause_end() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert not disk.is_full(one)


def test_a_disk_is_named_by_where_it_is_mounted(tmp_path: Path) -> None:
    text = disk.space(tmp_path / "not" / "there")
    assert text.startswith("The disk mounted at /") and text.endswith("MB free.")


def test_a_full_disk_and_a_folder_that_is_not_writable_have_other_remedies() -> None:
    full = disk.write_error(Path("run.json"), FULL)
    other = disk.write_error(Path("run.json"), OSError(errno.EACCES, "Permission denied"))
    assert "the disk is full" in full.headline and "mounted at" in full.detail
    assert "disk" not in other.headline and "writable" in other.remedy

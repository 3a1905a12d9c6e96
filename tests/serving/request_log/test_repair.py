"""Of a damaged file of the log, what can be read is kept."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from serving.core.errors import ServingError
from serving.request_log import database, repair
from tests.helpers.log_entries import entry

ENTRIES = 400


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of the log whose writer is gone."""
    written = database.Database(tmp_path, "process")
    written.add(
        [entry(number, request=b'{"x": "' + b"a" * 300 + b'"}') for number in range(ENTRIES)]
    )
    written.close()
    return written.path.rename(tmp_path / "requests-20260101T000000.000000-999999999.sqlite")


def overwrite_page(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(3 * 16384)
        file.write(b"\xa5" * 16384)


def cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])


def overwrite_all(path: Path) -> None:
    path.write_text("this is no database" * 100)


@pytest.mark.parametrize(("damage", "some"), [(overwrite_page, True), (overwrite_all, False)])
def test_what_can_be_read_is_kept(
    path: Path, damage: Callable[[Path], None], some: bool, tmp_path: Path
) -> None:
    damage(path)
    content = path.read_bytes()
    with pytest.raises(ServingError, match="request log"):
        list(database.read(path))
    [found] = repair.find(tmp_path)
    assert str(path) in found.problem
    outcome = found.apply(tmp_path / "aside")
    assert (tmp_path / "aside" / path.name).read_bytes() == content
    kept = [one for file in database.files(tmp_path) for _, one in database.read(file)]
    if some:
        assert f"{len(kept)} entries" in outcome and 100 < len(kept) < ENTRIES
        assert {one.id for one in kept} < {f"request-{number}" for number in range(ENTRIES)}
        assert all(one.request.startswith(b'{"x": "aaa') for one in kept)
    else:
        assert "No entry" in outcome and kept == []
    assert list(repair.find(tmp_path)) == []


def test_whole_files_and_those_that_are_written_are_left_alone(path: Path, tmp_path: Path) -> None:
    assert list(repair.find(tmp_path)) == []
    written = database.Database(tmp_path, "process")
    written.close()
    written.path.write_text("broken, and its process is this one")
    assert list(repair.find(tmp_path)) == []


def test_another_releases_format_is_whole(path: Path, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA user_version = 99")
    assert list(repair.find(tmp_path)) == []

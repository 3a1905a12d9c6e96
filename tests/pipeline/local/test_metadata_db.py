"""Every way in which `metadata.db` can be unusable is told by file, purpose and command."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ml_metadata.metadata_store import MetadataStore

from models.common.errors import RunError
from pipeline.local import baseline, metadata_db
from pipeline.local.metadata_db import Problem
from tests.pipeline.local.repair.history import History

HOLD = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN EXCLUSIVE")
print(flush=True)
sys.stdin.read()
"""


def with_version(path: Path, version: int) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE MLMDEnv SET schema_version = ?", (version,))


def overwrite(path: Path, start: int, count: int) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * count)


def cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def a_text(path: Path) -> None:
    path.write_text("hello" * 100)


def of_something_else(path: Path) -> None:
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE notes (text TEXT)")


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_broken_link(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent / "nowhere" / "at all")


FAULTS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "its header is overwritten": ("damaged", lambda path: overwrite(path, 0, 100)),
    "a page is overwritten": ("damaged", lambda path: overwrite(path, 3 * 4096, 4096)),
    "its schema is overwritten": ("damaged", lambda path: overwrite(path, 100, 3000)),
    "its end is cut off": ("damaged", cut),
    "it is a text": ("damaged", a_text),
    "it is a database of something else": ("damaged", of_something_else),
    "it is a folder": ("damaged", a_folder),
    "it is a broken link": ("damaged", a_broken_link),
    "it is of an earlier version": ("older", lambda path: with_version(path, 9)),
    "it is of a later version": ("newer", lambda path: with_version(path, 99)),
}


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = tmp_path_factory.mktemp("healthy")
    History(runs).judged(version="17")
    return runs


@pytest.fixture
def path(healthy: Path, tmp_path: Path) -> Path:
    shutil.copytree(healthy / "taxi", tmp_path / "taxi")
    return tmp_path / "taxi" / metadata_db.FILE


@contextlib.contextmanager
def locked(path: Path) -> Iterator[int]:
    """Another process has the database for itself."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdin
        process.stdout.readline()
        yield process.pid
        process.stdin.close()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_by_file_purpose_and_command(path: Path, fault: str) -> None:
    kind, inject = FAULTS[fault]
    inject(path)
    found = metadata_db.problem(path, 0.1)
    assert isinstance(found, Problem) and found.kind == kind
    with pytest.raises(RunError) as told:
        baseline.find("taxi", path.parents[1])
    assert "taxi/metadata.db is " in told.value.headline
    assert metadata_db.PURPOSE in told.value.detail
    assert "-m pipeline repair taxi" in told.value.remedy


def test_a_lock_is_told_with_the_process_that_has_it(path: Path) -> None:
    with locked(path) as process:
        with pytest.raises(RunError, match=r"metadata\.db is locked") as told:
            metadata_db.opened(path, patience=0.1)
        assert f"process {process} (" in told.value.detail
    metadata_db.opened(path)


def test_what_is_whole_new_or_empty_is_opened(path: Path, tmp_path: Path) -> None:
    assert len(metadata_db.opened(path).get_artifacts()) == 3
    path.write_bytes(b"")
    assert metadata_db.opened(path).get_artifacts() == []
    assert isinstance(metadata_db.problem(tmp_path / "new.db"), MetadataStore)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Error when executing query: database disk image is malformed query: SELECT", "damaged"),
        ("Error when executing query: database is locked query: SELECT", "locked"),
        ("Error when executing query: database or disk is full query: INSERT", "unusable"),
        ("attempt to write a readonly database", "unusable"),
        ("something else went wrong", None),
    ],
)
def test_errors_from_the_middle_of_a_node_are_of_the_file_too(
    message: str, kind: str | None
) -> None:
    error = RuntimeError(message)
    found = metadata_db.of_error(error)
    assert (found.kind if found else None) == kind
    told = metadata_db.explained(error, Path("runs/taxi/metadata.db"))
    assert isinstance(told, RunError) if kind else told is error


def test_errors_of_others_are_not_taken_for_the_files() -> None:
    assert metadata_db.of_error(ValueError("malformed")) is None

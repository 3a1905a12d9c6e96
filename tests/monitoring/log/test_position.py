"""How far a log has been read; test_windows.py has what follows from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from monitoring.log.database import DatabaseFile
from monitoring.log.parquet import ParquetFile
from monitoring.log.position import FilePosition, Position, open_file, places, streams
from monitoring.log.source import LogSource
from tests.monitoring.logged import entry

Write = Callable[..., Path]


def test_files_by_their_endings() -> None:
    assert isinstance(open_file(Path("a.parquet"), "trips"), ParquetFile)
    assert isinstance(open_file(Path("requests-1.sqlite"), "trips"), DatabaseFile)


def test_a_file_goes_on_if_it_is_the_same_one(write: Write) -> None:
    path = write(entry(0), entry(1), entry(2))
    log = LogSource(path.parent)
    for first, read, expected in (
        ("request-0", 2, 2), ("request-0", 9, 3), ("another", 2, 0), ("", 0, 0),
    ):  # fmt: skip
        before = Position(files={path.name: FilePosition(read=read, first=first)})
        (found,) = streams(log, "trips", before)
        assert (found.read, found.first, found.last) == (expected, "request-0", 3)


def test_an_exports_folders_of_other_models_are_not_opened(tmp_path: Path) -> None:
    for folder in ("other/1", "other/2"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.parquet").write_text("damaged")
    assert streams(LogSource(tmp_path), "trips", Position()) == []


def test_files_that_are_gone_are_remembered(write: Write) -> None:
    path = write(entry(0))
    found = streams(LogSource(path.parent), "trips", Position())
    before = {"requests-0.sqlite": FilePosition(read=7, first="x")}
    assert places(before, found, lambda one: 1) == {
        **before,
        path.name: FilePosition(read=1, first="request-0"),
    }

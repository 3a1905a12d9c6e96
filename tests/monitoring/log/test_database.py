"""SQLite files of the log."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from monitoring.core.errors import MonitoringError
from monitoring.log import database
from monitoring.log.bodies import Names
from monitoring.log.database import DatabaseFile
from tests.monitoring.logged import entry, refused

NAMES = Names(("fare", "company"), ("probability",))
Write = Callable[..., Path]


def test_chunks_go_on_where_the_last_one_ended(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_MOST_ENTRIES", 2)
    file = DatabaseFile(write(entry(0), entry(1, model="other"), entry(2), refused(3)), "trips")
    assert (file.first_id(), file.last()) == ("request-0", 4)
    assert [file.next_time(after) for after in (0, 1, 4)] == [1_000, 1_002, None]
    first = file.chunk(0, lambda version: NAMES)
    assert first is not None
    assert first.reads.tolist() == [1, 3]
    (rows,) = first.rows(np.array([0, 1]))
    assert rows.inputs == {"fare": [0.0, 2.0], "company": ["A", "A"]}
    assert rows.outputs == {"probability": [0.5, 0.5]}
    assert (rows.entries.tolist(), rows.numbers.tolist()) == ([0, 1], [0, 0])
    second = file.chunk(3, lambda version: NAMES)
    assert second is not None
    assert second.sizes.tolist() == [0]
    assert file.chunk(4, lambda version: NAMES) is None


def test_large_bodies_make_small_chunks(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_MOST_BYTES", 1_000)
    path = write(*(entry(number, rows=[{"company": "x" * 2_000}]) for number in range(3)))
    chunk = DatabaseFile(path, "trips").chunk(0, lambda version: NAMES)
    assert chunk is not None and len(chunk.times) == 1


def test_ids_come_alone_and_the_entries_of_some_numbers(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, most in (("_MOST_IDS", 3), ("_MOST_NAMED", 2), ("_MOST_ENTRIES", 3)):
        monkeypatch.setattr(database, name, most)
    others = [entry(number, model="other") for number in range(10, 13)]
    file = DatabaseFile(write(*others, *(entry(number) for number in range(10))), "trips")
    found = [(numbers.tolist(), ids) for numbers, ids in file.ids(0, 12)]
    assert [number for numbers, _ in found for number in numbers] == list(range(4, 13))
    assert [one for _, ids in found for one in ids] == [f"request-{n}" for n in range(9)]
    assert list(file.ids(12, 12)) == []
    wanted = np.array([4, 6, 7, 9, 11, 13])
    chunks = list(file.entries(wanted, lambda version: NAMES))
    assert [chunk.reads.tolist() for chunk in chunks] == [[4, 6, 7], [9, 11, 13]]
    assert chunks[1].ids() == ["request-5", "request-7", "request-9"]
    monkeypatch.setattr(database, "_MOST_BYTES", 1)
    assert [len(chunk.reads) for chunk in file.entries(wanted, lambda version: NAMES)] == [1] * 6


def test_reading_never_keeps_the_writer_from_merging_its_log(models: Path) -> None:
    from serving.request_log.database import Database

    writer = Database(models / ".request_log", "process")
    writer.add([entry(number) for number in range(3)])
    chunk = DatabaseFile(writer.path, "trips").chunk(0, lambda version: NAMES)
    assert chunk is not None
    with sqlite3.connect(writer.path) as connection:
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert busy == 0
    writer.add([entry(9)])
    writer.close()


def test_reading_a_closed_file_leaves_nothing_beside_it(write: Write) -> None:
    path = write(entry(0))
    DatabaseFile(path, "trips").chunk(0, lambda version: NAMES)
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_file_that_is_being_made_has_nothing_yet(tmp_path: Path) -> None:
    path = tmp_path / "requests-1.sqlite"
    path.touch()
    file = DatabaseFile(path, "trips")
    assert (file.first_id(), file.last(), file.next_time(0)) == ("", 0, None)
    assert file.chunk(0, lambda version: NAMES) is None


def test_a_file_that_is_gone_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        DatabaseFile(tmp_path / "requests-1.sqlite", "trips").last()


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "requests-1.sqlite"
    path.write_text("text" * 1_000)
    with pytest.raises(MonitoringError, match="cannot be read as a request log") as error:
        DatabaseFile(path, "trips").last()
    assert "repair" in error.value.remedy

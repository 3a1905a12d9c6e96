"""The log's files: what is added is read, and old ones go."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import Literal

import pytest

from serving.core.errors import ServingError
from serving.request_log import database
from serving.request_log.database import Database
from tests.helpers.log_entries import entry


@pytest.mark.parametrize("durability", ["process", "power"])
def test_what_is_added_is_read_while_the_file_is_open_and_later(
    tmp_path: Path, durability: Literal["process", "power"]
) -> None:
    file = Database(tmp_path / "log", durability)
    entries = [entry(number) for number in range(250)]
    file.add(entries[:3])
    assert [one for _, one in database.read(file.path)] == entries[:3]
    file.add(entries[3:])
    file.close()
    assert list(database.read(file.path)) == list(enumerate(entries, start=1))
    assert database.files(tmp_path / "log") == [file.path]
    assert file.size > sum(len(one.request) for one in entries)


def test_a_selection(tmp_path: Path) -> None:
    file = Database(tmp_path, "process")
    file.add([entry(n, time=float(n), model="ab"[n % 2]) for n in range(10)])
    file.close()

    def numbers(**selection: object) -> list[int]:
        return [number for number, _ in database.read(file.path, **selection)]  # type: ignore[arg-type]

    assert numbers(model="a") == [1, 3, 5, 7, 9]
    assert numbers(since=3, until=5) == [4, 5]
    assert numbers(after=2, upto=4) == [3, 4]
    assert numbers(model="c") == []


def test_what_is_no_unicode_is_stored_with_its_replacement(tmp_path: Path) -> None:
    file = Database(tmp_path, "process")
    file.add([entry(id="\ud800", request=b"\xff")])
    file.close()
    ((_, read),) = database.read(file.path)
    assert (read.id, read.request.decode()) == ("?", "\ufffd")


def test_all_entries_of_a_transaction_are_stored_or_none(tmp_path: Path) -> None:
    file = Database(tmp_path, "process")
    with pytest.raises(sqlite3.Error):
        file.add([entry(1), entry(2, status=None)])
    file.add([entry(3)])
    file.close()
    assert [one.id for _, one in database.read(file.path)] == ["request-3"]


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "requests-x.sqlite"
    path.write_text("no database" * 100)
    with pytest.raises(ServingError, match="cannot be read as a request log"):
        list(database.read(path))
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=9")
    with pytest.raises(ServingError, match="another format"):
        list(database.read(path))


def test_old_files_and_too_many_bytes_are_removed_but_for_the_current_one(tmp_path: Path) -> None:
    paths = []
    for number in range(4):
        path = tmp_path / f"requests-{number}.sqlite"
        path.write_bytes(b"x" * 1000)
        os.utime(path, (0, 0) if number < 2 else None)
        paths.append(path)
    assert database.remove_old(tmp_path, 1, 1, current=paths[0]) == [paths[1]]
    removed = database.remove_old(tmp_path, 1e6, 0.001, current=paths[0])
    assert removed == paths[2:] and database.files(tmp_path) == [paths[0]]


@pytest.mark.parametrize("step", [-400 * 86_400, 400 * 86_400])
def test_a_clock_that_was_set_removes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: float
) -> None:
    made = database.Database(tmp_path, "process")
    made.close()
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + step)
    assert database.remove_old(tmp_path, keep_days=30, keep_mb=1000, current=None) == []
    assert made.path.exists()

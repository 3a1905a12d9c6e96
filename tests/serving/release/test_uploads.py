"""The log's way out: each entry once, and no acknowledgement that the bucket does not back."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from serving.core.errors import Code, ServingError
from serving.release import uploads
from serving.release.store import Store
from serving.release.uploads import UploadedLog, Uploads
from serving.request_log import database, settings
from serving.request_log.log import RequestLog
from serving.request_log.settings import LogSettings
from tests.helpers.log_entries import entry


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "bucket"))


def ids(store: Store, to: Path) -> Counter[str]:
    uploads.fetch(store, to, to / ".request_log")
    found = database.files(to / ".request_log")
    return Counter(one.id for path in found for _, one in database.read(path))


def log_file(folder: Path, *numbers: int) -> database.Database:
    file = database.Database(folder, "process")
    file.add([entry(number) for number in numbers])
    return file


def test_entries_go_out_once_and_a_closed_file_goes(store: Store, tmp_path: Path) -> None:
    log = tmp_path / "log"
    file = log_file(log, 1, 2)
    up = Uploads(log, store)
    assert up.upload() and up.upload()
    file.add([entry(3)])
    assert up.upload() and len(store.names(".request_log")) == 2
    assert database.files(log) == [file.path], "it is still written to"
    file.close()
    assert up.upload() and database.files(log) == []
    assert ids(store, tmp_path / "here") == {f"request-{number}": 1 for number in (1, 2, 3)}


def test_an_interruption_anywhere_leaves_no_entry_out_and_none_twice(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was being written is written again under the same name, by the next process too."""
    log, write = tmp_path / "log", store.write
    file = log_file(log, 1, 2)
    failures = iter([True, False, True])

    def lose(name: str, content: bytes) -> None:
        fails = next(failures, None)
        if fails is not True:
            write(name, content)
        if fails is not None:
            raise ServingError(Code.UNAVAILABLE, "lost")

    monkeypatch.setattr(store, "write", lose)
    for number in (3, 4, 5):
        assert not Uploads(log, store).upload(), "before, or after, the bucket had it"
        file.add([entry(number)])
    assert Uploads(log, store).upload()
    file.close()
    assert ids(store, tmp_path / "here") == {f"request-{number}": 1 for number in range(1, 6)}


def test_a_file_that_gets_an_entry_while_it_is_uploaded_stays(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, write = tmp_path / "log", store.write
    file = log_file(log, 1)

    def meanwhile(name: str, content: bytes) -> None:
        write(name, content)
        if not file_closed:
            file.add([entry(2)])
            file.close()
            file_closed.append(True)

    file_closed: list[bool] = []
    monkeypatch.setattr(store, "write", meanwhile)
    up = Uploads(log, store)
    assert up.upload() and up.upload() and database.files(log) == []
    assert ids(store, tmp_path / "here") == {"request-1": 1, "request-2": 1}


def test_nothing_is_acknowledged_that_the_bucket_does_not_keep_up_with(
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(uploads, "SECONDS", 0.02)
    monkeypatch.setattr(uploads, "BOUND", 0.3)
    log = RequestLog(tmp_path / "log", LogSettings(wait_ms=1000))
    up = Uploads(tmp_path / "log", store)
    made, write = UploadedLog(log, up), store.write

    def fail(name: str, content: bytes) -> None:
        raise ServingError(Code.UNAVAILABLE, "the bucket is out of order")

    async def acknowledged(first: int, wanted: bool) -> list[int]:
        """Submits until the answer is as wanted; the numbers of those that were acknowledged."""
        kept = []
        for number in range(first, first + 200):
            if await made.submit(entry(number)):
                kept.append(number)
            if bool(kept and kept[-1] == number) is wanted:
                return kept
            await asyncio.sleep(0.02)
        raise AssertionError("it did not change")

    kept = asyncio.run(acknowledged(0, True))
    monkeypatch.setattr(store, "write", fail)
    kept += asyncio.run(acknowledged(1000, False))
    assert up.seconds_behind >= 0.3
    monkeypatch.setattr(store, "write", write)
    kept += asyncio.run(acknowledged(2000, True))
    made.close()
    assert not {f"request-{number}" for number in kept} - set(ids(store, tmp_path / "here"))
    told = capsys.readouterr().err
    assert told.count("request log not uploaded") == told.count("request log uploaded again") == 1


def test_the_copy_is_a_log_as_any_with_what_is_known_of_the_versions(
    store: Store, tmp_path: Path
) -> None:
    file = log_file(tmp_path / "log", 1)
    file.close()
    Uploads(tmp_path / "log", store).upload()
    for name in ("taxi/1.json", "taxi/1/saved_model.pb", "models.config", ".routing/1.json"):
        store.write(name, b"{}")
    here = tmp_path / "here"
    log_folder = settings.log_folder(here, settings.read(here))
    assert uploads.fetch(store, here, log_folder) == 1
    assert uploads.fetch(store, here, log_folder) == 0
    files = {p.relative_to(here).as_posix() for p in here.rglob("*") if p.is_file()}
    assert files == {"taxi/1.json", f".request_log/{database.files(log_folder)[0].name}"}


def test_a_disk_in_memory_is_not_filled() -> None:
    small = uploads.on_a_small_disk(LogSettings())
    assert (small.file_mb, small.keep_mb) == (32, 256)
    assert uploads.on_a_small_disk(LogSettings(file_mb=1, keep_mb=9)).keep_mb == 9

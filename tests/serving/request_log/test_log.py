"""The request log: acknowledged means stored, and whatever ails the log, answers do not wait."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from serving.core.errors import ServingError
from serving.request_log import database
from serving.request_log.log import RequestLog
from serving.request_log.settings import LogSettings, ModelSettings
from tests.helpers.log_entries import entry
from tests.helpers.paths import ROOT

HELPER = ROOT / "tests" / "helpers" / "log_entries.py"


@contextmanager
def opened(folder: Path, **settings: Any) -> Iterator[RequestLog]:
    log = RequestLog(folder, LogSettings(**({"wait_ms": 1000} | settings)))
    try:
        yield log
    finally:
        log.close()


def submit(log: RequestLog, *entries: Any) -> list[bool]:
    async def all_at_once() -> list[bool]:
        return await asyncio.gather(*(log.submit(one) for one in entries))

    return asyncio.run(all_at_once())


def stored(folder: Path) -> list[Any]:
    return [one for path in database.files(folder) for _, one in database.read(path)]


def test_what_is_acknowledged_can_be_read_at_once(tmp_path: Path) -> None:
    entries = [entry(number) for number in range(100)]
    with opened(tmp_path) as log:
        assert submit(log, *entries) == [True] * 100
        assert stored(tmp_path) == entries
        assert log.counts().stored == 100
    assert [path.suffix for path in tmp_path.iterdir()] == [".sqlite"], "closed files stand alone"
    assert stored(tmp_path) == entries


def test_more_than_a_statement_holds_is_one_commit(tmp_path: Path) -> None:
    file = database.Database(tmp_path, "process")
    file.add([entry(number) for number in range(250)])
    with pytest.raises(sqlite3.Error):
        file.add([*[entry(number) for number in range(150)], entry(status=None)])
    file.close()
    assert [one.id for _, one in database.read(file.path)] == [f"request-{n}" for n in range(250)]


def test_the_write_ahead_log_is_merged_while_the_file_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_MERGE_AFTER_BYTES", 50_000)
    file = database.Database(tmp_path, "process")
    numbers = iter(range(10_000))
    while file.path.stat().st_size < 1_000_000:
        file.add([entry(next(numbers), request=b"x" * 10_000) for _ in range(10)])
    kept = next(numbers)
    assert len(list(database.read(file.path))) == kept
    file.close()
    assert [path.suffix for path in tmp_path.iterdir()] == [".sqlite"]
    assert len(list(database.read(file.path))) == kept


def test_acknowledged_entries_survive_a_kill_under_load(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, str(HELPER), str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    told = [process.stdout.readline().strip() for _ in range(3000)]
    os.kill(process.pid, signal.SIGKILL)
    told += process.stdout.read().split()
    process.wait()
    assert process.returncode == -signal.SIGKILL
    assert len(database.files(tmp_path)) > 1, "files were changed under load"
    assert not set(told) - {one.id for one in stored(tmp_path)}


def test_a_full_queue_drops_and_counts(tmp_path: Path) -> None:
    with opened(tmp_path, queue=10) as log, locked(log, tmp_path):
        added = [log.add(entry(number)) for number in range(100)]
        assert added.count(False) == log.counts().queue_full > 0
    assert len(stored(tmp_path)) + log.counts().dropped == 102


def test_a_queue_of_large_bodies_is_bounded_too(tmp_path: Path) -> None:
    large = entry(request=b"x" * 600_000)
    with opened(tmp_path, queue_mb=1) as log, locked(log, tmp_path):
        assert [log.add(large) for _ in range(10)].count(False) >= 8


@contextmanager
def locked(log: RequestLog, folder: Path) -> Iterator[None]:
    """Another process holds the file's write lock."""
    log.add(entry(id="first"))
    while not log.counts().stored:
        time.sleep(0.001)
    with closing(sqlite3.connect(database.files(folder)[0], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        log.add(entry(id="stuck"))
        time.sleep(0.05)
        yield
        other.execute("ROLLBACK")


def test_a_locked_file_delays_no_answer_beyond_the_limit(tmp_path: Path) -> None:
    with opened(tmp_path, wait_ms=5) as log, locked(log, tmp_path):
        started = time.monotonic()
        assert submit(log, *(entry(number) for number in range(50))) == [False] * 50
        assert time.monotonic() - started < 0.5  # 5 ms, and a busy machine


def test_a_folder_that_cannot_be_written_drops_with_a_warning_and_recovers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.request_log.log._SECONDS_BEFORE_ANOTHER_TRY", 0.05)
    folder = tmp_path / "log"
    folder.write_text("not a folder")
    with opened(folder) as log:
        assert submit(log, entry(1), entry(2)) == [False, False]
        assert log.counts().failed == 2
        folder.unlink()
        time.sleep(0.06)
        assert submit(log, entry(3)) == [True]
    told = capsys.readouterr().err
    assert '"request log not written"' in told
    assert '"request log dropped", "entries": 2, "total": 2' in told
    assert [one.id for one in stored(folder)] == ["request-3"]


def test_a_full_disk_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    # A limit on the size of files stands for a disk that fills up.
    program = f"""
import asyncio, resource, sys
sys.path[:0] = [{str(ROOT)!r}]
from tests.helpers.log_entries import entry
from pathlib import Path
from serving.request_log.log import RequestLog
from serving.request_log.settings import LogSettings
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
async def main():
    log = RequestLog(Path({str(tmp_path)!r}), LogSettings(wait_ms=1000))
    told = [await log.submit(entry(n, request=b"x" * 20_000)) for n in range(40)]
    print(*[n for n, stored in enumerate(told) if stored])
    log.close()
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = {f"request-{number}" for number in done.stdout.split()}
    assert 0 < len(told) < 40
    assert told <= {one.id for one in stored(tmp_path)}


def test_a_share_is_sampled_by_id(tmp_path: Path) -> None:
    settings = {"models": {"rare": ModelSettings(sample=0)}, "sample": 0.3}
    with opened(tmp_path, **settings) as log:
        first = submit(log, *(entry(number) for number in range(1000)))
        assert submit(log, *(entry(number) for number in range(1000))) == first
        assert submit(log, entry(model="rare")) == [False]
        assert log.counts().left_out + log.counts().stored == 2001
        assert log.counts().dropped == 0
    assert 0.25 < first.count(True) / 1000 < 0.35


def test_named_features_are_not_stored(tmp_path: Path) -> None:
    models = {"taxi": ModelSettings(redact=("fare",))}
    with opened(tmp_path, redact=("company",), models=models) as log:
        submit(log, entry(), entry(model="other"))
    assert [one.request for one in stored(tmp_path)] == [
        b'{"instances":[{}]}',
        b'{"instances":[{"fare":0.0}]}',
    ]


def test_features_leave_the_answers_too(tmp_path: Path) -> None:
    answer = b'{"predictions":[{"fare":1.5,"y":0.5}]}'
    with opened(tmp_path, redact=("fare",)) as log:
        submit(log, entry(response=answer))
    assert [one.response for one in stored(tmp_path)] == [b'{"predictions":[{"y":0.5}]}']


def test_room_in_the_queue_comes_back(tmp_path: Path) -> None:
    large = entry(request=b"x" * 600_000)
    with opened(tmp_path, queue_mb=1) as log:
        assert [submit(log, large) for _ in range(5)] == [[True]] * 5


def test_a_closed_log_takes_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        pass
    assert not log.add(entry())
    assert log.counts().queue_full == 1


def test_each_day_has_a_file(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        submit(log, entry(1), entry(2))
        assert len(database.files(tmp_path)) == 1
        assert log._database is not None
        log._database.day -= timedelta(days=1)
        submit(log, entry(3))
    assert [one.id for one in stored(tmp_path)] == ["request-1", "request-2", "request-3"]
    assert len(database.files(tmp_path)) == 2


def test_a_locked_file_is_written_again_and_drops_are_told_now_and_then(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_LOCKED_SECONDS", 0.01)
    monkeypatch.setattr("serving.request_log.log._SECONDS_BEFORE_ANOTHER_TRY", 0.01)
    with opened(tmp_path) as log:
        with locked(log, tmp_path):
            for number in range(3):
                assert submit(log, entry(number)) == [False]
        time.sleep(0.02)
        assert submit(log, entry(9)) == [True]
    assert [one.id for one in stored(tmp_path)] == ["first", "request-9"]
    assert len(database.files(tmp_path)) == 1
    assert capsys.readouterr().err.count('"request log dropped"') == 1


def test_entries_are_added_together_or_not_at_all(tmp_path: Path) -> None:
    file = database.Database(tmp_path, "process")
    with pytest.raises(sqlite3.Error):
        file.add([entry(1), entry(2, id=None)])
    file.add([entry(3)])
    file.close()
    assert [one.id for one in stored(tmp_path)] == ["request-3"]


def test_a_file_of_another_release_is_told(tmp_path: Path) -> None:
    file = database.Database(tmp_path, "process")
    file.close()
    with closing(sqlite3.connect(file.path)) as other:
        other.execute("PRAGMA user_version=2")
    with pytest.raises(ServingError, match="another format"):
        stored(tmp_path)


def test_times_select_from_the_first_to_before_the_last(tmp_path: Path) -> None:
    file = database.Database(tmp_path, "process")
    file.add([entry(number, time=float(number)) for number in range(5)])
    file.close()
    found = [one.id for _, one in database.read(file.path, since=1, until=3)]
    assert found == ["request-1", "request-2"]
    assert [number for number, _ in database.read(file.path, after=1, upto=3)] == [2, 3]


def test_the_oldest_files_go_first_and_no_more_than_needed(tmp_path: Path) -> None:
    now = time.time()
    for age, name in enumerate(("c", "a", "b")):
        path = tmp_path / f"requests-{name}.sqlite"
        path.write_bytes(b"x" * 1000)
        os.utime(path, (now - 100 + age, now - 100 + age))
    oldest, newest = tmp_path / "requests-c.sqlite", tmp_path / "requests-b.sqlite"
    assert database.remove_old(tmp_path, 30, 0.0025, None) == [oldest]
    assert database.remove_old(tmp_path, 30, 1e-6, newest) == [tmp_path / "requests-a.sqlite"]
    assert database.files(tmp_path) == [newest], "the file that is written stays"


def test_old_files_are_removed_and_the_current_one_stays(tmp_path: Path) -> None:
    for name, days in (("old", 40), ("new", 1)):
        path = tmp_path / f"requests-{name}.sqlite"
        path.write_bytes(b"x" * 1000)
        written = time.time() - days * 86_400
        os.utime(path, (written, written))
    with opened(tmp_path) as log:
        submit(log, entry())
        assert len(database.files(tmp_path)) == 2
    assert database.remove_old(tmp_path, 30, 1e-6, None)
    assert database.files(tmp_path) == []


def test_text_that_is_not_unicode_hurts_no_other_entry(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        assert submit(log, entry(label="\ud800", request=b"\xff"), entry(1)) == [True, True]
    assert len(stored(tmp_path)) == 2


def test_a_file_of_something_else_is_told_in_words(tmp_path: Path) -> None:
    path = tmp_path / "requests-x.sqlite"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(Exception, match="cannot be read as a request log"):
        list(database.read(path))


def _move(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))


def _replace(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "other").touch()


def _file_to_folder(folder: Path) -> None:
    [path] = database.files(folder)
    path.unlink()
    path.mkdir()


def _rotate(folder: Path) -> None:
    """Another release's server, which knows of no locks, takes the file away."""
    for path in list(folder.iterdir()):
        path.unlink()


FAULTS: dict[str, Callable[[Path], object]] = {
    "rm file": lambda folder: database.files(folder)[0].unlink(),
    "rm all files": _rotate,
    "rm -r folder": shutil.rmtree,
    "mv folder": _move,
    "mv file": lambda folder: database.files(folder)[0].rename(folder / "kept.sqlite"),
    "folder replaced": _replace,
    "file replaced by a folder": _file_to_folder,
    "rm write-ahead log": lambda folder: next(folder.glob("*-wal")).unlink(),
    "rm index": lambda folder: next(folder.glob("*-shm")).unlink(),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_acknowledged_is_there_though_the_file_was_taken_away(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    folder = tmp_path / "log"
    with opened(folder) as log:
        assert submit(log, *(entry(number) for number in range(50))) == [True] * 50
        FAULTS[fault](folder)
        assert submit(log, *(entry(number) for number in range(50, 90))) == [True] * 40
        for rescue in log._rescues:
            rescue.join()
        assert {f"request-{n}" for n in range(50, 90)} <= {one.id for one in stored(folder)}
    places = [path for path in tmp_path.rglob("*.sqlite") if path.is_file()]
    found = [one.id for path in places for _, one in database.read(path)]
    assert sorted(found) == sorted(f"request-{n}" for n in range(90)), "each once, none lost"
    assert '"request log file gone"' in capsys.readouterr().err
    moved = fault.startswith("mv") or fault in ("rm write-ahead log", "rm index")
    assert (log.counts().stored, log.counts().failed, log.counts().lost) == (90, 0, 0)
    assert log.counts().restored == (0 if moved else 50)


def test_a_folder_that_cannot_come_back_is_no_acknowledgement(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.request_log.log._SECONDS_BEFORE_ANOTHER_TRY", 0.01)
    folder = tmp_path / "log"
    with opened(folder) as log:
        assert submit(log, entry(1)) == [True]
        shutil.rmtree(folder)
        folder.touch()
        assert submit(log, entry(2)) == [False]
        folder.unlink()
        time.sleep(0.02)
        assert submit(log, entry(3)) == [True]
    assert {one.id for one in stored(folder)} == {"request-1", "request-3"}
    assert (log.counts().failed, log.counts().restored) == (1, 1)


def test_entries_that_cannot_be_brought_back_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "log"
    with opened(folder) as log:
        submit(log, entry(1), entry(2))
        shutil.rmtree(folder)
        folder.touch()
        submit(log, entry(3))
    assert (log.counts().lost, log.counts().failed) == (2, 1)
    assert '"request log file lost"' in capsys.readouterr().err


def test_one_server_removes_no_file_that_another_writes(tmp_path: Path) -> None:
    program = f"""
import sys
sys.path[:0] = [{str(ROOT)!r}]
from pathlib import Path
from serving.request_log import database
file = database.Database(Path({str(tmp_path)!r}), "process")
print(file.path.name, flush=True)
input()
"""
    other = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    path = tmp_path / other.stdout.readline().strip()
    os.utime(path, (0, 0))
    own = database.Database(tmp_path, "process")
    assert database.remove_old(tmp_path, 1e-9, 1e-9, None) == []
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    assert database.remove_old(tmp_path, 1e-9, 1e-9, None) == [path], "its writer is gone"
    own.close()
    assert database.remove_old(tmp_path, 1e-9, 1e-9, None) == [own.path]


def test_its_owner_alone_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "log"
    with opened(folder) as log:
        submit(log, entry())
        modes = {path.suffix: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert modes == {".sqlite": 0o600, ".sqlite-wal": 0o600, ".sqlite-shm": 0o600}

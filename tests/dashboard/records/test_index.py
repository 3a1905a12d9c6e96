from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard.records.index import RunIndex
from dashboard.records.runs import read
from tests.dashboard import sample_runs


def status_of(folder: Path) -> str:
    return read(folder).status


@pytest.mark.parametrize("status", sample_runs.STATUSES)
def test_a_run_of_each_status_is_listed_as_such(status: str, runs: Path) -> None:
    folder = sample_runs.make_run(runs, status=status)
    index = RunIndex(runs)
    index.scan()
    [run] = index.snapshot().runs
    assert (run.id, run.status, run.problem) == (folder.name, status, "")


def test_runs_come_newest_first(runs: Path) -> None:
    for number in (2, 0, 1):
        sample_runs.make_run(runs, number)
    index = RunIndex(runs)
    index.scan()
    started = [run.started for run in index.snapshot().runs]
    assert started == sorted(started, key=lambda at: at or 0, reverse=True)


def test_a_scan_sees_what_came_what_changed_and_what_went(runs: Path) -> None:
    index = RunIndex(runs)
    index.scan()
    assert index.snapshot().complete
    assert index.snapshot().runs == ()
    folder = sample_runs.make_run(runs, status="running")
    index.scan()
    assert index.snapshot().runs[0].status == "running"
    before = index.snapshot().generation
    index.scan()
    assert index.snapshot().generation == before
    change(folder, status="pushed", process=None)
    index.scan()
    assert index.snapshot().runs[0].status == "pushed"
    (folder / "notes.json").write_text('{"tags": ["a"], "note": ""}')
    index.scan()
    assert index.snapshot().runs[0].tags == ("a",)
    (folder / "run.json").unlink()
    index.scan()
    assert index.snapshot().runs == ()


def test_a_record_that_did_not_change_is_not_read_again(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample_runs.make_run(runs)
    index = RunIndex(runs)
    index.scan()
    monkeypatch.setattr("dashboard.records.runs.read", lambda folder: pytest.fail(f"read {folder}"))
    index.scan()


def test_a_run_dies_with_its_process(runs: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        folder = sample_runs.make_run(runs, status="running", process=process.pid)
        index = RunIndex(runs)
        index.scan()
        assert index.snapshot().runs[0].status == "running"
        process.kill()
        process.wait()
        index.scan()
        assert index.snapshot().runs[0].status == "died"
        found = index.find(folder.name)
        assert found is not None and found[0] == index.snapshot().runs[0]


def test_another_process_of_the_same_number_is_not_the_run(runs: Path) -> None:
    folder = sample_runs.make_run(runs, status="running", process=os.getpid())
    long_ago = time.time() - 10 * 365 * 86400
    os.utime(folder / "run.json", (long_ago, long_ago))
    assert status_of(folder) == "died"


@pytest.mark.parametrize("process", [-1, 0, 1.5, "1", True, 2**70, None])
def test_an_odd_process_is_not_alive(process: object, runs: Path) -> None:
    assert status_of(sample_runs.make_run(runs, status="running", process=process)) == "died"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/etc", "none", "a\0b", "\udcff"])
def test_no_other_folder_is_found(name: str, runs: Path) -> None:
    (runs.parent / "run.json").write_text("{}")
    assert RunIndex(runs).find(name) is None


def test_other_folders_are_not_runs(runs: Path) -> None:
    (runs / "taxi/ExampleGen/1").mkdir(parents=True)
    (runs / "metadata.db").write_bytes(b"")
    (runs / "odd/run.json").mkdir(parents=True)
    Path(os.fsdecode(bytes(runs) + b"/\xff")).mkdir()
    index = RunIndex(runs)
    index.scan()
    assert index.snapshot().runs == ()


def test_a_folder_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    index = RunIndex(tmp_path / "runs")
    index.scan()
    assert index.snapshot().complete
    sample_runs.make_run(tmp_path / "runs")
    index.scan()
    assert len(index.snapshot().runs) == 1


def test_the_thread_follows_while_somebody_asks(runs: Path) -> None:
    index = RunIndex(runs)
    index.start()
    try:
        sample_runs.make_run(runs)
        give_up = time.monotonic() + 20
        while not index.snapshot().runs and time.monotonic() < give_up:
            time.sleep(0.02)
        assert index.snapshot().runs
    finally:
        index.stop()


def test_the_first_who_asks_after_a_pause_gets_a_fresh_list(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.records.index._SECONDS_BETWEEN", 0.02)
    monkeypatch.setattr("dashboard.records.index._PATIENCE", 20)
    index = RunIndex(runs)
    index.start()
    try:
        while not index.snapshot().complete:
            time.sleep(0.01)
        time.sleep(0.3)
        sample_runs.make_run(runs)
        assert len(index.snapshot().runs) == 1
    finally:
        index.stop()


@pytest.mark.timeout(20)
def test_a_strange_folder_hides_itself_alone(runs: Path) -> None:
    ours = sample_runs.make_run(runs)
    (runs / "loop").symlink_to(runs / "loop")
    (runs / "nowhere").symlink_to(runs / "gone")
    (runs / "up").symlink_to(runs)
    (runs / "file").write_text("")
    for name, make in STRANGE_RECORDS.items():
        (runs / name).mkdir()
        make(runs / name / "run.json")
    (runs / os.fsdecode(b"\xff-20261121-093000-4f2a")).mkdir()
    index = RunIndex(runs)
    index.scan()
    assert [run.id for run in index.snapshot().runs if run.status != "unreadable"] == [ours.name]
    for name in (*STRANGE_RECORDS, "loop", "nowhere", "up", "file"):
        found = index.find(name)
        assert found is None or found[0].status == "unreadable", name


STRANGE_RECORDS: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "folder": Path.mkdir,
    "zero": lambda path: path.symlink_to("/dev/zero"),
    "circle": lambda path: path.symlink_to(path),
    "empty": Path.touch,
    "nested": lambda path: path.write_text("[" * 100_000),
}


def change(folder: Path, **changes: object) -> None:
    path = folder / "run.json"
    partial = path.with_suffix(".new")
    partial.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    partial.replace(path)


def test_runs_are_in_the_order_of_their_numbers_whatever_the_clock_said(runs: Path) -> None:
    folders = [sample_runs.make_run(runs, number) for number in range(4)]
    numbers: list[object] = [2, 3, 1, "4"]  # What is no number comes last.
    for folder, number in zip(folders, numbers, strict=True):
        record = json.loads((folder / "run.json").read_text())
        (folder / "run.json").write_text(json.dumps({**record, "number": number}))
    index = RunIndex(runs)
    index.scan()
    expected = [folders[place].name for place in (1, 0, 2, 3)]
    assert [run.id for run in index.snapshot().runs] == expected

"""A process that outlives whoever started it, and its end, read from files."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from monitoring.core.errors import MonitoringError
from monitoring.loop import retraining
from monitoring.loop.retraining import Retraining, highest_run, outcome


def ended(job: Retraining) -> int | None:
    end = time.monotonic() + 10
    while job.running():
        assert time.monotonic() < end
        time.sleep(0.01)
    return job.status()


@pytest.mark.parametrize(
    ("commands", "status", "log"),
    [
        ([["true"]], 0, ""),
        ([["sh", "-c", "echo out; echo err >&2; exit 3"]], 3, "out\nerr\n"),
        ([["echo", "a b"], ["echo", "c;d 'e'"]], 0, "a b\nc;d 'e'\n"),
        ([["false"], ["echo", "no"]], 1, ""),
        ([["sh", "-c", "kill -9 $$"]], 137, ""),
        ([["cat"]], 0, ""),
    ],
)
def test_its_end_is_in_files(
    tmp_path: Path, commands: list[list[str]], status: int, log: str
) -> None:
    job = Retraining(tmp_path / "new folder's", "a")
    assert not job.begun() and not job.running() and job.status() is None
    job.start(commands)
    assert job.begun()
    assert ended(job) == status
    found = Retraining(tmp_path / "new folder's", "a")
    assert found.begun() and not found.running() and found.status() == status
    assert found.log.read_text().replace("Killed\n", "") == log


def test_whoever_comes_later_sees_whether_it_goes_on_or_was_killed(tmp_path: Path) -> None:
    started = Retraining(tmp_path, "a")
    started.start([["sleep", "30"]])
    found = Retraining(tmp_path, "a")
    while not found.log.exists():
        time.sleep(0.01)
    assert found.running() and found.status() is None
    assert started._process
    os.killpg(started._process.pid, signal.SIGKILL)
    assert ended(found) is None and found.begun()


def test_what_it_leaves_behind_does_not_count_as_going_on(tmp_path: Path) -> None:
    job = Retraining(tmp_path, "a")
    job.start([["sh", "-c", "sleep 30 & echo $!"]])
    assert ended(job) == 0
    os.kill(int(job.log.read_text()), signal.SIGTERM)


def test_it_is_in_a_group_of_its_own_which_a_terminal_does_not_end(tmp_path: Path) -> None:
    job = Retraining(tmp_path, "a")
    job.start([["sleep", "30"]])
    assert job._process
    assert os.getpgid(job._process.pid) != os.getpgid(0)
    os.killpg(job._process.pid, signal.SIGKILL)


def test_old_output_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retraining, "KEPT", 3)
    for number in range(6):
        job = Retraining(tmp_path, str(number))
        job.start([["true"]])
        ended(job)
    assert sorted(path.name for path in tmp_path.glob("*.log")) == [
        "2.log", "3.log", "4.log", "5.log"
    ]  # fmt: skip


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(MonitoringError, match="cannot be started"):
        Retraining(tmp_path / "taken", "a").start([["true"]])


def write(runs: Path, **record: Any) -> None:
    folder = runs / str(record.get("id"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(json.dumps(record))


PUSHED = {"id": "r5", "number": 5, "model": "taxi", "status": "pushed", "pushed_version": 4}


@pytest.mark.parametrize(
    ("status", "record", "expected", "version"),
    [
        (0, PUSHED, "pushed", 4),
        (None, PUSHED, "pushed", 4),  # Killed at its very end.
        (1, PUSHED, "pushed", 4),
        (0, {**PUSHED, "pushed_version": 3}, "nothing new", 3),
        (0, {**PUSHED, "number": 4}, "failed", None),  # An earlier run.
        (0, {**PUSHED, "model": "other"}, "failed", None),
        (0, {**PUSHED, "pushed_version": None}, "failed", None),
        (3, {**PUSHED, "status": "not_blessed"}, "not blessed", None),
        (2, {}, "mistake", None),
        (None, {}, "killed", None),
        (130, {}, "failed", None),
    ],
)
def test_the_runs_record_says_how_it_ended(
    tmp_path: Path, status: int | None, record: dict[str, Any], expected: str, version: int | None
) -> None:
    write(tmp_path, **{**PUSHED, "id": "r3", "number": 3, "pushed_version": 3})
    if record:
        write(tmp_path, **record)
    found = outcome(status, tmp_path, "taxi", 4, 3, Path("the.log"))
    assert (found.outcome, found.version) == (expected, version)


def test_what_missed_its_bound_is_told(tmp_path: Path) -> None:
    refusal = {"metric": "AUC", "slice": "overall", "value": 0.8, "bound": "at least 0.9"}
    write(tmp_path, **{**PUSHED, "status": "not_blessed", "refusals": [refusal, {"odd": 1}, 3]})
    found = outcome(3, tmp_path, "taxi", 4, 3, Path("the.log"))
    assert "AUC of overall is 0.8, bound at least 0.9" in found.text and "the.log" in found.text


def test_what_is_anomalous_is_told(tmp_path: Path) -> None:
    found = [
        {"feature": "hour", "severity": "warning", "headline": "odd"},
        {"feature": "payment", "severity": "error", "headline": "Unexpected string values"},
    ]
    write(tmp_path, **{**PUSHED, "status": "stopped", "anomalies": found})
    text = outcome(4, tmp_path, "taxi", 4, 3, Path("the.log")).text
    assert "payment: Unexpected string values" in text and "odd" not in text


@pytest.mark.parametrize("content", ["", "[]", "{", '{"model": "taxi"}', '{"number": "9"}', "\0"])
def test_records_that_cannot_be_read_are_passed_over(tmp_path: Path, content: str) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "run.json").write_text(content)
    write(tmp_path, **PUSHED)
    assert highest_run(tmp_path) == 5
    assert outcome(0, tmp_path, "taxi", 4, 3, Path("the.log")).version == 4
    assert highest_run(tmp_path / "none") == 0

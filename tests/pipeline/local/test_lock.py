"""One run of a model at a time; the lock goes with its process, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from models.common.errors import RunError
from pipeline.local import lock
from pipeline.record import run_record
from pipeline.record.run_record import RunRecord
from tests.pipeline.fake_run import queued

OTHER = "taxi-20260102-030406-0000"


def refused(record: RunRecord, runs: Path) -> RunError:
    with pytest.raises(RunError, match="Another run of 'taxi' is going") as caught:
        lock.held(record, runs).__enter__()
    return caught.value


def test_a_second_run_is_told_of_the_first(tmp_path: Path) -> None:
    first = queued()
    first.process = 4711
    run_record.write(first, tmp_path)
    with lock.held(first, tmp_path):
        error = refused(queued(OTHER), tmp_path)
    assert error.headline.endswith(first.id)
    assert "process 4711" in error.detail and "kill -INT 4711" in error.remedy
    assert f"show {first.id}" in error.remedy


def test_a_first_run_without_a_record_has_only_just_started(tmp_path: Path) -> None:
    with lock.held(queued(), tmp_path):
        assert "only just started" in refused(queued(OTHER), tmp_path).detail


def test_the_next_run_takes_the_lock_and_is_named(tmp_path: Path) -> None:
    for run_id in (f"{OTHER}-with-a-longer-name", OTHER):
        with lock.held(queued(run_id), tmp_path):
            assert (tmp_path / "taxi.lock").read_text() == run_id


def test_models_do_not_wait_for_each_other(tmp_path: Path) -> None:
    other = queued()
    other.model = "other"
    with lock.held(queued(), tmp_path), lock.held(other, tmp_path):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {"taxi.lock", "other.lock"}


def test_a_process_that_got_the_file_keeps_the_lock_until_it_is_killed(tmp_path: Path) -> None:
    with lock.held(queued(), tmp_path) as file:
        child = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[file.fileno()]
        )
    refused(queued(OTHER), tmp_path)
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    with lock.held(queued(OTHER), tmp_path):
        pass


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot be written"):
        lock.held(queued(), tmp_path / "file").__enter__()


def test_a_lock_that_outlives_its_run_is_told_with_who_has_it(tmp_path: Path) -> None:
    record = queued()
    with lock.held(record, tmp_path) as file:
        command = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]
        left = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[file.fileno()]
        )
        assert left.stdout
        left.stdout.readline()
    record.finish("failed")
    run_record.write(record, tmp_path)
    with pytest.raises(RunError, match="still locked by what the run") as caught:
        lock.held(queued(), tmp_path).__enter__()
    left.communicate()
    assert f"process {left.pid} (" in caught.value.detail
    with lock.held(queued(), tmp_path):
        pass

"""Whether a run that its record calls running still goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.record import liveness, process, run_folder, run_record
from pipeline.record.run_record import Cloud
from tests.pipeline.fake_run import finished, queued


def status(runs: Path, process: int | None) -> str:
    record = queued()
    record.process = process
    run_record.write(record, runs)
    return liveness.status(record, runs)


@pytest.mark.parametrize("story", ["pushed", "stopped", "failed", "interrupted"])
def test_a_run_that_ended_needs_no_process(tmp_path: Path, story: str) -> None:
    assert liveness.status(finished(story), tmp_path) == story


def test_a_run_whose_process_is_there_is_running(tmp_path: Path) -> None:
    assert status(tmp_path, os.getpid()) == "running"


def test_a_run_without_a_process_has_died(tmp_path: Path) -> None:
    assert status(tmp_path, None) == "died"


def test_a_process_that_ended_is_gone_even_if_nobody_waited_for_it(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as ended:
        assert ended.stdout is not None
        ended.stdout.read()  # Until it ends.
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        assert status(tmp_path, ended.pid) == "died"
    assert status(tmp_path, ended.pid) == "died"


def test_a_process_that_is_younger_than_the_record_is_another(tmp_path: Path) -> None:
    record = queued()
    record.process = os.getpid()
    run_record.write(record, tmp_path)
    before = (run_record.now() - timedelta(days=30)).timestamp()
    os.utime(run_folder.path(record.id, tmp_path) / run_folder.RECORD, (before, before))
    assert liveness.status(record, tmp_path) == "died"


def test_without_proc_the_number_alone_counts() -> None:
    assert process.answers(os.getpid())
    assert not process.answers(2**22 + 1)


def test_a_process_is_known_by_its_start_whatever_the_clock_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = queued()
    record.take_over()
    run_record.write(record, tmp_path)
    for years in (-30, 30):  # The clock was set meanwhile, so that the file is of another time.
        at = (run_record.now() + timedelta(days=365 * years)).timestamp()
        os.utime(run_folder.path(record.id, tmp_path) / run_folder.RECORD, (at, at))
        assert liveness.status(record, tmp_path) == "running"


@pytest.mark.parametrize("other", ["{boot}/1", "00000000-0000/{ticks}", "", "nonsense"])
def test_a_process_with_another_start_is_another(tmp_path: Path, other: str) -> None:
    record = queued()
    record.take_over()
    boot, _, ticks = str(record.process_start).partition("/")
    record.process_start = other.format(boot=boot, ticks=ticks)
    run_record.write(record, tmp_path)
    assert liveness.status(record, tmp_path) == "died"


@pytest.mark.parametrize(
    ("minutes", "silence", "expected"),
    [(5, 10, "running"), (15, 10, "died"), (15, None, "running")],
)
def test_a_run_in_the_cloud_goes_on_until_it_is_silent_for_too_long(
    minutes: int, silence: float | None, expected: str, tmp_path: Path
) -> None:
    record = queued()
    seen = run_record.now() - timedelta(minutes=minutes)
    record.cloud = Cloud(platform="vertex", seen=seen, silence_minutes=silence)
    assert liveness.status(record, tmp_path) == expected

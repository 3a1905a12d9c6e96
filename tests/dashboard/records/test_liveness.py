"""Whether a run's process is still there, and is not another of the same number."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dashboard.records.liveness import alive, alive_in_cloud


def test_the_process_that_wrote_the_record_is_alive() -> None:
    assert alive(os.getpid(), time.time())


def test_a_process_that_started_after_the_record_is_another() -> None:
    assert not alive(os.getpid(), 1_000_000_000.0)


def test_a_process_that_ended_is_not_alive_while_its_parent_has_not_asked() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.DEVNULL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not alive(process.pid, time.time() + 10)
    process.wait()
    assert not alive(process.pid, time.time() + 10)


@pytest.mark.parametrize("process", [None, 0, -1, 2**22 + 1, 2**31, 10**30])
def test_a_number_that_no_process_has(process: int | None) -> None:
    assert not alive(process, time.time())


def start_of(process: int) -> str:
    """As `run.json` has it."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}/{Path(f'/proc/{process}/stat').read_text().rpartition(')')[2].split()[19]}"


@pytest.mark.parametrize("written", [0.0, 1e9, 4e9])
def test_a_process_is_known_by_its_start_whenever_the_record_was_written(written: float) -> None:
    assert alive(os.getpid(), written, start_of(os.getpid()))
    assert not alive(os.getpid(), written, start_of(1))
    assert not alive(os.getpid(), written, "nonsense")
    assert not alive(2**22 + 1, written, "nonsense")


@pytest.mark.parametrize(
    ("ago", "silence", "goes_on"), [(60, 2, True), (180, 2, False), (10**9, None, True)]
)
def test_in_the_cloud_it_goes_on_until_it_is_silent_for_too_long(
    ago: float, silence: float | None, goes_on: bool
) -> None:
    assert alive_in_cloud(time.time() - ago, silence) is goes_on

"""What processes take of the machine, by real processes that compute and hold memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from pipeline.record import machine_use
from pipeline.tracking import machine_sampler
from pipeline.tracking.machine_sampler import MachineSampler
from pipeline.tracking.nvml import Nvml

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")

# One process that holds memory, and one that it has started, which computes.
_BUSY = """
import subprocess, sys
held = bytearray(64 * 2**20)
subprocess.Popen([sys.executable, "-c", "print('on', flush=True)\\nwhile True: pass"])
input()
"""


@pytest.fixture
def leader() -> Iterator[int]:
    """A run's process, with a session of its own as the launcher gives it."""
    process = subprocess.Popen(
        [sys.executable, "-c", _BUSY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None and process.stdin is not None
    process.stdout.readline()
    yield process.pid
    os.killpg(process.pid, 9)
    process.wait()
    process.stdin.close()
    process.stdout.close()


def test_the_run_is_all_processes_of_its_session(leader: int) -> None:
    sampler = MachineSampler("run")
    began = time.monotonic()
    assert not sampler.sample(leader)
    time.sleep(0.5)
    assert not sampler.sample(leader), "it is not time for another one"
    passed = time.monotonic() - began
    assert sampler.sample(leader, time.monotonic() + 10)
    use = sampler.use
    # As many processors as that time says: it was told that ten seconds more have passed.
    assert 0.02 * passed / (10 + passed) < use.cpu[0] <= 1.5 * passed / (10 + passed)
    assert 64 * 2**20 < use.memory[0] < use.machine_memory[0] < use.memory_total
    assert use.machine_cpu[0] > 0 and use.processors >= 1 and use.gpus == []
    points = {path: [(step, value)] for path, [(step, value)] in sampler.latest().items()}
    assert points["monitoring/cpu"] == [(use.seconds[0], use.cpu[0])]
    assert set(points) == {
        f"monitoring/{name}" for name in ("cpu", "memory", "machine_cpu", "machine_memory")
    }


def test_what_a_copy_shares_with_its_original_counts_once() -> None:
    program = "import os\nheld = bytearray(256 * 2**20)\nos.fork()\nprint(1, flush=True)\ninput()"
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.readline()
        sampler = MachineSampler("run")
        assert sampler.sample(process.pid, time.monotonic() + 10) or sampler.sample(
            process.pid, time.monotonic() + 20
        )
        os.killpg(process.pid, 9)
    assert 256 * 2**20 < sampler.use.memory[0] < 400 * 2**20


def test_a_process_that_leads_no_session_is_counted_alone() -> None:
    sampler = MachineSampler("run")
    assert sampler._processes(os.getpid()) == [os.getpid()] or os.getsid(0) == os.getpid()


def test_a_process_that_is_gone_gives_no_sample() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    sampler = MachineSampler("run")
    assert not sampler.sample(process.pid, 1) and not sampler.sample(process.pid, 100)
    assert sampler.use.seconds == []


def test_samples_are_bounded_and_their_distance_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MachineSampler, "_of_run", lambda *_: ({1: 0.0}, 5))
    sampler = MachineSampler("run")
    for second in range(5_000):
        sampler.sample(1, 1.0 + second)
    use = sampler.use
    lists: list[list[Any]] = [use.seconds, use.cpu, use.memory, use.machine_cpu, use.machine_memory]
    assert len({len(one) for one in lists}) == 1
    assert machine_sampler.MOST / 2 <= len(use.seconds) <= machine_sampler.MOST
    assert use.seconds[-1] > 4_900 and use.seconds == sorted(use.seconds)
    assert len({round(b - a, 3) for a, b in zip(use.seconds[1:-1], use.seconds[2:-1])}) <= 2  # noqa: B905


def test_gpus_are_part_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Two:
        def __init__(self) -> None:
            self.found = [("A", 8), ("B", 9)]

        def use(self) -> list[Any]:
            return [(0.5, 3), (None, None)]

    monkeypatch.setattr(MachineSampler, "_of_run", lambda *_: ({1: 0.0}, 5))
    sampler = MachineSampler("run", cast("Nvml", Two()))
    for second in (1, 10, 20):
        sampler.sample(1, second)
    assert [(gpu.name, gpu.busy, gpu.memory) for gpu in sampler.use.gpus] == [
        ("A", [0.5, 0.5], [3, 3]),
        ("B", [None, None], [None, None]),
    ]
    latest = sampler.latest()
    assert latest["monitoring/gpu/0/busy"] == [(19.0, 0.5)]
    assert latest["monitoring/gpu/1/memory"] == [(19.0, None)]
    machine_use.write(sampler.use, tmp_path)
    assert machine_use.read("run", tmp_path) == sampler.use


def test_a_sample_takes_little(leader: int) -> None:
    sampler = MachineSampler("run")
    sampler.sample(leader, 1)
    began = time.process_time()
    for number in range(1, 21):  # As many as a minute has.
        sampler.sample(leader, 1 + 3 * number)
    assert len(sampler.use.seconds) == 20
    # 0.03 s among 170 processes. Each sample looks at all of them once, at the names of them alone
    # after that; a machine of the tests may have many more.
    assert time.process_time() - began < 0.1 + 20 * 1e-4 * len(list(Path("/proc").glob("[0-9]*")))

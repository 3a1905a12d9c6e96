"""Samples what a run takes of its machine, from the process beside it: by `/proc`, and by NVML."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from pipeline.record import process
from pipeline.record.machine_use import GpuUse, MachineUse
from pipeline.tracking.nvml import Nvml

MOST = 300
"""Samples; of more every second is kept, and the time between two doubles."""
_EVERY = 3.0
"""Seconds between two samples at first."""
_FORGET_AFTER = 30
"""Samples after which processes that are not the run's are looked at anew: the system gives their
numbers out again."""
_STATE, _SESSION, _USER, _SYSTEM = 0, 3, 11, 12
"""Places in what `process.stat` returns; proc(5)."""

_T = TypeVar("_T")


class MachineSampler:
    """Takes samples of the run's processes and of the whole machine.

    The run's processes are those of its process's session, which the launcher gives it. Where it
    was started otherwise, its process alone is.

    Args:
        run: The run's id.
        gpus: Gives the GPUs' use; None: there are none.
    """

    def __init__(self, run: str, gpus: Nvml | None = None) -> None:
        self._ticks = os.sysconf("SC_CLK_TCK")
        self._page = os.sysconf("SC_PAGE_SIZE")
        self._gpus = gpus
        self._every = _EVERY
        self._began = self._sampled = 0.0
        self._busy = 0.0
        self._spent: dict[int, float] = {}
        self._others: set[int] = set()
        self.use = MachineUse(
            run=run,
            processors=os.cpu_count() or 1,
            memory_total=_memory()[0],
            gpus=[GpuUse(name=name, memory_total=most) for name, most in gpus.found]
            if gpus
            else [],
        )
        """All samples so far."""

    def sample(self, leader: int, now: float | None = None) -> bool:
        """Takes a sample, if it is time for one.

        Args:
            leader: The number of the run's process.
            now: Seconds, by default those of the system's clock that runs evenly.

        Returns:
            Whether there is a new one. The first call only begins to count.
        """
        now = time.monotonic() if now is None else now
        if self._sampled and now - self._sampled < self._every:
            return False
        spent, memory = self._of_run(leader)
        busy = _busy(self._ticks)
        before, self._spent = self._spent, spent
        first, passed = not self._sampled, now - self._sampled
        gone, self._busy, self._sampled = self._busy, busy, now
        if first or not spent:
            self._began = self._began or now
            return False
        cpu = sum(max(used - before.get(number, 0.0), 0.0) for number, used in spent.items())
        use = self.use
        use.seconds.append(round(now - self._began, 1))
        use.cpu.append(round(cpu / passed, 3))
        use.memory.append(memory)
        use.machine_cpu.append(round(max(busy - gone, 0.0) / passed, 3))
        use.machine_memory.append(_memory()[1])
        if self._gpus:
            for gpu, (share, used) in zip(use.gpus, self._gpus.use(), strict=True):
                gpu.busy.append(share)
                gpu.memory.append(used)
        if len(use.seconds) > MOST:
            self._thin()
        return True

    def latest(self) -> Mapping[str, Sequence[tuple[float, float | None]]]:
        """The last sample as points of Neptune's series, by path."""
        use = self.use
        values: dict[str, float | None] = {
            "cpu": use.cpu[-1],
            "memory": use.memory[-1],
            "machine_cpu": use.machine_cpu[-1],
            "machine_memory": use.machine_memory[-1],
        }
        for number, gpu in enumerate(use.gpus):
            values[f"gpu/{number}/busy"] = gpu.busy[-1]
            values[f"gpu/{number}/memory"] = gpu.memory[-1]
        return {f"monitoring/{name}": [(use.seconds[-1], one)] for name, one in values.items()}

    def _of_run(self, leader: int) -> tuple[dict[int, float], int]:
        """Seconds that each process of the run has computed, and bytes that all of them have."""
        spent: dict[int, float] = {}
        memory = 0
        for number in self._processes(leader):
            fields = process.stat(number)
            if fields is None or fields[_STATE] in "ZX":
                continue
            if number != leader and int(fields[_SESSION]) != leader:
                self._others.add(number)
                continue
            spent[number] = (int(fields[_USER]) + int(fields[_SYSTEM])) / self._ticks
            memory += _memory_of(number, self._page)
        return spent, memory

    def _processes(self, leader: int) -> list[int]:
        if len(self.use.seconds) % _FORGET_AFTER == 0:
            self._others.clear()
        fields = process.stat(leader)
        if fields is None or int(fields[_SESSION]) != leader:
            return [leader]
        numbers = [int(one.name) for one in os.scandir("/proc") if one.name.isdecimal()]
        return [number for number in numbers if number not in self._others]

    def _thin(self) -> None:
        use = self.use
        self._every *= 2
        use.seconds, use.cpu, use.memory = _half(use.seconds), _half(use.cpu), _half(use.memory)
        use.machine_cpu, use.machine_memory = _half(use.machine_cpu), _half(use.machine_memory)
        for gpu in use.gpus:
            gpu.busy, gpu.memory = _half(gpu.busy), _half(gpu.memory)


def start(run: str) -> MachineSampler | None:
    """A sampler, with the machine's GPUs; None where the system has no `/proc`."""
    if not Path("/proc/self/stat").exists() or not Path("/proc/meminfo").exists():
        return None
    return MachineSampler(run, Nvml.opened())


def _half(values: list[_T]) -> list[_T]:
    return values[::2]


def _memory_of(number: int, page: int) -> int:
    """Bytes of a process's memory, its part of what it shares; 0 of one that has just ended.

    Processes that were copied from one share most of what they have, which is to be counted once.
    """
    try:
        for line in Path(f"/proc/{number}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
        return int(Path(f"/proc/{number}/statm").read_text().split()[1]) * page
    except (OSError, IndexError):
        return 0


def _busy(ticks: int) -> float:
    """Seconds for which the machine's processors were busy since its start."""
    with Path("/proc/stat").open() as file:
        user, nice, system, _, _, *others = (int(part) for part in file.readline().split()[1:8])
    return (user + nice + system + sum(others)) / ticks


def _memory() -> tuple[int, int]:
    """Bytes of memory of the machine, and those that are in use."""
    found: dict[str, int] = {}
    with Path("/proc/meminfo").open() as file:
        for line in file:
            name, _, rest = line.partition(":")
            found[name] = int(rest.split()[0]) * 1024
            if name == "MemAvailable":
                break
    return found["MemTotal"], found["MemTotal"] - found.get("MemAvailable", found["MemFree"])

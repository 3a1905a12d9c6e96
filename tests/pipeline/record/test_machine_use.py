"""`machine.json` comes back as it was; what is none of it is as if it were not there."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pipeline.record import machine_use
from pipeline.record.machine_use import GpuUse, MachineUse

RUN = "taxi-20260102-030405-4f2a"


def test_it_comes_back_as_it_was_for_its_owner_alone(tmp_path: Path) -> None:
    gpu = GpuUse(name="A", memory_total=9, busy=[0.5, None], memory=[3, None])
    use = MachineUse(
        run=RUN,
        processors=2,
        memory_total=100,
        seconds=[3.0, 6.0],
        cpu=[1.5, 0.5],
        memory=[10, 20],
        machine_cpu=[1.75, 0.75],
        machine_memory=[30, 40],
        gpus=[gpu],
    )
    machine_use.write(use, tmp_path)
    assert machine_use.read(RUN, tmp_path) == use
    path = tmp_path / RUN / "machine.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"version": 2}', b"\xff\x00"])
def test_what_is_none_of_it_is_left_out(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / RUN).mkdir()
        (tmp_path / RUN / "machine.json").write_bytes(content)
    assert machine_use.read(RUN, tmp_path) is None

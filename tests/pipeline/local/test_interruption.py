"""A run that is asked to end, by whatever signal and wherever it is."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.local import interruption
from pipeline.local.interruption import Interruption
from pipeline.record import run_record
from pipeline.record.run_record import RunRecord
from tests.pipeline.fake_run import queued


class Left(BaseException):
    """The process would have ended."""


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunRecord]:
    """A run in its Trainer; signals are handled as before in the end."""

    def leave(status: int) -> None:
        raise Left(status)

    monkeypatch.setattr(interruption, "_leave", leave)
    before = {number: signal.getsignal(number) for number in interruption.SIGNALS}
    record = queued()
    record.node("Trainer").status = "running"
    run_record.write(record, tmp_path)
    yield record
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_interrupts_and_a_second_one_ends_the_process(
    record: RunRecord, tmp_path: Path, number: signal.Signals
) -> None:
    asked = Interruption(record, tmp_path, grace=600)
    asked.listen()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), number)
        time.sleep(5)
    assert asked.asked and record.status == "running"
    with pytest.raises(Left, match="130"):
        os.kill(os.getpid(), number)
        time.sleep(5)
    assert run_record.read(record.id, tmp_path).status == "interrupted"


def test_a_run_whose_end_is_being_recorded_is_left_alone(record: RunRecord, tmp_path: Path) -> None:
    asked = Interruption(record, tmp_path)
    asked.listen()
    record.finish("not_blessed")
    os.kill(os.getpid(), signal.SIGTERM)
    assert not asked.asked and record.status == "not_blessed"


def test_code_that_swallows_the_interrupt_does_not_keep_the_process(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []
    monkeypatch.setattr(interruption, "_leave", left.append)
    Interruption(record, tmp_path, grace=0.01).listen()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)
    deadline = time.monotonic() + 10
    while not left and time.monotonic() < deadline:
        time.sleep(0.01)
    assert left == [130]
    assert run_record.read(record.id, tmp_path).status == "interrupted"


def test_an_end_that_cannot_be_written_is_an_end(record: RunRecord, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Left, match="130"):
        Interruption(record, tmp_path / "file").end()

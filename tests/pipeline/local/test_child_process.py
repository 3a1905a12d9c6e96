"""A run's process: what it gets, and how signals reach it and all that it starts."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.local import child_process
from pipeline.record import filtered_log

Start = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts Python code, and kills at the end what is left of it."""
    started = []

    def start(code: str) -> subprocess.Popen[bytes]:
        with (tmp_path / "lock").open("w") as lock:
            process = child_process.start(
                [sys.executable, "-c", code],
                folder=tmp_path,
                environment={"GIVEN": "this"},
                log=tmp_path / "log",
                lock_file=lock.fileno(),
            )
        started.append(process)
        return process

    yield start
    for process in started:
        child_process.signal_group(process, signal.SIGKILL)
        process.wait()


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


def test_it_has_its_folder_its_environment_and_no_other(start: Start, tmp_path: Path) -> None:
    process = start(
        "import os; print(os.getcwd(), os.environ['GIVEN'], os.getsid(0), len(os.environ))"
    )
    assert process.wait() == 0
    filtered_log.complete(tmp_path / "log")
    place, given, session, variables = (tmp_path / "log").read_text().split()
    assert (place, given, int(session)) == (str(tmp_path), "this", process.pid)
    assert int(variables) <= 2  # Python itself may set LC_CTYPE.


def test_an_interrupt_that_this_process_ignores_reaches_it(start: Start, tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = start("import time; print('ready', flush=True); time.sleep(600)")
        wait_for(lambda: (tmp_path / "log").read_text())
        child_process.signal_group(process, signal.SIGINT)
        process.wait(60)
    finally:
        signal.signal(signal.SIGINT, before)
    assert "KeyboardInterrupt" in (tmp_path / "log").read_text()


def test_a_signal_reaches_what_it_has_started(start: Start, tmp_path: Path) -> None:
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(child.pid, flush=True)\n"
        "child.wait()"
    )
    process = start(code)
    wait_for(lambda: (tmp_path / "log").read_text().endswith("\n"))
    child = int((tmp_path / "log").read_text())
    child_process.signal_group(process, signal.SIGKILL)
    process.wait()
    wait_for(lambda: not Path(f"/proc/{child}").exists() or _is_zombie(child))


def _is_zombie(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_process_that_is_gone_takes_no_signal(start: Start) -> None:
    process = start("")
    process.wait()
    child_process.signal_group(process, signal.SIGKILL)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock, pytest.raises(FileNotFoundError):
        child_process.start(
            ["/no/such/program"],
            folder=tmp_path,
            environment={},
            log=tmp_path / "log",
            lock_file=lock.fileno(),
        )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_interrupts_and_then_does_what_it_did(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_DFL)
    try:
        with pytest.raises(KeyboardInterrupt), child_process.signals_interrupt():
            signal.raise_signal(number)
        assert signal.getsignal(number) is signal.SIG_DFL
        signal.signal(number, signal.SIG_IGN)
        with child_process.signals_interrupt():
            signal.raise_signal(number)
            assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)


def test_a_signal_that_comes_before_the_program_takes_it_is_not_lost(
    tmp_path: Path,
) -> None:
    code = (
        "import signal, sys\n"
        "print('ready', flush=True)\n"
        "while not signal.sigpending(): pass\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])\n"
    )
    with (tmp_path / "lock").open("w") as lock:
        process = child_process.start(
            [sys.executable, "-c", code],
            folder=tmp_path,
            environment={},
            log=tmp_path / "log",
            lock_file=lock.fileno(),
            hold_signals=True,
        )
    child_process.signal_group(process, signal.SIGTERM)
    assert process.wait(60) == 7

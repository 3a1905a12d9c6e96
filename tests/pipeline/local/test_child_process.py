"""A run's process: what it gets, and how signals reach it and all that it starts."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from pipeline.local import child_process
from pipeline.record import filtered_log
from tests.helpers.paths import ROOT

Start = Callable[[str], "subprocess.Popen[bytes]"]


def begun(
    command: Sequence[str], folder: Path, *, hold_signals: bool = False, **environment: str
) -> subprocess.Popen[bytes]:
    """A process that has been told to go on."""
    with (
        (folder / "lock").open("w") as lock,
        child_process.started(
            command, folder=folder, environment=environment, hold_signals=hold_signals
        ) as waiting,
    ):
        return waiting.go_on(folder / "log", lock.fileno())


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts Python code, and kills at the end what is left of it."""
    started = []

    def start(code: str) -> subprocess.Popen[bytes]:
        process = begun([sys.executable, "-c", code], tmp_path, GIVEN="this")
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
    assert int(variables) <= 3  # One to be told to go on by; Python itself may set LC_CTYPE.


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
    with pytest.raises(FileNotFoundError):
        begun(["/no/such/program"], tmp_path)


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
    process = begun([sys.executable, "-c", code], tmp_path, hold_signals=True)
    child_process.signal_group(process, signal.SIGTERM)
    assert process.wait(60) == 7


WAITING = f"""
import os, sys
sys.path.insert(0, {str(ROOT)!r})
from pipeline.local import child_process
print('prepared', flush=True)
open('process', 'w').write(str(os.getpid()))
child_process.wait()
print('told to go on, {{}}'.format(child_process.START in os.environ), flush=True)
open('gone on', 'w').close()
import time
time.sleep(float(os.environ['LINGER']))
"""


@contextlib.contextmanager
def prepared(folder: Path, linger: str = "0") -> Iterator[tuple[child_process.Waiting, int]]:
    """A process that has prepared itself and waits, and its number."""
    command = [sys.executable, "-c", WAITING]
    environment = {**os.environ, "LINGER": linger}
    with child_process.started(command, folder=folder, environment=environment) as waiting:
        file = folder / "process"
        wait_for(lambda: file.exists() and file.read_text())
        yield waiting, int(file.read_text())


def test_what_was_printed_before_it_was_told_to_go_on_is_in_its_log(tmp_path: Path) -> None:
    with prepared(tmp_path) as (waiting, _), (tmp_path / "lock").open("w") as lock:
        process = waiting.go_on(tmp_path / "log", lock.fileno())
    assert process.wait(60) == 0
    filtered_log.complete(tmp_path / "log")
    assert (tmp_path / "log").read_text() == "prepared\ntold to go on, False\n"


def test_it_has_the_lock_from_then_on_and_as_long_as_it_is_there(tmp_path: Path) -> None:
    def is_free() -> bool:
        with (tmp_path / "lock").open("a") as other:
            try:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    with prepared(tmp_path, linger="600") as (waiting, _):
        assert is_free()
        with (tmp_path / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            process = waiting.go_on(tmp_path / "log", lock.fileno())
    assert not is_free()
    wait_for((tmp_path / "gone on").exists)
    assert not is_free()
    child_process.signal_group(process, signal.SIGKILL)
    process.wait()
    assert is_free()


@pytest.mark.parametrize("raised", [ValueError, KeyboardInterrupt, SystemExit])
def test_whatever_is_raised_while_it_waits_ends_it_at_once(
    tmp_path: Path, raised: type[BaseException]
) -> None:
    with pytest.raises(raised), prepared(tmp_path) as (_, number):
        raise raised
    assert not Path(f"/proc/{number}").exists()
    assert not (tmp_path / "gone on").exists() and not (tmp_path / "log").exists()


def test_one_whose_starter_is_killed_ends_by_itself(tmp_path: Path) -> None:
    code = (
        f"import os, sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from pathlib import Path\n"
        "from tests.pipeline.local.test_child_process import prepared\n"
        f"with prepared(Path({str(tmp_path)!r})): os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    number = int((tmp_path / "process").read_text())
    wait_for(lambda: not Path(f"/proc/{number}").exists() or _is_zombie(number))
    assert not (tmp_path / "gone on").exists()


def test_one_that_has_ended_before_it_is_told_keeps_its_status_and_its_words(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-c", "print('no memory'); raise SystemExit(3)"]
    with child_process.started(command, folder=tmp_path, environment={}) as waiting:
        waiting._process.wait()
        with (tmp_path / "lock").open("w") as lock:
            process = waiting.go_on(tmp_path / "log", lock.fileno())
    assert process.wait() == 3
    filtered_log.complete(tmp_path / "log")
    assert (tmp_path / "log").read_text() == "no memory\n"

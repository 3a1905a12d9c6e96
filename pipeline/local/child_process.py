"""A process that this one starts, watches and ends, with whatever it starts in turn."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from pipeline.local.interruption import SIGNALS
from pipeline.record import filtered_log, redaction
from pipeline.record.redaction import Redactor

START = "PIPELINE_START"
"""The variable with the number of the descriptor on which a process is told to go on."""


class Waiting:
    """A process that prepares itself, and waits until it is told to go on.

    Args:
        process: The process.
        printed: The pipe that what it prints is in.
        line: Where it waits for a byte, and with it the lock.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], printed: IO[bytes], line: socket.socket
    ) -> None:
        self._process = process
        self._printed = printed
        self._line = line

    def go_on(
        self, log: Path, lock_file: int, redactor: Redactor | None = None
    ) -> subprocess.Popen[bytes]:
        """Lets it go on.

        Args:
            log: The file that gets what it prints and has printed, without secrets;
                `filtered_log.complete` waits for the end of it.
            lock_file: An open file that it gets too, and with it the lock on it.
            redactor: Hides secrets, by default those of the environment.

        Raises:
            OSError: The log cannot be written.
        """
        filtered_log.write(self._printed, log, redactor or redaction.redactor())
        with contextlib.suppress(ConnectionError):  # It has ended, as who follows it will see.
            socket.send_fds(self._line, [b"\n"], [lock_file])
        return self._process


@contextlib.contextmanager
def started(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    hold_signals: bool = False,
) -> Iterator[Waiting]:
    """Starts a process that is interrupted when this one dies.

    Whatever is raised meanwhile ends it at once.

    Args:
        command: The program and its arguments.
        folder: Where it starts.
        environment: All of its environment variables, but for START.
        hold_signals: Whether signals that interrupt are held back until the program takes them,
            by `Interruption.listen`.

    Raises:
        OSError: It cannot be started.
    """
    ours, its = socket.socketpair()
    with ours, filtered_log.pipe() as (printed, output):
        with its:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env={**environment, START: str(its.fileno())},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[its.fileno()],
                # A session of its own: the terminal's Ctrl-C reaches this process alone, which
                # passes it on, and a signal to the group reaches what the run starts.
                start_new_session=True,
                preexec_fn=_end_with_parent(hold_signals),
            )
        output.close()
        try:
            yield Waiting(process, printed, ours)
        except BaseException:
            signal_group(process, signal.SIGKILL)
            process.wait()
            raise


def wait() -> None:
    """Waits, in a process that `started` has started, to be told to go on; ends it if it is not."""
    number = os.environ.pop(START, None)
    if number is None:
        return
    with socket.socket(fileno=int(number)) as line:
        told, *_ = socket.recv_fds(line, 1, 1)
    if not told:  # Who has started it is gone, and nobody is left to tell anything.
        os._exit(0)


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Sends a signal to a process and to all that it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


@contextlib.contextmanager
def signals_interrupt() -> Iterator[None]:
    """Makes SIGTERM and a closed terminal raise KeyboardInterrupt here, unless they are ignored."""
    before = {}
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            before[number] = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_with_parent(hold_signals: bool) -> Callable[[], None]:
    """What the new process does first: ask to be interrupted when this one dies.

    A shell's background job ignores SIGINT and its children inherit that, so it is undone as well.
    """
    set_parent_death_signal = 1
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    parent = os.getpid()

    def first() -> None:
        if hold_signals:  # Until the program can record that it was asked to end.
            signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if libc is not None:
            libc.prctl(set_parent_death_signal, signal.SIGINT)
            if os.getppid() != parent:  # It died before it was asked.
                os.kill(os.getpid(), signal.SIGINT)

    return first

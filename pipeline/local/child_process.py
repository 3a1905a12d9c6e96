"""A process that this one starts, watches and ends, with whatever it starts in turn."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from pipeline.local.interruption import SIGNALS
from pipeline.record import filtered_log, redaction
from pipeline.record.redaction import Redactor


def start(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    log: Path,
    lock_file: int,
    redactor: Redactor | None = None,
    hold_signals: bool = False,
) -> subprocess.Popen[bytes]:
    """Starts a process that is interrupted when this one dies.

    Args:
        command: The program and its arguments.
        folder: Where it starts.
        environment: All of its environment variables.
        log: The file that gets what it prints, without secrets; `filtered_log.complete` waits for
            the end of it.
        lock_file: An open file that it gets too, and with it the lock on it.
        redactor: Hides secrets, by default those of the environment.
        hold_signals: Whether signals that interrupt are held back until the program takes them,
            by `Interruption.listen`.

    Raises:
        OSError: It cannot be started.
    """
    with filtered_log.opened(log, redactor or redaction.redactor()) as output:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[lock_file],
            # A session of its own: the terminal's Ctrl-C reaches this process alone, which passes
            # it on, and a signal to the group reaches the processes that the run starts.
            start_new_session=True,
            preexec_fn=_end_with_parent(hold_signals),
        )


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

"""A log without secrets, whoever prints them: Python, a subprocess, or C++.

What a process prints goes through a pipe to a small process of its own that hides the secrets and
writes the file. It belongs to nobody's group and ends when the last writer has: so what was printed
before a crash, or before a kill of the run and of who started it, is in the log.

    python -m pipeline.record.filtered_log DESCRIPTOR_OF_SECRETS [FILE]
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pipeline.record.redaction import Filter, Redactor

ROOT = Path(__file__).resolve().parents[2]
_PIECE = 64 * 2**10
_PIPE = 2**20
"""Bytes that may wait in the pipe, so that nobody who prints waits for the disk."""
_WRITING: dict[Path, subprocess.Popen[bytes]] = {}
"""The processes that write logs, by the logs' paths."""


@contextlib.contextmanager
def opened(log: Path, redactor: Redactor) -> Iterator[IO[bytes]]:
    """A file for the output of a process that is started within.

    Args:
        log: The file that is written, anew, readable by its owner alone.
        redactor: What hides secrets.

    Raises:
        OSError: The file cannot be made, or the process that writes it cannot be started.
    """
    with pipe() as (source, output):
        write(source, log, redactor)
        yield output


@contextlib.contextmanager
def pipe() -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """A pipe's reading and its writing end, both closed at the end."""
    reading, writing = os.pipe()
    with open(reading, "rb") as source, open(writing, "wb", buffering=0) as output:  # noqa: PTH123
        with contextlib.suppress(OSError):  # More than the system allows.
            fcntl.fcntl(writing, 1031, _PIPE)  # F_SETPIPE_SZ, which Python 3.10 has by name.
        yield source, output


def write(source: IO[bytes], log: Path, redactor: Redactor) -> None:
    """Has a process write to a log what has been printed into a pipe, and what will be.

    Args:
        source: The pipe's reading end.
        log: The file that is written, anew, readable by its owner alone.
        redactor: What hides secrets.

    Raises:
        OSError: The file cannot be made, or the process cannot be started.
    """
    log.unlink(missing_ok=True)
    os.close(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    _WRITING[log] = _start(source, redactor, [str(log.resolve())])


def complete(log: Path, seconds: float = 5.0) -> None:
    """Waits until all is written that was printed, which takes milliseconds once nobody prints."""
    if log in _WRITING:
        with contextlib.suppress(subprocess.TimeoutExpired):
            _WRITING[log].wait(seconds)
            del _WRITING[log]


def hide_in_descriptors(redactor: Redactor) -> None:
    """Hides secrets in all that this process, and those that it starts, print from now on."""
    sys.stdout.flush()
    sys.stderr.flush()
    for number in (1, 2):
        with pipe() as (source, output), os.fdopen(os.dup(number), "wb") as target:
            _start(source, redactor, [], target)
            os.dup2(output.fileno(), number)


def _start(
    source: IO[bytes],
    redactor: Redactor,
    arguments: list[str],
    stdout: IO[bytes] | int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """The process that reads a pipe."""
    # Secrets go neither into arguments nor into variables, which others can read.
    with pipe() as (reading, secrets):
        process = subprocess.Popen(
            # Without `site`, which reads all that is installed.
            [
                *(sys.executable, "-S", "-m", "pipeline.record.filtered_log"),
                *(str(reading.fileno()), *arguments),
            ],
            cwd=ROOT,
            stdin=source,
            stdout=stdout,
            stderr=subprocess.DEVNULL,
            pass_fds=[reading.fileno()],
            start_new_session=True,
        )
        secrets.write(json.dumps(redactor.values).encode() + b"\n")
    return process


def _copy(source: IO[bytes], target: int, redactor: Redactor) -> None:
    """Copies until the end of what is printed; what a full disk does not take is counted."""
    hide, lost = Filter(redactor), 0
    while True:
        piece = os.read(source.fileno(), _PIECE)
        ready = hide.feed(piece) if piece else hide.finish()
        if lost and ready:
            ready = f"[{lost:,} bytes could not be written here]\n".encode() + ready
        try:
            _write(target, ready)
            lost = 0
        except OSError:  # Whoever prints must not wait for room on the disk.
            lost += len(ready)
        if not piece:
            return


def _write(target: int, content: bytes) -> None:
    while content:
        content = content[os.write(target, content) :]


def main() -> None:
    """Copies the standard input to a file, or to the standard output."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    target = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND) if sys.argv[2:] else 1
    with open(int(sys.argv[1]), "rb") as secrets:  # noqa: PTH123
        redactor = Redactor(json.loads(secrets.readline()))
    with open(0, "rb", buffering=0) as source:
        _copy(source, target, redactor)


if __name__ == "__main__":
    main()

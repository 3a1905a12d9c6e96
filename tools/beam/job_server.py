"""Starts Beam's job server for an engine, and ends it."""

from __future__ import annotations

import contextlib
import ctypes
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Iterator, NamedTuple

from tools.beam.engines import Engine
from tools.errors import SetupError

_SECONDS_TO_START = 120
_SECONDS_TO_STOP = 10
# What it does takes seconds: to compile it well would take longer than it saves.
_QUICK_START = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


class JobServer(NamedTuple):
    """One that runs."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path


@contextlib.contextmanager
def running(
    engine: Engine, libraries: Path, log: Path, master: str | None = None
) -> Iterator[JobServer]:
    """A job server, until the end of the block.

    Args:
        engine: The engine.
        libraries: The folder with its class path.
        log: The file that gets what it prints.
        master: The address of a cluster; None: it has one in itself.

    Raises:
        SetupError: There is no Java, or the server does not start.
    """
    java = shutil.which("java")
    if java is None:
        raise SetupError(
            f"Java is needed for Beam's job server on {engine.name.capitalize()}",
            "There is no java on the PATH.",
            "Install Java 11 or 17, such as by apt-get install openjdk-17-jre-headless.",
        )
    port, artifacts, expansion = _free_ports(3)
    with tempfile.TemporaryDirectory(prefix="beam-staging-") as staging, log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(java, *_QUICK_START, *engine.java, "-cp", f"{libraries}/*", engine.server),
                *("--job-port", str(port), "--artifact-port", str(artifacts)),
                *("--expansion-port", str(expansion), "--artifacts-dir", staging),
                *(engine.master_option, master or engine.embedded),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=staging,
            start_new_session=True,  # Ctrl-C interrupts the run, which still needs the server.
            preexec_fn=_end_with_parent,
        )
        server = JobServer(f"localhost:{port}", process, log)
        try:
            _wait_until_it_answers(server, port)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(_SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("localhost", 0))
        return [one.getsockname()[1] for one in sockets]


def _wait_until_it_answers(server: JobServer, port: int) -> None:
    until = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < until and server.process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("localhost", port), 1):
            return
        time.sleep(0.1)
    status = server.process.poll()
    found = "It is silent." if status is None else f"It ended with {status}."
    lines = server.log.read_text(encoding="utf-8", errors="replace").splitlines()
    raise SetupError(
        "Beam's job server did not start",
        "\n".join([found, *lines[-5:]]),
        f"All that it said is in {server.log}.",
    )


def _end_with_parent() -> None:
    set_parent_death_signal = 1
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)

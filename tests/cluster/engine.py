"""An engine with its job server, and a pool of workers."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.project_copy import Project
from tools.beam import engines, jars, job_server
from tools.beam.job_server import JobServer

_SECONDS_TO_START = 180


@dataclass(frozen=True)
class Engine:
    """What pipelines run on."""

    kind: engines.Engine
    server: JobServer
    pool: subprocess.Popen[bytes]
    pool_address: str

    def arguments(self, environment: str) -> list[str]:
        """What a run is told, with its workers in itself (LOOPBACK) or in the pool (EXTERNAL)."""
        pool = self.pool_address if environment == "EXTERNAL" else None
        args = engines.beam_args(self.kind, self.server.address, pool)
        return ["--set", f"beam.args={json.dumps(args)}"]

    def workers(self) -> list[int]:
        """The processes of the pool's workers."""
        return [worker for child in _children(self.pool.pid) for worker in _children(child)]


@contextlib.contextmanager
def running(name: str, project: Project, folder: Path) -> Iterator[Engine]:
    """An engine, whose workers import a project's code."""
    kind = engines.ENGINES[name]
    with (
        job_server.running(kind, jars.fetch(name), folder / "server.log") as server,
        _pool(project, folder / "pool.log") as (pool, address),
    ):
        yield Engine(kind, server, pool, address)


@contextlib.contextmanager
def _pool(project: Project, log: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.worker_pool", "--port=0"],
            cwd=project.root,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        until = time.monotonic() + _SECONDS_TO_START
        while "Workers are at " not in log.read_text():
            assert process.poll() is None and time.monotonic() < until, log.read_text()[-5000:]
            time.sleep(0.2)
        yield process, log.read_text().partition("Workers are at ")[2].split(".\n")[0]
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _children(parent: int) -> list[int]:
    try:
        return [
            int(child)
            for path in Path(f"/proc/{parent}/task").glob("*/children")
            for child in path.read_text().split()
        ]
    except OSError:
        return []

"""Workers and engines that are killed in mid-node: the same result, or a failure in words."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster.conftest import copy
from tests.cluster.engine import Engine, running
from tests.e2e.project_copy import UNTRACKED, Project

NODE = "StatisticsGen"
RUN = (sys.executable, "-m", "pipeline", "run", "tiny", "--to", NODE)
_SECONDS = 240


def run_and(project: Project, engine: Engine, kill: Callable[[], bool]) -> tuple[int, str]:
    """Runs as far as NODE, calls `kill` until it has killed; the exit status and what was said."""
    started = project.start(*RUN, *engine.arguments("EXTERNAL"), **UNTRACKED)
    until = time.monotonic() + _SECONDS
    killed = False
    while started.poll() is None and not killed:
        assert time.monotonic() < until
        killed = is_running(project) and kill()
        time.sleep(0.05)
    assert killed, started.communicate()
    try:
        stdout, stderr = started.communicate(timeout=_SECONDS)
    finally:
        started.kill()
    return started.returncode, stdout + stderr


def is_running(project: Project) -> bool:
    records = project.records()
    return bool(records) and any(
        node["name"] == NODE and node["status"] == "running" for node in records[-1]["nodes"]
    )


def check_told(project: Project, said: str, *headlines: str) -> None:
    failure = project.records()[-1]["failure"]
    assert failure["node"] == NODE
    assert any(headline in failure["headline"] for headline in headlines), failure
    assert failure["detail"] and failure["remedy"]
    assert "Traceback" not in said and "java." not in failure["headline"]


def test_a_killed_worker(engine: Engine, project: Project) -> None:
    def kill() -> bool:
        workers = engine.workers()
        time.sleep(0.2)  # In which they may have begun.
        try:
            for worker in workers:
                os.kill(worker, signal.SIGKILL)
        except ProcessLookupError:  # It has just ended by itself.
            return False
        return bool(workers)

    status, said = run_and(project, engine, kill)
    if status:
        # It depends on what the worker was at, how the engine tells of it.
        check_told(project, said, "lost a worker", "failed on the engine")
    again = project.run("tiny", "--to", NODE, *engine.arguments("EXTERNAL"))
    assert again.record["status"] == "partial", again.stdout


@pytest.mark.parametrize("name", ["flink", "spark"])
def test_a_killed_job_server(name: str, tmp_path: Path) -> None:
    project = copy(tmp_path)
    with running(name, project, tmp_path) as engine:

        def kill() -> bool:
            if not engine.workers():
                return False
            engine.server.process.kill()
            return True

        status, said = run_and(project, engine, kill)
        assert status == 1
        check_told(project, said, "is gone")

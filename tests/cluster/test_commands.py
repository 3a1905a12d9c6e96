"""What `make flink` and `make spark` call."""

from __future__ import annotations

import socket
import sys

import pytest

from tests.e2e.project_copy import REPOSITORY, UNTRACKED, Project
from tools.beam import engines


@pytest.mark.parametrize("name", engines.ENGINES)
def test_a_model_runs_on_a_server_of_its_own(name: str, project: Project) -> None:
    command = [sys.executable, "-m", "tools.beam", name, "tiny", "--", "--to", "ExampleGen"]
    ran = project.command(*command, PYTHONPATH=str(REPOSITORY), **UNTRACKED)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    [record] = project.records()
    assert record["status"] == "partial"
    [endpoint] = [arg for arg in record["config"]["beam"]["args"] if "job_endpoint" in arg]
    host, port = endpoint.partition("=")[2].split(":")
    with pytest.raises(OSError):
        socket.create_connection((host, int(port)))


def test_a_mistake_keeps_its_exit_status(project: Project) -> None:
    server = ["--job-server", "localhost:1"]
    command = [sys.executable, "-m", "tools.beam", "flink", "tiny", *server]
    ran = project.command(*command, PYTHONPATH=str(REPOSITORY), **UNTRACKED)
    assert ran.returncode == 2
    assert "the job server at localhost:1 does not answer" in " ".join(ran.stderr.split())
    assert "Traceback" not in ran.stdout + ran.stderr

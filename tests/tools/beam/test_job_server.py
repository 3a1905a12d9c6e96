"""Starting and ending a job server, with a Java that is a script."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from tools.beam import engines, job_server
from tools.errors import SetupError

FLINK = engines.ENGINES["flink"]
LISTENING = """#!{python}
import socket, sys, time
print(*sys.argv[1:], flush=True)
port = int(sys.argv[sys.argv.index("--job-port") + 1])
with socket.create_server(("localhost", port)):
    time.sleep(600)
"""


@pytest.fixture
def java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "bin" / "java"
    program.parent.mkdir()
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return program


def write(program: Path, script: str) -> None:
    program.write_text(script)
    program.chmod(0o755)


def test_runs_until_the_end_of_the_block(java: Path, tmp_path: Path) -> None:
    write(java, LISTENING.format(python=sys.executable))
    with job_server.running(FLINK, tmp_path, tmp_path / "log", "cluster:8081") as server:
        host, port = server.address.split(":")
        socket.create_connection((host, int(port))).close()
    assert server.process.returncode is not None
    with pytest.raises(OSError):
        socket.create_connection((host, int(port)))
    arguments = server.log.read_text().split()
    assert arguments[arguments.index("--flink-master") + 1] == "cluster:8081"
    assert FLINK.server in arguments
    assert not Path(arguments[arguments.index("--artifacts-dir") + 1]).exists()


def test_one_that_does_not_start_is_told(java: Path, tmp_path: Path) -> None:
    write(java, "#!/bin/sh\necho no heap; exit 3\n")
    log = tmp_path / "log"
    with (
        pytest.raises(SetupError, match=r"ended with 3\.\nno heap") as told,
        job_server.running(FLINK, tmp_path, log),
    ):
        pass
    assert str(log) in told.value.remedy


def test_without_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(SetupError, match="There is no java"),
        job_server.running(FLINK, tmp_path, tmp_path / "log"),
    ):
        pass

"""Model servers for tests: real processes on free ports of the loopback."""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.helpers.paths import ROOT


@dataclass
class Running:
    """A server that runs."""

    process: subprocess.Popen[str]
    rest_port: int
    grpc_port: int
    events: list[dict[str, object]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.rest_port}"

    def event(self, name: str) -> dict[str, object] | None:
        return next((event for event in self.events if event["event"] == name), None)

    def resident_mb(self, peak: bool = False) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        name = "VmHWM" if peak else "VmRSS"
        (line,) = [line for line in status.splitlines() if line.startswith(name)]
        return int(line.split()[1]) / 1024


@contextlib.contextmanager
def running(models: Path, *options: str, ready: bool = True) -> Iterator[Running]:
    """Starts a server, waits until it is ready, and stops it."""
    command = [
        sys.executable, "-m", "serving", "up", "--models", str(models), "--rest-port", "0",
        "--grpc-port", "0", "--interval", "0.2", *options,
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    events: list[dict[str, object]] = []
    listening = threading.Event()
    lines: list[str] = []

    def read() -> None:
        assert process.stderr
        for line in process.stderr:
            lines.append(line)
            if line.startswith("{"):
                events.append(json.loads(line))
                if events[-1]["event"] == "listening":
                    listening.set()
        listening.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        assert listening.wait(60), lines
        assert events, lines
        start = next(event for event in events if event["event"] == "listening")
        server = Running(
            process, int(str(start["rest_port"])), int(str(start["grpc_port"])), events
        )
        while ready and requests.get(f"{server.url}/readyz", timeout=10).status_code != 200:
            assert process.poll() is None, lines
        yield server
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        reader.join(5)
        assert process.stderr
        process.stderr.close()

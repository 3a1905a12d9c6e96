"""Latency at half of a server's full rate, by requests on a fixed schedule.

    python -m benchmarks.latency [--models serving_models] [--model taxi] [--seconds 20] [--peers]

The full rate is what 64 clients get who wait for each answer (wrk). Then requests come at half of
that on a fixed schedule, and each one's time counts from when it was due. --peers has litserve
measured as well (see benchmarks/serving.py, which also says what has to be there).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import _load
from benchmarks.serving import ROOT, install, running, servers, write_bodies, wrk

_CONNECTIONS = 64
_SHARES = (0.1, 0.5, 0.8)
"""Of the full rate."""


def main() -> None:
    """Measures, and prints a line for each server and rate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, default=ROOT / "serving_models")
    parser.add_argument("--model", default="taxi")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--environments", type=Path)
    parser.add_argument("--send", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.send:
        url, body, rate = arguments.send
        _send(url, body, float(rate), arguments.seconds)
        return
    if not shutil.which("wrk"):
        sys.exit("error: wrk is not there; apt-get install wrk")
    version = max((arguments.models / arguments.model).glob("[0-9]*"), key=lambda p: int(p.name))
    heads = ("rate", "p50 ms", "p99 ms", "p99.9 ms", "longest", "p99 / p50")
    print(f"{'':14}{'of full':>10}" + "".join(f"{head:>11}" for head in heads))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environments = arguments.environments or folder / "environments"
        wanted = {"this server", "with its log", *(["litserve"] if arguments.peers else [])}
        if arguments.peers:
            install("litserve", environments / "litserve")
        write_bodies(version, folder)
        for server, command, path in servers(version, arguments.model, environments, folder):
            if server in wanted:
                with running(command, path, (folder / "1.json").read_bytes()) as url:
                    _measure(server, url, folder, arguments.seconds)


def _measure(server: str, url: str, folder: Path, seconds: float) -> None:
    full = wrk(url, folder, 1, _CONNECTIONS, 5)
    for share in _SHARES:
        # A process of its own, as it has to be on time.
        sender = [sys.executable, "-m", "benchmarks.latency", "--seconds", str(seconds), "--send",
                  url, str(folder / "1.json"), str(share * full)]  # fmt: skip
        done = subprocess.run(
            sender, cwd=ROOT, env=os.environ, check=True, capture_output=True, text=True
        )
        half, most, nearly_all, longest = json.loads(done.stdout)
        print(
            f"{server:14}{share:10.0%}{share * full:11.0f}{half * 1e3:11.2f}{most * 1e3:11.2f}"
            f"{nearly_all * 1e3:11.2f}{longest * 1e3:11.1f}{most / half:11.1f}",
            flush=True,
        )


def _send(url: str, body: str, rate: float, seconds: float) -> None:
    target = urlsplit(url)
    assert target.port
    sent = _load.request(target.path, Path(body).read_bytes())
    _load.run(target.port, sent, rate, 1, _CONNECTIONS)  # For caches and threads.
    times = _load.run(target.port, sent, rate, seconds, _CONNECTIONS)
    print(json.dumps([_load.quantile(times, share) for share in (0.5, 0.99, 0.999, 1)]))


if __name__ == "__main__":
    main()

"""Two workers beside one: requests a second, and requests for each second of processor time.

    python -m benchmarks.serving_workers [--models serving_models] [--model taxi] [--seconds 10]

Each number of workers is asked in turn, three times, and the medians count. The clients (wrk) need
a part of a core themselves, which two workers feel and one does not; with rows to read, it is
small. "by time" is the ratio that the processor time for a request allows on cores of their own.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.serving import ROOT, ROWS, running, servers, write_bodies, wrk

_ROUNDS = 3
_CONNECTIONS = 32


def main() -> None:
    """Measures, and prints rates and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, default=ROOT / "serving_models")
    parser.add_argument("--model", default="taxi")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("error: wrk is not there; apt-get install wrk")
    version = max((arguments.models / arguments.model).glob("[0-9]*"), key=lambda p: int(p.name))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_bodies(version, folder)
        body = (folder / "1.json").read_bytes()
        for server, command, path in list(servers(version, arguments.model, folder, folder))[:2]:
            several = [*command[:-1], "--workers", str(arguments.workers), command[-1]]
            with running(command, path, body) as one, running(several, path, body) as many:
                for rows in (1, ROWS):
                    _compare(server, one, many, folder, rows, arguments)


def _compare(
    server: str, one: str, many: str, folder: Path, rows: int, arguments: argparse.Namespace
) -> None:
    rates: dict[str, list[float]] = {one: [], many: []}
    costs: dict[str, list[float]] = {one: [], many: []}
    for _ in range(_ROUNDS):
        for url in (one, many):
            before = _seconds_of(url)
            rate = wrk(url, folder, rows, _CONNECTIONS, arguments.seconds)
            rates[url].append(rate)
            # wrk asks for a second before it counts.
            costs[url].append((_seconds_of(url) - before) / (rate * (arguments.seconds + 1)))
    rate_of = {url: statistics.median(found) for url, found in rates.items()}
    cost_of = {url: statistics.median(found) for url, found in costs.items()}
    print(
        f"{server:14}{rows:4} rows: one {rate_of[one]:7.0f}/s, {cost_of[one] * 1e6:6.0f} us; "
        f"{arguments.workers} workers {rate_of[many]:7.0f}/s, {cost_of[many] * 1e6:6.0f} us; ratio "
        f"{rate_of[many] / rate_of[one]:.2f}, by time "
        f"{arguments.workers * cost_of[one] / cost_of[many]:.2f}",
        flush=True,
    )


def _seconds_of(url: str) -> float:
    """The processor time of a server that listens on a port, and of what it has started."""
    port = url.split(":")[2].split("/")[0]
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_text().split("\0")
            children = (folder / "task" / folder.name / "children").read_text().split()
        except OSError:
            continue
        if "up" in words and words[-2:] == [port, ""]:
            return sum(map(_seconds, [folder.name, *children]))
    raise ProcessLookupError(f"No server was started on port {port}")


def _seconds(process: str) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()

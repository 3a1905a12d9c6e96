"""The data nodes on Flink and Spark beside the run's own process: seconds and CPU seconds.

    python -m benchmarks.engines [--engine flink spark] [--rows 15002 300040] [--workers 1 2]

Each turn runs the taxi pipeline as far as the Evaluator, cold, in a copy of the project: in the
process; with LOOPBACK, the workers being threads of the run; and with EXTERNAL, where each of so
many workers is a process. An engine is warmed up first by a run that is not counted. CPU seconds
are those of the run, the engine and the workers, whose start is not counted.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.stock_template import make_project
from tools.beam import engines, jars, job_server

NODES = ("ExampleGen", "StatisticsGen", "Transform", "Evaluator")
_FILE_ROWS = 15_002
_SHORT = ("training.epochs=1", "tuning.trials=1", "tuning.epochs=1")


def main() -> None:
    """Takes each turn and prints a line for it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", nargs="*", default=sorted(engines.ENGINES))
    parser.add_argument("--rows", nargs="*", type=int, default=[_FILE_ROWS, 20 * _FILE_ROWS])
    parser.add_argument("--workers", nargs="*", type=int, default=[1, 2])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "project")
        make_project(project)
        turn(project, "in the process, not counted", [])
        for rows in arguments.rows:
            write_rows(project, rows)
            turn(project, f"{rows} rows, in the process", [])
        for name in arguments.engine:
            measure(project, Path(folder), name, arguments.rows, arguments.workers)


def measure(project: Path, folder: Path, name: str, rows: list[int], workers: list[int]) -> None:
    """The turns on one engine."""
    engine = engines.ENGINES[name]
    with (
        job_server.running(engine, jars.fetch(name), folder / "server.log") as server,
        pool(project) as (workers_of, address),
    ):
        others = [server.process.pid, workers_of]
        loopback = engines.beam_args(engine, server.address)
        write_rows(project, _FILE_ROWS)
        turn(project, f"{name}, not counted", loopback, others)
        for count in rows:
            write_rows(project, count)
            turn(project, f"{count} rows, {name}, LOOPBACK", loopback, others)
            for number in workers:
                more = [f"--parallelism={number}", f"--sdk_worker_parallelism={number}"]
                args = engines.beam_args(engine, server.address, address, more)
                turn(project, f"{count} rows, {name}, {number} workers", args, others)


def turn(project: Path, title: str, args: list[str], others: list[int] | None = None) -> None:
    """Runs the pipeline once and prints each node's seconds, and what all took of the processor."""
    sets = [f"--set={one}" for one in _SHORT]
    if args:
        sets.append(f"--set=beam.args={json.dumps(args)}")
    before = _cpu(others or [])
    subprocess.run(
        [sys.executable, "-m", "pipeline", "run", "taxi", "--no-cache", "--to=Evaluator", *sets],
        cwd=project,
        env={**os.environ, "NEPTUNE_MODE": "disabled"},
        check=True,
        capture_output=True,
    )
    cpu = _cpu(others or []) - before
    records = [json.loads(path.read_text()) for path in project.glob("runs/*/run.json")]
    latest = max(records, key=lambda record: record["number"])
    seconds = {node["name"]: node["seconds"] for node in latest["nodes"]}
    nodes = "  ".join(f"{node} {seconds[node]:5.1f}" for node in NODES)
    print(f"{title:40} {nodes}  all {sum(seconds[n] for n in NODES):6.1f} s  CPU {cpu:6.1f} s",
          flush=True)  # fmt: skip


def write_rows(project: Path, count: int) -> None:
    """The trips, as often as makes so many rows, in a file each."""
    data = project / "data" / "taxi"
    for path in data.glob("more-*.csv"):
        path.unlink()
    for number in range(1, count // _FILE_ROWS):
        shutil.copy(data / "trips.csv", data / f"more-{number}.csv")


@contextlib.contextmanager
def pool(project: Path) -> Iterator[tuple[int, str]]:
    """A pool of workers: the process that they are forked from, and its address."""
    command = [sys.executable, "-m", "pipeline.worker_pool", "--port=0"]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=project, stdout=output, stderr=subprocess.STDOUT)
        try:
            said = ""
            while "Workers are at " not in said:
                assert process.poll() is None, said
                time.sleep(0.2)
                output.seek(0)
                said = output.read().decode(errors="replace")
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            [fork_server] = [
                int(child)
                for child in children
                if b"forkserver" in Path(f"/proc/{child}/cmdline").read_bytes()
            ]
            yield fork_server, said.partition("Workers are at ")[2].split(".\n")[0]
        finally:
            process.terminate()
            process.wait()


def _cpu(processes: list[int]) -> float:
    """The CPU seconds of processes that were waited for, and of those that go on."""
    waited = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = waited.ru_utime + waited.ru_stime
    for process in processes:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        found += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return found


if __name__ == "__main__":
    main()

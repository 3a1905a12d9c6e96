"""Runs a model's pipeline on Flink or Spark: `make flink` and `make spark`.

    python -m tools.beam flink taxi -- --no-cache

starts a job server with the engine in it, unless one is named, and gives `python -m pipeline run`
what comes after `--`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import subprocess
import sys

from tools.beam import engines, jars, job_server
from tools.errors import report


def main() -> None:
    """Runs the pipeline, and ends with its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.beam", description=__doc__.split("\n")[0]
    )
    parser.add_argument("engine", choices=sorted(engines.ENGINES))
    parser.add_argument("model", nargs="?", default="taxi")
    parser.add_argument("--job-server", metavar="HOST:PORT", help="one that is there")
    parser.add_argument("--master", metavar="ADDRESS", help="a cluster for the job server")
    parser.add_argument("--pool", metavar="HOST:PORT", help="workers, as docs/scale.md has them")
    parser.add_argument("--fetch", action="store_true", help="fetch the job server, no more")
    parser.add_argument("--pin", action="store_true", help="write deploy/beam/ENGINE/jars.sha256")
    ours = sys.argv[1:]
    theirs = []
    if "--" in ours:
        place = ours.index("--")
        ours, theirs = ours[:place], ours[place + 1 :]
    arguments = parser.parse_args(ours)
    engine = engines.ENGINES[arguments.engine]
    if arguments.pin:
        print(f"Written: {jars.pin(engine.name)}")
        return
    if arguments.fetch:
        jars.fetch(engine.name)
        return
    with contextlib.ExitStack() as stack:
        address = arguments.job_server
        if address is None:
            libraries = jars.fetch(engine.name)
            log = libraries.parent / f"{engine.name}.log"
            server = job_server.running(engine, libraries, log, arguments.master)
            address = stack.enter_context(server).address
        args = json.dumps(engines.beam_args(engine, address, arguments.pool))
        command = [sys.executable, "-m", "pipeline", "run", arguments.model]
        sys.exit(_run([*command, "--set", f"beam.args={args}", *theirs]))


def _run(command: list[str]) -> int:
    """Runs a command, which the terminal's Ctrl-C reaches too, to its end."""
    process = subprocess.Popen(command)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    return process.wait()


if __name__ == "__main__":
    sys.exit(report(main))

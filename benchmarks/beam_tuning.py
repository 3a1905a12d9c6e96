"""The data nodes with and without `pipeline.local.beam_tuning`.

    python benchmarks/beam_tuning.py [--repeat N]

Each turn is a process of its own, which runs ExampleGen to Transform on the taxi trips.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NODES = ("ExampleGen", "StatisticsGen", "Transform")


def main() -> None:
    """Runs both ways alternately and prints each node's median seconds and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--turn", choices=("stock", "tuned"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.turn:
        print(json.dumps(seconds_by_node(tuned=arguments.turn == "tuned")))
        return
    turns: dict[str, list[dict[str, float]]] = {"stock": [], "tuned": []}
    for _ in range(arguments.repeat):
        for name, results in turns.items():
            command = [sys.executable, __file__, "--turn", name]
            done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
            results.append(json.loads(done.stdout.splitlines()[-1]))
    for node in NODES:
        stock, tuned = (
            statistics.median(turn[node] for turn in turns[name]) for name in ("stock", "tuned")
        )
        print(f"{node:14} stock {stock:5.1f} s  tuned {tuned:5.1f} s  ratio {tuned / stock:.2f}")


class _FarEnoughError(Exception):
    """Ends a pipeline after the last node of interest."""


def seconds_by_node(*, tuned: bool) -> dict[str, float]:
    """Runs the data nodes in this process."""
    sys.path.insert(0, str(ROOT))
    from tfx.orchestration.local.local_dag_runner import LocalDagRunner
    from tfx.orchestration.portable import launcher

    from pipeline.config import loading
    from pipeline.graph.pipeline import create_pipeline
    from pipeline.graph.target import Target
    from pipeline.local import beam_tuning

    seconds: dict[str, float] = {}
    launch = launcher.Launcher.launch

    def timed(self: launcher.Launcher) -> object:
        node = self._pipeline_node.node_info.id
        started = time.monotonic()
        done = launch(self)
        seconds[node] = time.monotonic() - started
        if node == NODES[-1]:
            raise _FarEnoughError
        return done

    launcher.Launcher.launch = timed
    if tuned:
        beam_tuning.tune()
    with tempfile.TemporaryDirectory() as folder:
        target = Target(folder, f"{folder}/serving", keeps_metadata=True)
        graph = create_pipeline("taxi", loading.load("taxi"), target)
        with contextlib.suppress(_FarEnoughError):
            LocalDagRunner().run(graph)
    return seconds


if __name__ == "__main__":
    main()

"""Rows a second of each node, from one large file to the pushed model, and the most memory.

    python -m benchmarks.rows [--rows N ...] [--template-rows N ...] [--format csv]
        [--peers PYTHON]

Each turn runs the taxi model cold, one trial and one epoch, on one file of so many trips; then the
template that ships with TFX on the same file, with all of its nodes; then, by an interpreter of
its own that has duckdb, polars and scikit-learn, what each of these does on it: see `peers.py`.
Nodes that run at once each have the time that both took. The rows of a node are those of the whole
file. Memory is that of all of a run's processes together, with what they share counted once.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.rows import trips
from benchmarks.rows.memory import watched
from benchmarks.stock_template import ROOT, copy_template, make_project

_SHORT = ("training.epochs=1", "tuning.trials=1", "tuning.epochs=1")
_UNBLESSED = 3
"""The exit status where a model is trained from too few rows to be pushed."""
_HERE = Path(__file__).resolve().parent


def main() -> None:
    """Takes the turns one after the other and prints a line for each node."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    sizes = [10_000, 300_000, 1_000_000, 10_000_000]
    parser.add_argument("--rows", nargs="*", type=int, default=sizes)
    parser.add_argument("--template-rows", nargs="*", type=int, default=sizes[:3])
    parser.add_argument("--format", choices=["csv", "parquet"], default="csv")
    parser.add_argument("--peers", help="an interpreter that has duckdb, polars and scikit-learn")
    parser.add_argument("--folder", type=Path, help="where to work; by default a temporary one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        for rows in sorted({*options.rows, *options.template_rows}):
            table = folder / f"trips.{options.format}"
            trips.write(ROOT / "data" / "taxi" / "trips.csv", rows, table)
            if rows in options.rows:
                ours(folder / "project", table, rows)
                if options.peers:
                    peers(options.peers, table, rows)
            if rows in options.template_rows and options.format == "csv":
                template(folder / "template", table, rows)
            table.unlink()


def ours(project: Path, table: Path, rows: int) -> None:
    """A run of this project."""
    make_project(project)
    (project / "data" / "taxi" / "trips.csv").unlink()
    data = f"data/taxi/{table.name}"
    (project / data).hardlink_to(table)
    sets = [f"data.path={data}", f"data.format={table.suffix[1:]}", *_SHORT]
    command = [sys.executable, "-m", "pipeline", "run", "taxi", *(f"--set={one}" for one in sets)]
    peak = run("ours", command, project, rows)
    [record] = [json.loads(path.read_text()) for path in project.glob("runs/*/run.json")]
    _print_nodes({node["name"]: node["seconds"] for node in record["nodes"]}, rows)
    print(f"  {'most memory':18} {peak / 1e9:10.2f} GB", flush=True)
    shutil.rmtree(project)


def template(folder: Path, table: Path, rows: int) -> None:
    """A run of TFX's template."""
    copy_template(folder)
    shutil.copy(table, folder / "data" / "data.csv")
    seconds = folder / "seconds.json"
    command = [sys.executable, str(_HERE / "nodes_of_template.py"), str(seconds)]
    peak = run("template", command, folder, rows, TF_USE_LEGACY_KERAS="1")
    _print_nodes(json.loads(seconds.read_text()), rows)
    print(f"  {'most memory':18} {peak / 1e9:10.2f} GB", flush=True)
    shutil.rmtree(folder)


def peers(python: str, table: Path, rows: int) -> None:
    """What other programs do with the same file."""
    done = subprocess.run(
        [python, str(_HERE / "peers.py"), str(table)], check=True, stdout=subprocess.PIPE, text=True
    )
    print(f"peers, {rows:,} rows")
    _print_nodes(json.loads(done.stdout), rows)


def run(name: str, command: list[str], folder: Path, rows: int, **environment: str) -> float:
    """Runs a command, prints its seconds, and returns the most memory."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds, peak = watched(command, folder, environment, (0, _UNBLESSED))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{name}, {rows:,} rows: {seconds:.1f} s, CPU {cpu:.1f} s", flush=True)
    return peak


def _print_nodes(seconds: dict[str, float], rows: int) -> None:
    for node, taken in seconds.items():
        print(f"  {node:18} {taken:8.1f} s {rows / max(taken, 0.1):12,.0f} rows/s", flush=True)


if __name__ == "__main__":
    main()

"""Scaffolded models, not edited, beside gradient-boosted trees and a plain network.

    python benchmarks/tables.py [--table NAME]... [--trials N] [--packages FOLDER] [--json FILE]

For each table: `pipeline new NAME --yes`, `pipeline run NAME`, and then, on the same rows and the
same splits, scikit-learn's HistGradientBoosting with its defaults, the best of it and N random
draws of its hyperparameters by the eval split, and a network of two dense layers of 64 on z-scores
and embedded categories. Trees and plain network get the columns that the scaffolded model has, with
the parts of dates, and texts as 20 components of their words' weights. Figures are of the test
split: AUC, accuracy, or root mean squared error, of a heavy-tailed label on its logarithm.

Packages come from the package index once, into a folder; nothing of them is a part of the project.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from _tables.sources import SOURCES, Source, download
from stock_template import ROOT, make_project

HELD = 0.01
"""Within this share of the better trees a network holds its own."""
UNBLESSED = 3


def main() -> None:
    """Prints a line for each table, and how often each goal is met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", action="append", choices=[one.name for one in SOURCES])
    parser.add_argument("--trials", type=int, default=10, help="draws of the trees' search")
    parser.add_argument("--packages", type=Path, default=Path.home() / ".cache" / "tables")
    parser.add_argument("--json", type=Path, help="where to write the figures too")
    options = parser.parse_args()
    options.packages.mkdir(parents=True, exist_ok=True)
    wanted = [one for one in SOURCES if not options.table or one.name in options.table]
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "project")
        make_project(project)
        for source in wanted:
            figures = measure(source, project, options.packages, options.trials)
            found[source.name] = figures
            print(line(source, figures), flush=True)
            if options.json:
                options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    holds = [name for name, figures in found.items() if loss(figures, "best") <= HELD]
    worse = [name for name, figures in found.items() if loss(figures, "plain") > 0]
    print(f"within 1 % of the better trees, or better: {len(holds)} of {len(found)}")
    print(f"worse than the plain network: {', '.join(worse) or 'never'}")


def measure(source: Source, project: Path, packages: Path, trials: int) -> dict[str, Any]:
    """Scaffolds, runs and judges one table; the figures by name."""
    file = download(source, packages, ROOT)
    # Another name than that of a model that the project has.
    name = f"table_{source.name}"
    path = project / "data" / name / "table.csv"
    path.parent.mkdir(parents=True)
    source.read(file).to_csv(path, index=False)
    table = str(path.relative_to(project))
    new = [sys.executable, "-m", "pipeline", "new", name, "--data", table]
    called(project, [*new, "--label", source.label, "--yes"])
    began = time.monotonic()
    called(project, [sys.executable, "-m", "pipeline", "run", name], allowed=(0, UNBLESSED))
    seconds = round(time.monotonic() - began, 1)
    rivals = str(ROOT / "benchmarks" / "_tables" / "rivals.py")
    printed = called(project, [sys.executable, rivals, name, source.label, str(trials)])
    figures = json.loads(printed.splitlines()[-1])
    figures["seconds"]["run"] = seconds
    return figures


def called(project: Path, command: list[str], allowed: tuple[int, ...] = (0,)) -> str:
    """What a command printed.

    Raises:
        SystemExit: It ended with another status than those that are allowed.
    """
    ended = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    if ended.returncode not in allowed:
        raise SystemExit(
            f"{' '.join(command)} ended with {ended.returncode}:\n"
            f"{ended.stdout[-3000:]}{ended.stderr[-3000:]}"
        )
    return ended.stdout


def loss(figures: dict[str, Any], rival: str) -> float:
    """By which share of the rival's figure the network is worse; negative where it is better."""
    network = figures["network"]
    is_error = figures["task"] in ("regression", "log", "count")
    if rival == "best":
        beside = (min if is_error else max)(figures["trees"], figures["tuned"])
    else:
        beside = figures[rival]
    return (network - beside) / beside if is_error else (beside - network) / beside


def line(source: Source, figures: dict[str, Any]) -> str:
    """A table's figures in words."""
    shown = "  ".join(
        f"{name} {figures[name]:.5g}" for name in ("network", "trees", "tuned", "plain")
    )
    return (
        f"{source.name:10} {figures['rows']:7,} rows  {figures['task']:11}  {shown}  "
        f"worse than the better trees by {loss(figures, 'best'):.2%}, "
        f"run {figures['seconds']['run']:.0f} s ({source.about}; {source.package}, "
        f"{source.licence})"
    )


if __name__ == "__main__":
    main()

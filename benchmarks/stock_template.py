"""A cold run of this project beside a cold run of the taxi template that ships with TFX.

    python benchmarks/stock_template.py [--repeat N]

Both train on the taxi trips on this machine, one after the other. The template gets all of its
nodes enabled and nothing else changed; it has no tuner, no gate and no serving check. Both models
are then asked the rows of this project's test split, which neither was trained on: the template
gets the data without them.
"""

from __future__ import annotations

import argparse
import compileall
import csv
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("pipeline", "components", "models", "data", "pyproject.toml", ".python-version")
AUC = Path(__file__).with_name("_tables") / "auc.py"


def main() -> None:
    """Runs both, alternating, and prints times and quality."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=1)
    repeat = parser.parse_args().repeat
    seconds: dict[str, list[tuple[float, float]]] = {"template": [], "project": []}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(repeat):
            home = Path(folder, str(turn))
            project, template = home / "project", home / "template"
            make_project(project)
            seconds["project"].append(
                timed([sys.executable, "-m", "pipeline", "run", "taxi"], project)
            )
            make_template(template, project)
            compileall.compile_dir(template, quiet=1)
            seconds["template"].append(
                timed([sys.executable, "local_runner.py"], template, TF_USE_LEGACY_KERAS="1")
            )
        quality = json.loads(
            subprocess.run(
                [sys.executable, AUC, project, template],
                check=True,
                capture_output=True,
                text=True,
            ).stdout.splitlines()[-1]
        )
    for name, times in seconds.items():
        wall, cpu = (statistics.median(values) for values in zip(*times, strict=True))
        print(f"{name:9} wall {wall:6.1f} s  CPU {cpu:6.1f} s  test AUC {quality[name]:.4f}")
    ratios = [
        statistics.median(p[i] / t[i] for p, t in zip(*reversed(seconds.values()), strict=True))
        for i in (0, 1)
    ]
    print(f"project / template: wall {ratios[0]:.2f}, CPU {ratios[1]:.2f}")


def make_project(folder: Path) -> None:
    """A copy of this project that has never run, with its bytecode, as packages have theirs."""
    folder.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    compileall.compile_dir(folder, quiet=1)


def make_template(folder: Path, project: Path) -> None:
    """TFX's taxi template with all nodes enabled, on the rows that are not in our test split."""
    copy_template(folder)
    leave_out_test_rows(folder / "data" / "data.csv", project)


def copy_template(folder: Path) -> None:
    """TFX's taxi template with all nodes enabled."""
    environment = {**os.environ, "HOME": str(folder.parent)}
    tfx = Path(sys.executable).with_name("tfx")
    command = [str(tfx), "template", "copy", "--model", "taxi", "--pipeline_name", "stock"]
    subprocess.run(
        [*command, "--destination_path", str(folder)],
        check=True,
        capture_output=True,
        env=environment,
    )
    graph = folder / "pipeline" / "pipeline.py"
    text = re.sub(r"^( +)# (components\.append)", r"\1\2", graph.read_text(), flags=re.MULTILINE)
    graph.write_text(text)


def leave_out_test_rows(table: Path, project: Path) -> None:
    """Removes as many rows as our test split has from the template's data, to train on equals."""
    with table.open(newline="") as file:
        header, *rows = csv.reader(file)
    tested = json.loads(
        subprocess.run(
            [sys.executable, AUC, "--rows", project],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.splitlines()[-1]
    )
    key = [header.index(name) for name in ("trip_start_timestamp", "fare", "trip_miles")]
    hidden = {tuple(row) for row in tested}
    kept = [row for row in rows if tuple(f"{float(row[i]):.10g}" for i in key) not in hidden]
    with table.open("w", newline="") as file:
        csv.writer(file).writerows([header, *kept])


def timed(command: list[str], folder: Path, **environment: str) -> tuple[float, float]:
    """Runs a command and returns its wall-clock and CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    with (folder / "benchmark.log").open("w") as log:
        subprocess.run(
            command,
            cwd=folder,
            check=True,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
        )
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()

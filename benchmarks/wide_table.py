"""A table of 2,000 columns beside one of 20 with as many cells: each node's CPU time, as a ratio.

    python benchmarks/wide_table.py [--columns N] [--cells N] [--used N]

Both run the whole pipeline, cold, one after the other in a copy of the project. What a run costs
whatever its data is in both, so with few cells the ratio is too good. CPU time is that of all of a
process's threads, and says little on a machine that does much else.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from stock_template import make_project

NARROW = 20
FILES = {
    "config.yaml": """\
data: {path: data/NAME}
label: y
training: {epochs: 1}
tuning: {mode: frozen}
evaluation: {metrics: {BinaryAccuracy: {at_least: 0.1}}}
""",
    "__init__.py": "",
    "hyperparameters.json": "{}",
    "search_space.py": """\
import keras_tuner

def search_space():
    return keras_tuner.HyperParameters()
""",
    "features.py": "INPUTS = tuple(f'c{i}' for i in range(USED))",
    "preprocessing.py": """\
import tensorflow as tf
import tensorflow_transform as tft
from models.common.preprocessing import fill_missing
from models.NAME import features

def preprocessing_fn(inputs):
    table = tf.stack([fill_missing(inputs[name]) for name in features.INPUTS], axis=1)
    scaled = tft.scale_to_z_score(table, elementwise=True)
    return {"table": scaled, "y": fill_missing(inputs["y"])}
""",
    "model.py": """\
import keras

def build_model(hyperparameters, inputs, transform):
    hidden = keras.layers.Dense(8, activation="relu")(inputs["table"])
    model = keras.Model(dict(inputs), keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile("adam", "binary_crossentropy", jit_compile=False)
    return model
""",
}


def main() -> None:
    """Runs both and prints each node's CPU seconds and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--columns", type=int, default=2_000)
    parser.add_argument("--cells", type=int, default=2_000_000)
    parser.add_argument("--used", type=int, help="columns that the model reads; all by default")
    parser.add_argument("--turn", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.turn:
        print(json.dumps(cpu_by_node(options.turn)))
        return
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "project")
        make_project(project)
        narrow = measured(project, "narrow", NARROW, options.cells, options.used)
        wide = measured(project, "wide", options.columns, options.cells, options.used)
    for node in wide:
        ratio = wide[node] / max(narrow[node], 0.1)
        print(
            f"{node:18} wide {wide[node]:6.1f} s  narrow {narrow[node]:6.1f} s  ratio {ratio:5.1f}",
            flush=True,
        )


def measured(
    project: Path, name: str, columns: int, cells: int, used: int | None
) -> dict[str, float]:
    """Runs a model on a table of so many columns; returns each node's CPU seconds, and of all."""
    used = min(used or columns, columns)
    for file, text in FILES.items():
        path = project / "models" / name / file
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.replace("NAME", name).replace("USED", str(used)))
    (project / "data" / name).mkdir()
    draw = random.Random(0)
    with (project / "data" / name / "t.csv").open("w") as table:
        table.write(",".join(f"c{i}" for i in range(columns)) + ",y\n")
        for _ in range(cells // columns):
            row = [draw.gauss(0, 1) for _ in range(columns)]
            table.write(",".join(f"{x:.2f}" for x in row) + f",{int(row[0] > 0)}\n")
    command = [sys.executable, str(Path(__file__).resolve()), "--turn", name]
    done = subprocess.run(command, cwd=project, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"The run of {name} failed:\n{done.stderr[-2_000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return {**found, "all nodes": sum(found.values())}


def cpu_by_node(model: str) -> dict[str, float]:
    """Runs a model of the project in the working directory, in this process."""
    sys.path[:] = [str(Path.cwd()), *sys.path]
    from tfx.orchestration.portable import launcher

    from pipeline.config import loading
    from pipeline.graph.pipeline import create_pipeline
    from pipeline.local.runner import RecordedLocalDagRunner
    from pipeline.record import run_record

    seconds: dict[str, float] = {}
    launch = launcher.Launcher.launch

    def timed(self: launcher.Launcher) -> object:
        before = os.times()
        done = launch(self)
        after = os.times()
        # Of this process and its children, in user and in system.
        seconds[self._pipeline_node.node_info.id] = sum(after[:4]) - sum(before[:4])
        return done

    launcher.Launcher.launch = timed
    record = run_record.new(model, loading.load(model))
    runner = RecordedLocalDagRunner(record)
    runner.run(create_pipeline(model, record.config))
    if record.failure:
        sys.exit(f"The run failed: {record.failure.headline}")
    return seconds


if __name__ == "__main__":
    main()

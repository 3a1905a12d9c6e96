"""A table of 2,000 columns beside one of 20 with as many cells: seconds for each node, as ratios.

    python benchmarks/wide_table.py [--columns N] [--cells N]

Both run the whole pipeline, cold, one after the other in a copy of the project. What a run costs
whatever its data is in both, so with few cells the ratio is too good.
"""

from __future__ import annotations

import argparse
import json
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
    "features.py": "INPUTS = tuple(f'c{i}' for i in range(COLUMNS))",
    "preprocessing.py": """\
import tensorflow as tf
import tensorflow_transform as tft
from models.NAME import features

def preprocessing_fn(inputs):
    table = tf.stack([tf.reshape(inputs[name], [-1]) for name in features.INPUTS], axis=1)
    scaled = tft.scale_to_z_score(table, elementwise=True)
    return {"table": scaled, "y": tf.reshape(inputs["y"], [-1])}
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
    """Runs both and prints each node's seconds and ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--columns", type=int, default=2_000)
    parser.add_argument("--cells", type=int, default=2_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "project")
        make_project(project)
        narrow = seconds(project, "narrow", NARROW, options.cells)
        wide = seconds(project, "wide", options.columns, options.cells)
    for node in wide:
        ratio = wide[node] / max(narrow[node], 0.1)
        print(
            f"{node:18} wide {wide[node]:6.1f} s  narrow {narrow[node]:6.1f} s  ratio {ratio:5.1f}"
        )


def seconds(project: Path, name: str, columns: int, cells: int) -> dict[str, float]:
    """Runs a model on a table of so many columns; returns each node's seconds, and in all."""
    for file, text in FILES.items():
        path = project / "models" / name / file
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.replace("NAME", name).replace("COLUMNS", str(columns)))
    (project / "data" / name).mkdir()
    draw = random.Random(0)
    with (project / "data" / name / "t.csv").open("w") as table:
        table.write(",".join(f"c{i}" for i in range(columns)) + ",y\n")
        for _ in range(cells // columns):
            row = [draw.gauss(0, 1) for _ in range(columns)]
            table.write(",".join(f"{x:.2f}" for x in row) + f",{int(row[0] > 0)}\n")
    command = [sys.executable, "-m", "pipeline", "run", name]
    subprocess.run(command, cwd=project, check=True, stdout=subprocess.DEVNULL)
    [record] = project.glob(f"runs/{name}-*/run.json")
    nodes = json.loads(record.read_text())["nodes"]
    found = {node["name"]: node["seconds"] or 0.0 for node in nodes}
    return {**found, "all nodes": sum(found.values())}


if __name__ == "__main__":
    main()

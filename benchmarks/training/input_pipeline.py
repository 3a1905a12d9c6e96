"""Epochs of training that read their data, beside epochs of batches that are ready.

    python benchmarks/training/input_pipeline.py [--epochs N]

Preprocessing is fitted to the taxi trips once. Then one network learns in turns from what training
reads by and from the same batches held in memory, and the ratio is that of the rows per second: 1
would be an input pipeline that takes no time.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from stock_template import make_project

HYPERPARAMETERS = {"learning_rate": 0.001, "units": 64, "layers": 2, "dropout": 0.1}


def main() -> None:
    """Prepares a project in a folder of its own, measures there, and prints medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--turn", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.turn:
        measure(options.epochs)
        return
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "project")
        make_project(project)
        command = [sys.executable, "-m", "pipeline", "run", "taxi", "--to", "Transform"]
        subprocess.run(command, cwd=project, check=True, capture_output=True)
        this = [sys.executable, str(Path(__file__).resolve()), "--turn"]
        subprocess.run([*this, "--epochs", str(options.epochs)], cwd=project, check=True)


def measure(epochs: int) -> None:
    """Measures in the project in the working directory."""
    sys.path.insert(0, str(Path.cwd()))
    import tensorflow as tf
    import tensorflow_transform as tft

    from models.common import examples, training
    from models.common.plan import Plan
    from models.taxi import features

    [split] = Path("runs/taxi/ExampleGen/examples").glob("*")
    [fitted] = Path("runs/taxi/Transform/transform_graph").glob("*")
    files = {name: examples.files_of([f"{split}/Split-{name}/*"]) for name in ("train", "eval")}
    transform = tft.TFTransformOutput(str(fitted))
    plan = Plan("taxi", "big_tipper", ("tips",), tuple(features.INPUTS), 1, 64)
    read, _ = training.datasets(plan, transform, files["train"], files["eval"])
    held = [*read][:-1]  # The last batch is smaller.
    ready = tf.data.Dataset.from_tensor_slices(
        tf.nest.map_structure(lambda *batches: tf.stack(batches), *held)
    ).cache()
    model = training.build(plan, HYPERPARAMETERS, transform)
    seconds: dict[str, list[float]] = {"read": [], "ready": []}
    data: dict[str, Any] = {"read": read.take(len(held)), "ready": ready}
    for epoch in range(epochs + 1):
        for name, batches in data.items():
            began = time.perf_counter()
            model.fit(batches, epochs=1, verbose=0, shuffle=False)
            if epoch:  # In the first one TensorFlow traces the step.
                seconds[name].append(time.perf_counter() - began)
    rates = {
        name: len(held) * plan.batch_size / statistics.median(times)
        for name, times in seconds.items()
    }
    for name, rate in rates.items():
        print(f"{name:5} {rate:9,.0f} rows/s")
    print(f"read / ready: {rates['read'] / rates['ready']:.2f}")


if __name__ == "__main__":
    main()

"""Asks both pushed models the rows of the project's test split (a step of `stock_template.py`)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf


def test_examples(project: Path) -> list[bytes]:
    """The serialized examples of the project's test split."""
    files = [str(path) for path in project.glob("runs/taxi/ExampleGen/examples/*/Split-test/*")]
    return list(tf.data.TFRecordDataset(files, compression_type="GZIP").as_numpy_iterator())


def number(example: tf.train.Example, name: str) -> float:
    """A numeric feature's value, 0 where it has none."""
    feature = example.features.feature[name]
    values = getattr(feature, feature.WhichOneof("kind")).value
    return float(values[0]) if values else 0.0


def auc(model: Path, signature: str, rows: list[bytes], labels: list[bool]) -> float:
    """The area under the ROC curve of one model."""
    loaded = tf.saved_model.load(str(model))
    [answers] = loaded.signatures[signature](tf.constant(rows)).values()
    metric = keras.metrics.AUC(num_thresholds=10_000)
    metric.update_state(labels, np.reshape(answers, -1))
    return float(metric.result())


def main() -> None:
    """Prints JSON: each model's AUC, or with --rows what identifies the test rows."""
    project = Path(sys.argv[2] if sys.argv[1] == "--rows" else sys.argv[1])
    rows = test_examples(project)
    examples = [tf.train.Example.FromString(row) for row in rows]
    if sys.argv[1] == "--rows":
        names = ("trip_start_timestamp", "fare", "trip_miles")
        print(json.dumps([[f"{number(e, n):.10g}" for n in names] for e in examples]))
        return
    labels = [number(e, "tips") > 0.2 * number(e, "fare") for e in examples]
    [ours] = project.glob("serving_models/taxi/*")
    [theirs] = Path(sys.argv[2]).glob("tfx_pipeline_output/stock/serving_model/*")
    quality = {
        "project": auc(ours, "serving_examples", rows, labels),
        "template": auc(theirs, "serving_default", rows, labels),
    }
    print(json.dumps(quality))


if __name__ == "__main__":
    main()

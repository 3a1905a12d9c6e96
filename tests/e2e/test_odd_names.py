"""A table with columns of any name: trained, judged, served, and asked by the real names."""

from __future__ import annotations

import csv
import json
import random
import sys
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import requests
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from tests.e2e.project_copy import Project, copy_with_tiny
from tests.helpers.grpc_in_process import prediction_service
from tests.helpers.model_server import running

pytestmark = pytest.mark.e2e

NUMBERS = (
    "price (EUR)", "größe", "from:to", "pop/km2", "1st", "x.y", "A", "a", "self", "_x", "😀",
    "a-b", "inputs", "x y", "x:y", "x,y", 'in "inch"', "back\\slash", "line\nbreak", "n" * 300,
)  # fmt: skip
WORDS = "class"
OPTIONAL = "größe"
CONFIG = """
data: {path: data/odd/*.csv}
label: 'y/z (€)'
training: {epochs: 1}
evaluation:
  slices: [class, 'from:to', [class, 'from:to']]
  metrics: {BinaryAccuracy: {at_least: 0.01}}
"""
PREPROCESSING = """
import tensorflow as tf
import tensorflow_transform as tft

from models.common.preprocessing import fill_missing
from models.odd import features


def preprocessing_fn(inputs):
    outputs = {
        name.replace("/", "|"): tf.cast(fill_missing(inputs[name]), tf.float32)
        for name in features.NUMBERS
    }
    words = fill_missing(inputs[features.WORDS])
    outputs["class"] = tft.compute_and_apply_vocabulary(words, num_oov_buckets=1)
    outputs["y/z (€)"] = tf.cast(fill_missing(inputs["y/z (€)"]), tf.int64)
    return outputs
"""
MODEL = """
import keras


def build_model(hyperparameters, inputs, transform):
    columns = [keras.ops.cast(tensor, "float32") for tensor in inputs.values()]
    answer = keras.layers.Dense(1, "sigmoid")(keras.layers.Concatenate()(columns))
    model = keras.Model(dict(inputs), answer)
    model.compile("adam", "binary_crossentropy", jit_compile=False)
    return model
"""
SEARCH_SPACE = """
import keras_tuner


def search_space():
    return keras_tuner.HyperParameters()
"""


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with such a table, and the model that was pushed from it."""
    project = copy_with_tiny(tmp_path_factory.mktemp("odd"))
    features = f"NUMBERS = {NUMBERS!r}\nWORDS = {WORDS!r}\nINPUTS = (*NUMBERS, WORDS)\n"
    for name, text in {
        "__init__.py": "", "config.yaml": CONFIG, "features.py": features, "model.py": MODEL,
        "preprocessing.py": PREPROCESSING, "search_space.py": SEARCH_SPACE,
        "hyperparameters.json": "{}",
    }.items():  # fmt: skip
        path = project.root / "models" / "odd" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (project.root / "data" / "odd").mkdir()
    numbers = random.Random(1)
    with (project.root / "data/odd/t.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow([*NUMBERS, WORDS, "y/z (€)"])
        for row in range(200):
            cells: list[Any] = [round(numbers.gauss(0, 1), 3) for _ in NUMBERS]
            cells[NUMBERS.index("from:to")] = row % 3
            if row % 7 == 0:
                cells[NUMBERS.index(OPTIONAL)] = ""
            table.writerow([*cells, numbers.choice(["biz", "eco"]), int(cells[0] > 0)])
    outcome = project.run("odd")
    assert outcome.status == 0, outcome
    assert "class, from:to" in outcome.stdout
    return project


def known_answers(project: Project) -> dict[str, Any]:
    [version] = project.versions("odd")
    answers: dict[str, Any] = json.loads((version / "assets.extra/known_answers.json").read_text())
    return answers


def test_the_server_takes_the_columns_names(odd: Project) -> None:
    known = known_answers(odd)
    rows, expected = known["rows"], np.ravel(known["outputs"]["outputs"])
    with running(odd.root / "serving_models") as server:
        url = f"{server.url}/v1/models/odd:predict"
        answered = requests.post(url, json={"instances": rows}, timeout=60)
        assert np.ravel(answered.json()["predictions"]) == pytest.approx(expected, rel=1e-4)
        columns = {name: [row[name] for row in rows] for name in rows[0] if name != OPTIONAL}
        body = {"inputs": columns | {OPTIONAL: [row.get(OPTIONAL, float("nan")) for row in rows]}}
        answered = requests.post(url, data=json.dumps(body), timeout=60)
        assert np.ravel(answered.json()["outputs"]) == pytest.approx(expected, rel=1e-4)
        examples = [{"b64": example} for example in known["examples"]]
        asked_by_example: Any = {"instances": examples, "signature_name": "serving_examples"}
        answered = requests.post(url, json=asked_by_example, timeout=60)
        assert np.ravel(answered.json()["predictions"]) == pytest.approx(expected, rel=1e-4)
        refused = requests.post(
            url, json={"instances": [rows[0] | {"größe": [1.5, 2.5]}]}, timeout=60
        )
        assert refused.status_code == 400
        assert "Input 'größe': expected shape [-1], received [1, 2]" in refused.json()["error"]

        channel = grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}")
        stub = prediction_service(channel)
        asked = predict_pb2.PredictRequest()
        asked.model_spec.name = "odd"
        for name, values in columns.items():
            dtype = tf.string if name == WORDS else tf.int64 if name == "from:to" else tf.float32
            asked.inputs[name].CopyFrom(tf.make_tensor_proto(values, dtype))
        given = [row.get(OPTIONAL, float("nan")) for row in rows]
        asked.inputs[OPTIONAL].CopyFrom(tf.make_tensor_proto(given, tf.float32))
        outputs = tf.make_ndarray(stub.Predict(asked).outputs["outputs"])
        assert np.ravel(outputs) == pytest.approx(expected, rel=1e-4)


def test_whole_files_are_predicted_for(odd: Project, tmp_path: Path) -> None:
    done = odd.command(
        *(sys.executable, "-m", "serving", "batch", "odd", "--input", "data/odd/t.csv"),
        *("--output", str(tmp_path / "predictions")),
        PYTHONPATH=str(Path(__file__).resolve().parents[2]),
    )
    assert done.returncode == 0, done.stderr
    assert "200 rows" in done.stdout + done.stderr

"""Rows with the predictions that training computed for them, stored with the exported model.

Whoever serves the model can ask it the same rows and compare. The file is
`assets.extra/known_answers.json`: `{"rows": [{feature: value}, ...], "examples": [base64, ...],
"outputs": {name: [[number]]}}`; a feature that a row lacks is absent from its object, and bytes
that are not UTF-8 text are `{"b64": ...}`, as in TensorFlow Serving's REST API.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft

from models.common import examples
from models.common.errors import ModelCodeError
from models.common.plan import Plan

PATH = "assets.extra/known_answers.json"


def write(
    model: keras.Model,
    transform: tft.TFTransformOutput,
    plan: Plan,
    files: Sequence[str],
    export_path: str,
) -> None:
    """Computes the answers with the network in memory, not with the export, and stores them.

    Raises:
        ModelCodeError: The network gives another number of predictions than it gets rows.
    """
    serialized = list(examples.records(files).take(plan.known_answers).as_numpy_iterator())
    transformed = examples.transformer(transform)(tf.constant(serialized))
    outputs = model(examples.model_inputs(transformed, plan.label), training=False)
    if not isinstance(outputs, dict):
        outputs = {"outputs": outputs}
    for name, value in outputs.items():
        if value.shape[:1] != [len(serialized)]:
            raise ModelCodeError(
                f"models/{plan.model}/model.py: the network does not answer each row once",
                f"Expected: '{name}' of shape [{len(serialized)}, ...] for {len(serialized)} rows. "
                f"Received: {value.shape.as_list()}.",
                "Keep the first dimension, which is the batch, in every layer and operation.",
            )
    content = {
        "rows": [row(example, plan.inputs) for example in serialized],
        "examples": [base64.b64encode(example).decode() for example in serialized],
        "outputs": {name: value.numpy().tolist() for name, value in outputs.items()},
    }
    path = f"{export_path}/{PATH}"
    tf.io.gfile.makedirs(path.rpartition("/")[0])
    with tf.io.gfile.GFile(path, "w") as file:
        json.dump(content, file, indent=2)


def decode(example: str) -> bytes:
    """A serialized `tf.Example` from the file's `examples`."""
    return base64.b64decode(example)


def row(serialized: bytes, inputs: Sequence[str]) -> dict[str, Any]:
    """A serialized `tf.Example` as a row of a JSON request, with the named features that it has."""
    features = tf.train.Example.FromString(serialized).features.feature
    values = {}
    for name in inputs:
        feature = features[name] if name in features else tf.train.Feature()
        kind = feature.WhichOneof("kind")
        items = [_json(value) for value in getattr(feature, kind).value] if kind else []
        if items:
            values[name] = items[0] if len(items) == 1 else items
    return values


def _json(value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(value).decode()}

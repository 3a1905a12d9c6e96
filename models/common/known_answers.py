"""Rows with the predictions that training computed for them, stored with the exported model.

Whoever serves the model can ask it the same rows and compare. The file is
`assets.extra/known_answers.json`: `{"rows": [{feature: value}, ...], "examples": [base64, ...],
"outputs": {name: [[number]]}}`; a feature that a row lacks is absent from its object, and bytes
that are not UTF-8 text are `{"b64": ...}`, as in TensorFlow Serving's REST API. Lists of any length
are padded to the longest with the marker of a missing value, which for floats is NaN.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from models.common import examples, outputs, raw_inputs
from models.common.errors import ModelCodeError
from models.common.plan import Plan
from models.common.raw_inputs import Column

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
    answers = outputs.answers(model, examples.model_inputs(transformed, *plan.labels))
    for name, value in answers.items():
        if value.shape[:1] != [len(serialized)]:
            raise ModelCodeError(
                f"models/{plan.model}/model.py: the network does not answer each row once",
                f"Expected: '{name}' of shape [{len(serialized)}, ...] for {len(serialized)} rows. "
                f"Received: {value.shape.as_list()}.",
                "Keep the first dimension, which is the batch, in every layer and operation.",
            )
    content = {
        "rows": rows(serialized, request_columns(transform, plan)),
        "examples": [base64.b64encode(example).decode() for example in serialized],
        "outputs": {name: value.numpy().tolist() for name, value in answers.items()},
    }
    path = f"{export_path}/{PATH}"
    tf.io.gfile.makedirs(path.rpartition("/")[0])
    with tf.io.gfile.GFile(path, "w") as file:
        json.dump(content, file, indent=2)


def request_columns(transform: tft.TFTransformOutput, plan: Plan) -> list[Column]:
    """The columns that a request may carry."""
    spec = transform.raw_feature_spec()
    wanted = {name: spec[name] for name in plan.inputs}
    return raw_inputs.columns(transform.raw_metadata.schema, wanted)


def decode(example: str) -> bytes:
    """A serialized `tf.Example` from the file's `examples`."""
    return base64.b64decode(example)


def rows(serialized: Sequence[bytes], columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Serialized `tf.Example`s as the rows of one JSON request.

    The lists of a column are as long as the longest, as a request needs them: what a row lacks of
    them is the marker of a missing value. Arrays of several dimensions are lists of lists.
    """
    found = [row(example, [column.name for column in columns]) for example in serialized]
    for column in columns:
        if len(column.shape) > 1:
            for one in found:
                array = np.array(one[column.name], dtype=object)
                one[column.name] = array.reshape(column.shape).tolist()
        if column.shape != (None,):
            continue
        given = [one.get(column.name, []) for one in found]
        lists = [value if isinstance(value, list) else [value] for value in given]
        longest = max(map(len, lists), default=0)
        if longest:
            for one, items in zip(found, lists, strict=True):
                missing = raw_inputs.MISSING[column.dtype]
                one[column.name] = items + [missing] * (longest - len(items))
    return found


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

"""Exports a trained Keras 3 model with its preprocessing as a SavedModel for TensorFlow Serving.

Signatures:

* `serving_default`: raw features as named tensors, so that a row of JSON is a request;
* `serving_examples`: serialized `tf.Example`s, [batch] of string;
* `transform_features`: serialized `tf.Example`s to transformed features, the label among them.

`keras.export.ExportArchive` writes it, because a Keras 3 model written by `tf.saved_model.save`
loads in Python and then fails every request in TensorFlow Serving's C++ loader (`Could not find
variable`).

A row that is asked is a row that is answered: tensors of other shapes than a signature declares are
errors in the graph itself, wherever it is loaded.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft

from models.common import examples, raw_inputs, signature_names


def export(
    model: keras.Model,
    transform: tft.TFTransformOutput,
    *,
    label: str,
    label_columns: Collection[str],
    inputs: Collection[str],
    path: str,
) -> None:
    """Writes the SavedModel.

    Args:
        model: The trained network; takes transformed features, returns one tensor or a dict of
        them. transform: The fitted preprocessing.
        label: The label among the transformed features.
        label_columns: Raw columns that no request carries.
        inputs: Raw columns that a request may carry.
        path: The folder to write.
    """
    full_spec = transform.raw_feature_spec()
    # Parsing specs outside of the traced functions keeps schema parsing out of the trace.
    request_spec = {name: full_spec[name] for name in inputs if name not in label_columns}
    columns = raw_inputs.columns(transform.raw_metadata.schema, request_spec)
    safe = signature_names.safe_names(request_spec)
    arguments = [dataclasses.replace(column, name=safe[column.name]) for column in columns]
    layer = transform.transform_features_layer()

    def predict(raw: Mapping[str, Any]) -> dict[str, tf.Tensor]:
        outputs = model(examples.model_inputs(layer(dict(raw)), label), training=False)
        return outputs if isinstance(outputs, dict) else {"outputs": outputs}

    # A function's default values become the signature's defaults: what a server may fill in for an
    # input that a request leaves out.
    def serving_default(features: Any = raw_inputs.defaults(arguments)) -> dict[str, tf.Tensor]:  # noqa: B008
        named = {name: features[argument] for name, argument in safe.items()}
        return predict(raw_inputs.to_parsed(named, columns))

    def serving_examples(inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        return predict(examples.parse(raw_inputs.checked(inputs, "inputs"), request_spec))

    def transform_features(inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        return layer(examples.parse(raw_inputs.checked(inputs, "inputs"), full_spec))

    serialized = tf.TensorSpec([None], tf.string, name=_examples_argument(full_spec))
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.track(layer)
    for function, signature in (
        (serving_default, raw_inputs.signature(arguments)),
        (serving_examples, serialized),
        (transform_features, serialized),
    ):
        archive.add_endpoint(function.__name__, function, input_signature=[signature])
    archive.write_out(path, verbose=False)
    real = {argument: name for name, argument in safe.items()}
    signature_names.rename_inputs(
        path,
        {
            serving_default.__name__: real,
            serving_examples.__name__: {serialized.name: "inputs"},
            transform_features.__name__: {serialized.name: "inputs"},
        },
    )


def _examples_argument(columns: Collection[str]) -> str:
    """What the functions that take serialized examples call them.

    TFMA gives an argument of a column's name that column, and the examples to one of another name.
    """
    name = "inputs"
    while name in columns:
        name = f"examples_{name}"
    return name

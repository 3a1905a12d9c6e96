"""Exports a trained Keras 3 model with its preprocessing as a SavedModel for TensorFlow Serving.

Signatures:

* `serving_default`: raw features as named tensors, so that a row of JSON is a request;
* `serving_examples`: serialized `tf.Example`s, [batch] of string;
* `transform_features`: serialized `tf.Example`s to transformed features, with the label as the
  Evaluator needs it (`labels.encoding.for_judging`);
* `classify`, where the label's classes have names: serialized `tf.Example`s to each class with its
  score, as TensorFlow Serving's Classify answers them.

`keras.export.ExportArchive` writes it, because a Keras 3 model written by `tf.saved_model.save`
loads in Python and then fails every request in TensorFlow Serving's C++ loader (`Could not find
variable`).

A row that is asked is a row that is answered: tensors of other shapes than a signature declares are
errors in the graph itself, wherever it is loaded.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.saved_model import save_context

from models.common import examples, outputs, raw_inputs, signature_names
from models.common.labels import encoding
from models.common.transform_graph import inlined


def export(
    model: keras.Model,
    transform: tft.TFTransformOutput,
    *,
    labels: Sequence[str],
    label_columns: Collection[str],
    inputs: Collection[str],
    path: str,
    classes: Sequence[str] = (),
    judged: str | None = None,
) -> None:
    """Writes the SavedModel.

    Args:
        model: The trained network; takes transformed features, returns one tensor or a dict of
        them. transform: The fitted preprocessing.
        labels: The labels among the transformed features, first the one that is judged.
        label_columns: Raw columns that no request carries.
        inputs: Raw columns that a request may carry.
        path: The folder to write.
        classes: The classes' names of a text label, the first of which is 0; empty where it is a
            number. With them there is a signature `classify`.
        judged: The output that says how likely they are, where the network has several.
    """
    full_spec = transform.raw_feature_spec()
    # Parsing specs outside of the traced functions keeps schema parsing out of the trace.
    request_spec = {name: full_spec[name] for name in inputs if name not in label_columns}
    columns = raw_inputs.columns(transform.raw_metadata.schema, request_spec)
    safe = signature_names.safe_names(request_spec)
    arguments = [dataclasses.replace(column, name=safe[column.name]) for column in columns]
    layer = inlined.layer(transform)

    def predict(raw: Mapping[str, Any]) -> dict[str, tf.Tensor]:
        return outputs.answers(model, examples.model_inputs(layer(raw), *labels))

    # A function's default values become the signature's defaults: what a server may fill in for an
    # input that a request leaves out.
    def serving_default(features: Any = raw_inputs.defaults(arguments)) -> dict[str, tf.Tensor]:  # noqa: B008
        named = {name: features[argument] for name, argument in safe.items()}
        return predict(raw_inputs.to_parsed(named, columns))

    def serving_examples(inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        return predict(examples.parse(raw_inputs.checked(inputs, "inputs"), request_spec))

    def transform_features(inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        transformed = examples.transformer(transform)(raw_inputs.checked(inputs, "inputs"))
        return encoding.for_judging(transformed, next(iter(labels)), classes)

    serialized = tf.TensorSpec([None], tf.string, name=_examples_argument(full_spec))
    archive = _archive()
    archive.track(model)
    archive.track(transform.transform_features_layer())

    def classify(inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        answers = serving_examples(inputs)
        return _classification(answers[judged] if judged else answers[outputs.DEFAULT], classes)

    endpoints: list[tuple[Callable[..., Any], Any]] = [
        (serving_default, raw_inputs.signature(arguments)),
        (serving_examples, serialized),
        (transform_features, serialized),
    ]
    if classes:
        endpoints.append((classify, serialized))
    for function, signature in endpoints:
        archive.add_endpoint(function.__name__, function, input_signature=[signature])
    archive.write_out(path, verbose=False)
    real = {argument: name for name, argument in safe.items()}
    taking_examples = [
        function.__name__ for function, signature in endpoints if signature is serialized
    ]
    signature_names.rename_inputs(
        path,
        {
            serving_default.__name__: real,
            **{name: {serialized.name: "inputs"} for name in taking_examples},
        },
    )
    if classes:
        _set_method(path, classify.__name__, "tensorflow/serving/classify")


def _archive() -> Any:
    """What Keras exports with, so that it traces each endpoint once.

    Keras looks for the variables of its endpoints before it saves them. TensorFlow traces a
    function anew where it is saved, unless it was traced in such a context before.
    """
    archive: Any = keras.export.ExportArchive()
    # Of which class it is, and so whether one could be derived, depends on Keras' version.
    track = archive._filter_and_track_resources

    def tracked() -> None:
        with save_context.save_context(tf.saved_model.SaveOptions()):
            track()

    archive._filter_and_track_resources = tracked
    return archive


def _classification(scores: tf.Tensor, classes: Sequence[str]) -> dict[str, tf.Tensor]:
    """Each class with its score, [batch, classes]; one number is the second of two classes'."""
    width = scores.shape[-1] if scores.shape.rank == 2 else 1
    scores = tf.cast(tf.reshape(scores, [-1, width]), tf.float32)
    if width == 1:
        scores = tf.concat([1 - scores, scores], axis=1)
    names = tf.constant([list(classes)])
    return {"classes": tf.tile(names, [tf.shape(scores)[0], 1]), "scores": scores}


def _set_method(path: str, signature: str, method: str) -> None:
    """Says what a signature is for: Keras writes that each is for Predict."""
    file = f"{path}/saved_model.pb"
    with tf.io.gfile.GFile(file, "rb") as opened:
        saved = saved_model_pb2.SavedModel.FromString(opened.read())
    for graph in saved.meta_graphs:
        graph.signature_def[signature].method_name = method
    with tf.io.gfile.GFile(file, "wb") as opened:
        opened.write(saved.SerializeToString())


def _examples_argument(columns: Collection[str]) -> str:
    """What the functions that take serialized examples call them.

    TFMA gives an argument of a column's name that column, and the examples to one of another name.
    """
    name = "inputs"
    while name in columns:
        name = f"examples_{name}"
    return name

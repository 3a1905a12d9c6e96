"""The small models that the conformance table asks, as SavedModels.

TensorFlow Serving's tests use models of its repository; these have the same arithmetic, so that
its documented answers hold, and further ones for types and shapes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from serving.model import signatures
from serving.model.models_config import FILE, ServedModel, write

VERSION = 123
LABEL = "stable"

v1 = tf.compat.v1


def build(folder: Path) -> None:
    """Writes all models, and the `models.config` that serves them.

    Args:
        folder: A serving folder; created if there is none.
    """
    for name, graph in _GRAPHS.items():
        path = folder / name / str(VERSION)
        if not (path / "saved_model.pb").exists():
            _save(path, graph)
    models = {
        name: ServedModel(name, versions=(VERSION,), labels={LABEL: VERSION}) for name in _GRAPHS
    }
    write(folder / FILE, models)


def _half_plus_two() -> dict[str, object]:
    """Answers x / 2 + 2, as the model of that name in TensorFlow Serving's tests does."""
    half, two = _variable(0.5), _variable(2.0)
    x = v1.placeholder(tf.float32, [None, 1], "x")
    serialized = v1.placeholder(tf.string, [None], "tf_example")
    parsed = v1.parse_example(serialized, {"x": tf.io.FixedLenFeature([1], tf.float32)})
    from_example = parsed["x"] * half + two
    return {
        signatures.DEFAULT: _signature({"x": x}, {"y": x * half + two}, signatures.PREDICT),
        "regress_x_to_y": _signature(
            {"inputs": serialized}, {"outputs": from_example}, signatures.REGRESS
        ),
        "classify_x_to_y": _signature(
            {"inputs": serialized}, {"scores": from_example}, signatures.CLASSIFY
        ),
        # As TensorFlow 2 exports whatever it exports.
        "regress_as_predict": _signature(
            {"inputs": serialized}, {"outputs": from_example}, signatures.PREDICT
        ),
        "classify_as_predict": _signature(
            {"inputs": serialized}, {"scores": from_example}, signatures.PREDICT
        ),
    }


def _types() -> dict[str, object]:
    """Gives each of its inputs back."""
    inputs = {
        f"{dtype.name}_tensor": v1.placeholder(dtype, None, f"{dtype.name}_tensor")
        for dtype in (
            tf.float32, tf.float64, tf.int8, tf.uint8, tf.int16, tf.int32, tf.int64, tf.uint32,
            tf.uint64, tf.bool, tf.string,
        )
    }  # fmt: skip
    each = {
        name: _signature({"x": tensor}, {"y": tf.identity(tensor)}, signatures.PREDICT)
        for name, tensor in inputs.items()
    }
    text = inputs["string_tensor"]
    three = [inputs["int32_tensor"], inputs["string_tensor"], inputs["float32_tensor"]]
    number, words, decimal = map(tf.identity, three)
    return {
        **each,
        "bytes": _signature({"x": text}, {"y_bytes": tf.identity(text)}, signatures.PREDICT),
        "several": _signature(
            {"int_tensor": three[0], "str_tensor": three[1], "float_tensor": three[2]},
            {"int_out": number, "str_out_bytes": words, "float_out": decimal},
            signatures.PREDICT,
        ),
        "scalar_output": _signature(
            {"x": inputs["float32_tensor"]},
            {"sum": tf.reduce_sum(inputs["float32_tensor"])},
            signatures.PREDICT,
        ),
        "inverse": _signature(
            {"x": inputs["float32_tensor"]}, {"y": 1 / inputs["float32_tensor"]}, signatures.PREDICT
        ),
        "root": _signature(
            {"x": inputs["float32_tensor"]},
            {"y": tf.sqrt(inputs["float32_tensor"])},
            signatures.PREDICT,
        ),
        "complex": _signature(
            {"x": inputs["float32_tensor"]},
            {"y": tf.cast(inputs["float32_tensor"], tf.complex64)},
            signatures.PREDICT,
        ),
    }


def _animals() -> dict[str, object]:
    """Classifies with labels: the score of `long` is the number of words in the feature `words`."""
    serialized = v1.placeholder(tf.string, [None], "tf_example")
    features = {
        "words": tf.io.VarLenFeature(tf.string),
        "weight": tf.io.FixedLenFeature([1], tf.float32, [1.0]),
    }
    parsed = v1.parse_example(serialized, features)
    words = tf.sparse.to_dense(_ones(parsed["words"]))
    count = tf.reduce_sum(words, axis=1, keepdims=True) * parsed["weight"]
    scores = tf.concat([count, -count], axis=1)
    labels = tf.tile(tf.constant([["long", "short"]]), [tf.shape(serialized)[0], 1])
    return {
        signatures.DEFAULT: _signature(
            {"inputs": serialized}, {"classes": labels, "scores": scores}, signatures.CLASSIFY
        ),
        "count": _signature({"inputs": serialized}, {"outputs": count}, signatures.REGRESS),
    }


_GRAPHS: dict[str, Callable[[], dict[str, object]]] = {
    "half_plus_two": _half_plus_two,
    "types": _types,
    "animals": _animals,
}


def _ones(words: tf.SparseTensor) -> tf.SparseTensor:
    ones = tf.ones(tf.shape(words.values), tf.float32)
    return tf.SparseTensor(words.indices, ones, words.dense_shape)


def _variable(value: float) -> tf.Tensor:
    return v1.get_variable(f"v{value}".replace(".", "_"), initializer=value, use_resource=True)


def _signature(inputs: dict[str, tf.Tensor], outputs: dict[str, tf.Tensor], method: str) -> object:
    info = v1.saved_model.build_tensor_info
    return v1.saved_model.build_signature_def(
        {name: info(tensor) for name, tensor in inputs.items()},
        {name: info(tensor) for name, tensor in outputs.items()},
        method,
    )


def _save(path: Path, graph: Callable[[], dict[str, object]]) -> None:
    with tf.Graph().as_default(), v1.Session() as session:
        definitions = graph()
        session.run(v1.global_variables_initializer())
        builder = v1.saved_model.Builder(str(path))
        builder.add_meta_graph_and_variables(session, ["serve"], definitions)
        builder.save()

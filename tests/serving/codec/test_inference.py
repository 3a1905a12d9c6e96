"""Examples from JSON, and what outputs mean as classifications and regressions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from serving.core.errors import ServingError

pytestmark = pytest.mark.tfx

FLOATS, WORDS = np.float32, object


def array(values: Any, dtype: Any = FLOATS) -> np.ndarray:
    return np.array(values, dtype=dtype)


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        (
            {"classes": array([[b"a", b"b"]], WORDS), "scores": array([[0.5, 0.25]])},
            [[(b"a", 0.5), (b"b", 0.25)]],
        ),
        ({"scores": array([[0.5, 0.25]])}, [[(b"", 0.5), (b"", 0.25)]]),
        ({"classes": array([[b"a"]], WORDS)}, [[(b"a", 0.0)]]),
        ({"classes": array([[b"a"]], WORDS), "scores": array([[0.5, 0.25]])}, "should match"),
        ({"scores": array([0.5])}, r"\[batch_size num_classes\] but got \[1\]"),
        ({"scores": array([[0.5], [0.25]])}, "scores output batch size of 1. Got: 2"),
        ({"scores": array([[1]], np.int64)}, "Expected scores Tensor of another type. Got: int64"),
        ({"classes": array([[0.5]])}, "Expected classes Tensor of another type. Got: float32"),
    ],
)
def test_classifications(outputs: dict[str, np.ndarray], expected: Any) -> None:
    from serving.codec import inference

    if isinstance(expected, str):
        with pytest.raises(ServingError, match=expected):
            inference.classifications(outputs, 1)
    else:
        assert inference.classifications(outputs, 1) == expected


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ({"outputs": array([0.5, 0.25])}, [0.5, 0.25]),
        ({"outputs": array([[0.5], [0.25]])}, [0.5, 0.25]),
        ({"outputs": array([[0.5, 1], [0.25, 1]])}, r"but got \[2, 2\]"),
        ({"outputs": array(0.5)}, r"but got \[\]"),
        ({"outputs": array([0.5])}, "batch size to be 2. Got: 1"),
        ({"outputs": array([0.5, 0.25], np.float64)}, "DT_FLOAT. Got: float64"),
    ],
)
def test_regressions(outputs: dict[str, np.ndarray], expected: Any) -> None:
    from serving.codec import inference

    if isinstance(expected, str):
        with pytest.raises(ServingError, match=expected):
            inference.regressions(outputs, 2)
    else:
        assert inference.regressions(outputs, 2).tolist() == expected


@pytest.mark.parametrize(
    ("method", "inputs", "outputs", "examples", "told"),
    [
        ("classify", ["inputs"], ["scores"], [b"a", b"b"], None),
        ("classify", ["inputs"], ["classes", "scores"], [b"a"], None),
        ("regress", ["inputs"], ["outputs"], [b"a", b"b"], None),
        ("classify", ["inputs", "more"], ["scores"], [b"a"], "Expected one input Tensor"),
        ("classify", ["inputs"], ["classes", "scores", "x"], [b"a"], "one or two output Tensors"),
        ("classify", ["inputs"], ["outputs"], [b"a"], "at least one of"),
        ("regress", ["inputs"], ["outputs", "x"], [b"a"], "Expected one output Tensor"),
        ("regress", ["inputs"], ["scores"], [b"a"], "No regression outputs found"),
        ("classify", ["other"], ["scores"], [b"a"], "No classification inputs found"),
        ("classify", ["inputs"], ["scores"], [], "Input is empty"),
    ],
)
@pytest.mark.parametrize("exported_as", ["predict", "classify", "regress"])
def test_what_a_signature_takes(
    method: str,
    inputs: list[str],
    outputs: list[str],
    examples: list[bytes],
    told: str | None,
    exported_as: str,
) -> None:
    """What TensorFlow 2 exports says `predict`, whatever its outputs are."""
    from serving.codec import inference
    from serving.model.signatures import CLASSIFY, REGRESS, Signature, TensorInfo

    infos, out = (
        {n: TensorInfo(n, f"{n}:0", "string", np.dtype(object), (None,)) for n in names}
        for names in (inputs, outputs)
    )
    signature = Signature("a", f"tensorflow/serving/{exported_as}", infos, out, None)
    asked = CLASSIFY if method == "classify" else REGRESS
    if told is None:
        made = inference.inputs(examples, signature, asked)
        assert made["inputs"].tolist() == examples
    else:
        with pytest.raises(ServingError, match=told):
            inference.inputs(examples, signature, asked)


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (1, "int64_list", [1]),
        (-(2**63), "int64_list", [-(2**63)]),
        (2**63 - 1, "int64_list", [2**63 - 1]),
        (2**63, None, "Only int64 is supported"),
        (-(2**63) - 1, None, "Only int64 is supported"),
        (True, "int64_list", [1]),
        (0.5, "float_list", [0.5]),
        (1e39, "float_list", [float("inf")]),
        (float("inf"), "float_list", [float("inf")]),
        ("a", "bytes_list", [b"a"]),
        ({"b64": "/w=="}, "bytes_list", [b"\xff"]),
        ({"b64": "!"}, None, "Unable to base64 decode"),
        ({"b65": "a"}, None, "unexpected JSON type: Object"),
        (["a", {"b64": "/w=="}], "bytes_list", [b"a", b"\xff"]),
        ([1, 0.5], None, "Unexpected element type in feature: x expecting type: int64"),
        ([[1]], None, "unexpected JSON type: Array"),
        (None, None, "unexpected JSON type: Null"),
        ("\ud800", None, "Invalid surrogate"),
        ([], "", []),
    ],
)
def test_a_value_becomes_a_feature(value: Any, kind: str | None, expected: Any) -> None:
    import tensorflow as tf

    from serving.codec import examples_json

    if kind is None:
        with pytest.raises(ServingError, match=expected):
            examples_json.serialized({"examples": [{"x": value}]})
        return
    (serialized,) = examples_json.serialized({"examples": [{"x": value}]})
    feature = tf.train.Example.FromString(serialized).features.feature["x"]
    assert (feature.WhichOneof("kind") or "") == kind
    assert not kind or list(getattr(feature, kind).value) == expected


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "'examples' is expected and was not found"),
        ({"examples": {}}, "value to be an list/array"),
        ({"examples": []}, "is an empty array"),
        ({"examples": [1]}, "Example must be JSON object but got JSON Number"),
        ({"examples": [{}], "context": []}, "Example must be JSON object but got JSON Array"),
        (
            {"examples": [{}] * 1000, "context": {"x": "x" * 100_000}},
            "are too many for 1000 examples",
        ),
    ],
)
def test_what_holds_no_examples_is_refused(body: dict[str, Any], told: str) -> None:
    from serving.codec import examples_json

    with pytest.raises(ServingError, match=told):
        examples_json.serialized(body)


def test_each_example_has_the_context_and_its_own_values_win() -> None:
    import tensorflow as tf

    from serving.codec import examples_json

    body = {"context": {"a": 1, "b": 2}, "examples": [{"c": 3}, {"b": 4}]}
    found = [
        {name: feature.int64_list.value[0] for name, feature in example.features.feature.items()}
        for example in map(tf.train.Example.FromString, examples_json.serialized(body))
    ]
    assert found == [{"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 4}]

"""gRPC's requests and answers as the request log has them: in the JSON of REST."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    inference_pb2,
    predict_pb2,
    regression_pb2,
)

from serving.engine.engine import Result
from serving.grpc import log_json
from serving.model.signatures import PREDICT, Signature, TensorInfo

pytestmark = pytest.mark.tfx


def logged(request: Any, limit: int = 1_000_000) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(log_json.request_json(request, limit))
    return found


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        ([[1.5, 2]], tf.float32, [[1.5, 2.0]]),
        ([3], tf.int64, [3]),
        ([b"caf\xc3\xa9", b"\xff"], tf.string, ["café", {"b64": "/w=="}]),
        (7, tf.int32, 7),
    ],
)
def test_the_inputs_of_predict_are_columns(value: Any, dtype: tf.DType, expected: Any) -> None:
    request = predict_pb2.PredictRequest()
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(value, dtype=dtype))
    assert logged(request) == {"signature_name": "serving_default", "inputs": {"x": expected}}


def test_a_value_that_stands_for_very_many_is_not_written_out() -> None:
    request = predict_pb2.PredictRequest()
    request.model_spec.signature_name = "other"
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(1.0, shape=[100_000_000]))
    body = logged(request, 2**31)
    assert body["signature_name"] == "other" and "inputs" not in body and body["error"]


def test_complex_numbers_have_no_form_in_json() -> None:
    request = predict_pb2.PredictRequest()
    request.inputs["x"].CopyFrom(tf.make_tensor_proto([1j]))
    assert logged(request)["error"] == "Values of complex128 have no form in JSON"


def example() -> tf.train.Example:
    made = tf.train.Example()
    feature = made.features.feature
    feature["one"].float_list.value.append(0.1)
    feature["two"].int64_list.value.extend([1, 2])
    feature["text"].bytes_list.value.append(b"a")
    feature["bytes"].bytes_list.value.append(b"\xff")
    feature["none"].SetInParent()
    return made


def test_examples_are_objects_and_numbers_have_few_digits() -> None:
    request = classification_pb2.ClassificationRequest()
    request.input.example_list_with_context.examples.append(example())
    request.input.example_list_with_context.context.CopyFrom(example())
    row = {"one": 0.1, "two": [1, 2], "text": "a", "bytes": {"b64": "/w=="}, "none": []}
    assert logged(request) == {
        "signature_name": "serving_default",
        "context": row,
        "examples": [row],
    }


def test_several_tasks_are_named() -> None:
    request = inference_pb2.MultiInferenceRequest()
    task = request.tasks.add(method_name="tensorflow/serving/classify")
    task.model_spec.signature_name = "c"
    assert logged(request) == {
        "tasks": [{"signature_name": "c", "method_name": "tensorflow/serving/classify"}],
        "examples": [],
    }


OUTPUT = TensorInfo("y", "y:0", "float", np.dtype(np.float32), (None,))
RESULT = Result(
    version=1,
    label=None,
    signature=Signature("serving_default", PREDICT, {}, {"y": OUTPUT}, None),
    outputs={"y": np.float32([0.1, 2])},
)


def classes() -> Any:
    message = classification_pb2.ClassificationResponse()
    message.result.classifications.add().classes.add(label="a", score=0.1)
    return message


def regressions() -> Any:
    message = regression_pb2.RegressionResponse()
    message.result.regressions.add(value=0.1)
    return message


def both() -> Any:
    message = inference_pb2.MultiInferenceResponse()
    message.results.add().classification_result.CopyFrom(classes().result)
    message.results.add().regression_result.CopyFrom(regressions().result)
    return message


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (predict_pb2.PredictResponse(), {"outputs": [0.1, 2.0]}),
        (classes(), {"results": [[["a", 0.1]]]}),
        (regressions(), {"results": [0.1]}),
        (both(), {"tasks": [{"results": [[["a", 0.1]]]}, {"results": [0.1]}]}),
    ],
)
def test_answers_are_those_of_rest(message: Any, expected: dict[str, Any]) -> None:
    assert json.loads(log_json.response_json(message, RESULT)) == expected

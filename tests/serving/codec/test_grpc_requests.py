"""What gRPC's requests ask of a model, and what is refused with TensorFlow Serving's words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import inference_pb2, input_pb2, predict_pb2

from serving.codec import grpc_requests
from serving.core.errors import Code, ServingError
from serving.model.signatures import CLASSIFY, PREDICT, REGRESS, Signature, TensorInfo

pytestmark = pytest.mark.tfx


def info(name: str, default: np.ndarray | None = None) -> TensorInfo:
    return TensorInfo(name, f"{name}:0", "float", np.dtype(np.float32), (None,), default)


def model(**signatures: Signature) -> Any:
    return SimpleNamespace(signatures=signatures)


SIGNATURE = Signature(
    "serving_default",
    PREDICT,
    {"x": info("x"), "y": info("y", np.float32([7]))},
    {"a": info("a"), "b": info("b")},
    None,
)
MODEL = model(serving_default=SIGNATURE)


def request(*outputs: str, signature: str = "", **inputs: list[float]) -> Any:
    made = predict_pb2.PredictRequest(output_filter=outputs)
    made.model_spec.signature_name = signature
    for name, values in inputs.items():
        made.inputs[name].CopyFrom(tf.make_tensor_proto(values, dtype=tf.float32))
    return made


def test_what_is_sent_and_what_has_a_default() -> None:
    signature, arrays = grpc_requests.predict(request(x=[1, 2]), MODEL, 1000)
    assert signature is SIGNATURE
    assert {name: array.tolist() for name, array in arrays.items()} == {"x": [1, 2], "y": [7]}
    _, arrays = grpc_requests.predict(request(x=[1], y=[2]), MODEL, 1000)
    assert arrays["y"].tolist() == [2]


@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        (request(signature="z"), Code.FAILED_PRECONDITION, 'key "z" not found'),
        (request(), Code.INVALID_ARGUMENT, "input alias: x(feed name: x:0) not found"),
        (request(y=[1]), Code.INVALID_ARGUMENT, "input alias: x(feed name: x:0) not found"),
        (request(x=[1], z=[1]), Code.INVALID_ARGUMENT, "contains invalid name"),
        (request(x=[1], y=[1], z=[1]), Code.INVALID_ARGUMENT, "3!=2 len({x,y,z}) != len({x,y})"),
        (request("c", x=[1]), Code.INVALID_ARGUMENT, "alias not found in signature: c"),
        (request("a", "b", "a", x=[1]), Code.INVALID_ARGUMENT, "duplicate output tensor alias: a"),
    ],
)
def test_what_does_not_fit_the_model(asked: Any, code: Code, message: str) -> None:
    with pytest.raises(ServingError) as caught:
        grpc_requests.predict(asked, MODEL, 1000)
    assert caught.value.code == code and message in caught.value.message


def test_the_outputs_that_are_wanted_are_all_unless_some_are_named() -> None:
    assert grpc_requests.outputs(request(), SIGNATURE) == ["a", "b"]
    assert grpc_requests.outputs(request("b"), SIGNATURE) == ["b"]


def example(**features: float) -> tf.train.Example:
    made = tf.train.Example()
    for name, value in features.items():
        made.features.feature[name].float_list.value.append(value)
    return made


def test_examples_have_the_features_of_their_context() -> None:
    plain = input_pb2.Input()
    plain.example_list.examples.append(example(x=1))
    assert grpc_requests.examples(plain, 1) == [example(x=1).SerializeToString()]
    shared = input_pb2.Input()
    shared.example_list_with_context.examples.extend([example(x=1), example(x=2)])
    shared.example_list_with_context.context.CopyFrom(example(y=3))
    found = [tf.train.Example.FromString(one) for one in grpc_requests.examples(shared, 2)]
    assert [set(one.features.feature) for one in found] == [{"x", "y"}] * 2
    with pytest.raises(ServingError, match="Task size 2 is larger than maximum"):
        grpc_requests.examples(shared, 1)


TOGETHER = model(
    c=Signature("c", CLASSIFY, {"x": info("x")}, {}, None),
    r=Signature("r", REGRESS, {"x": info("x")}, {}, None),
    other=Signature("other", REGRESS, {"z": info("z")}, {}, None),
)


def tasks(*asked: tuple[str, str, str]) -> list[Any]:
    made = []
    for name, signature, method in asked:
        task = inference_pb2.InferenceTask(method_name=method)
        task.model_spec.name, task.model_spec.signature_name = name, signature
        made.append(task)
    return made


def test_tasks_that_take_the_same_input_are_answered_together() -> None:
    grpc_requests.check_tasks(tasks(("m", "c", CLASSIFY), ("m", "r", REGRESS)), TOGETHER)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ([("", "c", CLASSIFY)], "empty model name"),
        ([("m", "c", CLASSIFY), ("n", "r", REGRESS)], "same model name"),
        ([("m", "c", CLASSIFY), ("m", "c", CLASSIFY)], "Duplicate evaluation of signature: c"),
        ([("m", "z", CLASSIFY)], "not found in model graph: z"),
        ([("m", "c", PREDICT)], "Unsupported signature method_name"),
        ([("m", "c", CLASSIFY), ("m", "other", REGRESS)], "must be the same for all"),
    ],
)
def test_tasks_that_cannot_be_answered_together(
    asked: list[tuple[str, str, str]], message: str
) -> None:
    with pytest.raises(ServingError, match=message):
        grpc_requests.check_tasks(tasks(*asked), TOGETHER)

"""gRPC requests from a client that means no good: each is answered, and none by a server's fault.

`HOSTILE_REQUESTS` says how many; continuous integration sends a few hundred.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    predict_pb2,
    regression_pb2,
)

from serving.request_log import database
from tests.helpers.grpc_in_process import model_service, prediction_service
from tests.helpers.hostile import COUNT, QUICKLY
from tests.helpers.model_server import Running

pytestmark = pytest.mark.slow

OURS = {
    grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
}  # fmt: skip

METHODS = (
    "tensorflow/serving/classify",
    "tensorflow/serving/regress",
    "tensorflow/serving/predict",
)
FIELDS = (
    "half_val", "float_val", "double_val", "int_val", "int64_val", "uint32_val", "uint64_val",
    "bool_val", "scomplex_val", "dcomplex_val", "string_val",
)  # fmt: skip
DTYPES = st.integers(0, 33) | st.sampled_from([101, 107, 99, 2**31 - 1])
SIZES = st.integers(-2, 5) | st.sampled_from([2**20, 2**31, 2**40, 2**62, 2**63 - 1, -(2**63)])
WORDS = st.binary(max_size=5) | st.just(b"w" * 10_000)
NUMBERS = st.integers(0, 1) | st.integers(0, 2**31 - 1)
NAMES = st.sampled_from(["x", "inputs", "", "y", "int_tensor", "x" * 5000]) | st.text(max_size=4)
SIGNATURES = st.sampled_from(
    ["", "float32_tensor", "string_tensor", "int8_tensor", "bool_tensor", "several", "complex",
     "count", "regress_x_to_y", "classify_x_to_y", "none", "s" * 5000]
)  # fmt: skip
MODELS = st.sampled_from(["half_plus_two", "types", "animals", "none", "", "../types", "m" * 5000])


@st.composite
def tensors(draw: st.DrawFn) -> Any:
    tensor = predict_pb2.PredictRequest().inputs["x"]
    tensor.dtype = draw(DTYPES)
    for size in draw(st.lists(SIZES, max_size=4) | st.just([1] * 300)):
        tensor.tensor_shape.dim.add(size=size)
    tensor.tensor_shape.unknown_rank = draw(st.booleans()) and draw(st.booleans())
    for field in draw(st.lists(st.sampled_from(FIELDS), max_size=2)):
        values = WORDS if field == "string_val" else NUMBERS
        if field == "bool_val":
            values = st.booleans()
        getattr(tensor, field).extend(draw(st.lists(values, max_size=6)))
    tensor.tensor_content = draw(st.just(b"") | st.binary(max_size=40))
    return tensor


@st.composite
def specs(draw: st.DrawFn) -> Any:
    spec = predict_pb2.PredictRequest().model_spec
    spec.name, spec.signature_name = draw(MODELS), draw(SIGNATURES)
    version = draw(st.none() | st.just(123) | st.integers(-(2**63), 2**63 - 1) | st.text())
    if isinstance(version, int):
        spec.version.value = version
    elif version is not None:
        spec.version_label = version
    return spec


@st.composite
def inputs(draw: st.DrawFn) -> Any:
    made = classification_pb2.ClassificationRequest().input
    kind = draw(st.sampled_from(["example_list", "example_list_with_context", ""]))
    if not kind:
        return made
    listed = getattr(made, kind)
    listed.SetInParent()
    messages = [listed.examples.add() for _ in range(draw(st.integers(0, 3)))]
    messages += [listed.context] if kind.endswith("context") else []
    for message in messages:
        for name in draw(st.lists(st.sampled_from(["x", "words", "weight", ""]), max_size=3)):
            feature = message.features.feature[name]
            feature.SetInParent()
            words, floats, integers = st.lists(WORDS), st.lists(st.floats()), st.lists(NUMBERS)
            for field, values in (
                ("bytes_list", words), ("float_list", floats), ("int64_list", integers),
            ):  # fmt: skip
                if draw(st.booleans()):
                    getattr(feature, field).value.extend(draw(values))
    return made


@pytest.fixture(scope="module")
def channel(server: Running) -> Iterator[grpc.Channel]:
    before = server.resident_mb()
    options = [("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}", options) as opened:
        yield opened
    assert server.process.poll() is None
    grown = server.resident_mb() - before
    assert grown < 150, f"{grown} MB more after {COUNT} requests"
    print(f"memory grew by {grown:.1f} MB from {before:.0f} MB")


def ask(call: Callable[..., Any], request: Any) -> Any:
    try:
        return call(request, timeout=30)
    except grpc.RpcError as refusal:
        assert refusal.code() in OURS, (refusal.code(), refusal.details(), str(request)[:2000])
        assert refusal.details()
        return None


@QUICKLY
@given(spec=specs(), values=st.dictionaries(NAMES, tensors(), max_size=2), wanted=st.lists(NAMES))
def test_tensors_that_contradict_themselves(
    channel: grpc.Channel, spec: Any, values: Any, wanted: list[str]
) -> None:
    request = predict_pb2.PredictRequest(model_spec=spec, output_filter=wanted[:3])
    for name, tensor in values.items():
        request.inputs[name].CopyFrom(tensor)
    ask(prediction_service(channel).Predict, request)


@QUICKLY
@given(tensor=tensors(), signature=SIGNATURES)
def test_tensors_for_inputs_that_are_there(
    channel: grpc.Channel, tensor: Any, signature: str
) -> None:
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "types", signature
    request.inputs["x"].CopyFrom(tensor)
    ask(prediction_service(channel).Predict, request)


@QUICKLY
@given(data=st.data(), tasks=st.lists(st.tuples(specs(), st.sampled_from(METHODS)), max_size=3))
def test_examples_and_empty_requests(channel: grpc.Channel, data: Any, tasks: Any) -> None:
    stub = prediction_service(channel)
    status = model_service(channel).GetModelStatus
    given_input = data.draw(inputs())
    several = inference_pb2.MultiInferenceRequest(input=given_input)
    for task_spec, method in tasks:
        several.tasks.add(model_spec=task_spec, method_name=method)
    ask(stub.MultiInference, several)
    spec = data.draw(st.none() | specs())
    fields = data.draw(st.lists(st.sampled_from(["signature_def", "", "x"]), max_size=2))
    for call, request in (
        (stub.Classify, classification_pb2.ClassificationRequest(input=given_input)),
        (stub.Regress, regression_pb2.RegressionRequest(input=given_input)),
        (
            stub.GetModelMetadata,
            get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields),
        ),
        (status, get_model_status_pb2.GetModelStatusRequest()),
    ):
        if spec is not None:
            request.model_spec.CopyFrom(spec)
        ask(call, request)


def good_request() -> Any:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "half_plus_two"
    request.inputs["x"].dtype = 1
    request.inputs["x"].tensor_shape.dim.add(size=2)
    request.inputs["x"].float_val.extend([1.0, 2.0])
    return request


def test_bytes_that_are_no_request(channel: grpc.Channel) -> None:
    send = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
    source = random.Random(6)
    for _ in range(COUNT // 2):
        body = bytearray(good_request().SerializeToString())
        for _ in range(source.randint(1, 4)):
            place = source.randrange(len(body))
            if source.random() < 0.5:
                body[place] = source.randrange(256)
            else:
                body[place:place] = body[: source.randrange(len(body))]
        ask(send, bytes(body))


def of_text(size: int, *sizes: int) -> Any:
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "types", "string_tensor"
    request.inputs["x"].dtype = 7
    for dim in sizes:
        request.inputs["x"].tensor_shape.dim.add(size=dim)
    request.inputs["x"].string_val.append(b"x" * size)
    return request


def of_numbers(*sizes: int) -> Any:
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "types", "float32_tensor"
    request.inputs["x"].dtype = 1
    for dim in sizes:
        request.inputs["x"].tensor_shape.dim.add(size=dim)
    request.inputs["x"].float_val.append(1.0)
    return request


def of_examples(count: int, context: int = 0) -> Any:
    request = regression_pb2.RegressionRequest()
    request.model_spec.name, request.model_spec.signature_name = "animals", "count"
    with_context = request.input.example_list_with_context
    with_context.context.features.feature["words"].bytes_list.value.append(b"x" * context)
    for _ in range(count):
        with_context.examples.add()
    return request


@pytest.mark.parametrize(
    ("request_", "code", "told"),
    [
        (of_text(2**20, 4000), "INVALID_ARGUMENT", "more than"),
        (of_text(100, 1, 2**21), "INVALID_ARGUMENT", "more than"),
        (of_text(0, 2**30), "INVALID_ARGUMENT", "more than"),
        (of_text(1, 2**62, 0, 2**62), "INVALID_ARGUMENT", "more than"),
        (of_text(33 * 2**20, 1), "RESOURCE_EXHAUSTED", "larger than max"),
        (of_numbers(2**30), "INVALID_ARGUMENT", "more than"),
        (of_numbers(5000), "INVALID_ARGUMENT", "Task size 5000 is larger"),
        (of_examples(5000), "INVALID_ARGUMENT", "Task size 5000 is larger"),
        (of_examples(4000, context=2**20), "INVALID_ARGUMENT", "too many for 4000 examples"),
    ],
)
def test_a_short_message_stands_for_no_long_tensor(
    server: Running, channel: grpc.Channel, request_: Any, code: str, told: str
) -> None:
    before = server.resident_mb(peak=True)
    stub = prediction_service(channel)
    call = stub.Predict if isinstance(request_, predict_pb2.PredictRequest) else stub.Regress
    for _ in range(3):
        with pytest.raises(grpc.RpcError, match=told) as refusal:
            call(request_, timeout=30)
        assert refusal.value.code().name == code
    assert server.resident_mb(peak=True) - before < 100


def test_what_one_value_stands_for_is_answered_and_not_logged_at_length(
    server: Running, channel: grpc.Channel, conformance_models: Path
) -> None:
    stub = prediction_service(channel)
    response, call = stub.Predict.with_call(of_numbers(1, 2**18), timeout=30)
    assert len(response.outputs["y"].float_val) == 2**18
    wanted = dict(call.trailing_metadata())["x-request-id"]
    log = conformance_models / ".request_log"
    (entry,) = (e for path in database.files(log) for _, e in database.read(path) if e.id == wanted)
    assert "more than" in json.loads(entry.request)["error"] and len(entry.request) < 1000

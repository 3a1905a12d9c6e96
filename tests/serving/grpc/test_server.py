"""The gRPC API as the official client stubs use it."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    predict_pb2,
    regression_pb2,
)

from tests.helpers.grpc_in_process import model_service, prediction_service
from tests.helpers.model_server import Running

pytestmark = pytest.mark.slow

CLASSIFY = "tensorflow/serving/classify"
REGRESS = "tensorflow/serving/regress"
FLOAT, STRING = 1, 7
TASK = ("half_plus_two", "regress_x_to_y", REGRESS)


@pytest.fixture(scope="module")
def channel(server: Running) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as opened:
        yield opened


@pytest.fixture(scope="module")
def stub(channel: grpc.Channel) -> Any:
    return prediction_service(channel)


def predict_request(
    values: list[float], model: str = "half_plus_two", **spec: Any
) -> predict_pb2.PredictRequest:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = spec.get("signature", "")
    request.model_spec.version_label = spec.get("label", "")
    if "version" in spec:
        request.model_spec.version.value = spec["version"]
    tensor = request.inputs["x"]
    tensor.dtype = FLOAT
    tensor.tensor_shape.dim.add(size=len(values))
    tensor.float_val.extend(values)
    return request


@pytest.mark.parametrize("spec", [{}, {"version": 123}, {"label": "stable"}])
def test_predict_answers_values_in_float_val(stub: Any, spec: dict[str, Any]) -> None:
    response, call = stub.Predict.with_call(predict_request([1.0, 2.0], **spec), timeout=10)
    assert list(response.outputs["y"].float_val) == [2.5, 3.0]
    assert [dim.size for dim in response.outputs["y"].tensor_shape.dim] == [2]
    assert response.model_spec.name == "half_plus_two"
    assert response.model_spec.version.value == 123
    assert response.model_spec.signature_name == "serving_default"
    trailing = dict(call.trailing_metadata())
    assert trailing["x-model-version"] == "123"
    assert trailing["x-request-id"]


def test_predict_keeps_to_the_output_filter(stub: Any) -> None:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "types"
    request.model_spec.signature_name = "several"
    for name, dtype, field, value in (
        ("int_tensor", 3, "int_val", 1),
        ("str_tensor", STRING, "string_val", b"\xff"),
        ("float_tensor", FLOAT, "float_val", 0.5),
    ):
        request.inputs[name].dtype = dtype
        request.inputs[name].tensor_shape.dim.add(size=1)
        getattr(request.inputs[name], field).append(value)
    request.output_filter.extend(["str_out_bytes"])
    outputs = stub.Predict(request, timeout=10).outputs
    assert list(outputs) == ["str_out_bytes"]
    assert list(outputs["str_out_bytes"].string_val) == [b"\xff"]


def changed(request: Any, **fields: Any) -> Any:
    for name, value in fields.items():
        getattr(request, name).extend(value)
    return request


def with_tensor(**fields: Any) -> Any:
    request = predict_request([1.0])
    tensor = request.inputs["x"]
    if "size" in fields:
        tensor.tensor_shape.dim[0].size = fields["size"]
    if "dtype" in fields:
        tensor.dtype = fields["dtype"]
    return request


@pytest.mark.parametrize(
    ("request_", "code", "told"),
    [
        (predict_request([1.0], "half"), "NOT_FOUND", "not found for request: Latest(half)"),
        (predict_request([1.0], version=9), "NOT_FOUND", "Specific(half_plus_two, 9)"),
        (predict_request([1.0], label="x"), "INVALID_ARGUMENT", "Unrecognized servable version"),
        (predict_request([1.0], signature="x"), "FAILED_PRECONDITION", 'signature key "x"'),
        (predict_pb2.PredictRequest(), "INVALID_ARGUMENT", "Missing ModelSpec"),
        (predict_request([1.0], ""), "INVALID_ARGUMENT", "ModelSpec has no name specified"),
        (
            changed(predict_request([1.0]), output_filter=["z"]),
            "INVALID_ARGUMENT",
            "output tensor alias not found in signature: z",
        ),
        (
            changed(predict_request([1.0]), output_filter=["y", "y"]),
            "INVALID_ARGUMENT",
            "duplicate output tensor alias: y",
        ),
        (with_tensor(size=2**40), "INVALID_ARGUMENT", "bytes"),
        (with_tensor(size=-5), "INVALID_ARGUMENT", "tensor parsing error"),
        (with_tensor(dtype=2), "INVALID_ARGUMENT", "x"),
        (with_tensor(dtype=99), "INVALID_ARGUMENT", "tensor parsing error: x"),
    ],
)
def test_predict_refuses(stub: Any, request_: Any, code: str, told: str) -> None:
    with pytest.raises(grpc.RpcError) as refusal:
        stub.Predict(request_, timeout=10)
    assert refusal.value.code().name == code
    assert told in refusal.value.details()


def add_example(request_input: Any, **features: Any) -> None:
    example = request_input.example_list.examples.add()
    for name, value in features.items():
        kind = "float_list" if isinstance(value, float) else "bytes_list"
        getattr(example.features.feature[name], kind).value.append(value)


def test_classify(stub: Any) -> None:
    request = classification_pb2.ClassificationRequest()
    request.model_spec.name = "animals"
    add_example(request.input, words=b"a")
    (row,) = stub.Classify(request, timeout=10).result.classifications
    assert [(entry.label, entry.score) for entry in row.classes] == [("long", 1.0), ("short", -1.0)]


def test_regress_with_context(stub: Any) -> None:
    request = regression_pb2.RegressionRequest()
    request.model_spec.name = "animals"
    request.model_spec.signature_name = "count"
    with_context = request.input.example_list_with_context
    with_context.context.features.feature["weight"].float_list.value.append(3.0)
    example = with_context.examples.add()
    example.features.feature["words"].bytes_list.value.extend([b"a", b"b"])
    response = stub.Regress(request, timeout=10)
    assert [entry.value for entry in response.result.regressions] == [6.0]


def test_no_examples_are_refused(stub: Any) -> None:
    request = regression_pb2.RegressionRequest()
    request.model_spec.name = "animals"
    request.model_spec.signature_name = "count"
    with pytest.raises(grpc.RpcError, match="Input is empty"):
        stub.Regress(request, timeout=10)


def multi_inference(*tasks: tuple[str, str, str]) -> inference_pb2.MultiInferenceRequest:
    request = inference_pb2.MultiInferenceRequest()
    add_example(request.input, x=20.0)
    for model, signature, method in tasks:
        task = request.tasks.add(method_name=method)
        task.model_spec.name = model
        task.model_spec.signature_name = signature
    return request


def test_multi_inference(stub: Any) -> None:
    request = multi_inference(
        ("half_plus_two", "regress_x_to_y", REGRESS), ("half_plus_two", "classify_x_to_y", CLASSIFY)
    )
    regression, classification = stub.MultiInference(request, timeout=10).results
    assert [entry.value for entry in regression.regression_result.regressions] == [12.0]
    (row,) = classification.classification_result.classifications
    assert [(entry.label, entry.score) for entry in row.classes] == [("", 12.0)]
    assert regression.model_spec.version.value == 123


@pytest.mark.parametrize(
    ("tasks", "told"),
    [
        ((), "ModelSpec has no name specified"),
        ((("", "a", REGRESS),), "ModelSpec has no name specified"),
        ((TASK, ("", "b", REGRESS)), "Found ModelSpec with an empty model name"),
        ((TASK, ("animals", "b", REGRESS)), "the same model name"),
        ((TASK, TASK), "Duplicate evaluation of signature: regress_x_to_y"),
        ((TASK, ("half_plus_two", "a", REGRESS)), "signature not found in model graph: a"),
        ((TASK, ("half_plus_two", "", REGRESS)), "Input tensor must be the same"),
        ((("half_plus_two", "regress_x_to_y", "predict"),), "Unsupported signature method_name"),
        ((("half_plus_two", "regress_x_to_y", CLASSIFY),), "Expected classification signature"),
    ],
)
def test_multi_inference_refuses(stub: Any, tasks: Any, told: str) -> None:
    with pytest.raises(grpc.RpcError, match=told):
        stub.MultiInference(multi_inference(*tasks), timeout=10)


def test_metadata_holds_the_signatures(stub: Any) -> None:
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "half_plus_two"
    response = stub.GetModelMetadata(request, timeout=10)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    assert response.model_spec.version.value == 123
    assert signatures.signature_def["regress_x_to_y"].method_name == REGRESS
    request.metadata_field.append("other")
    with pytest.raises(grpc.RpcError, match="Metadata field other is not supported"):
        stub.GetModelMetadata(request, timeout=10)


def test_status(channel: grpc.Channel) -> None:
    stub = model_service(channel)
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "half_plus_two"
    (version,) = stub.GetModelStatus(request, timeout=10).model_version_status
    assert version.version == 123
    assert version.state == get_model_status_pb2.ModelVersionStatus.AVAILABLE
    assert version.status.error_code == 0
    request.model_spec.name = "foo"
    with pytest.raises(grpc.RpcError, match="Could not find any versions of model foo"):
        stub.GetModelStatus(request, timeout=10)

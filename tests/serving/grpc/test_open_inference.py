"""The Open Inference Protocol with Triton's clients, by gRPC and by HTTP, on a server that runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import numpy as np
import pytest
import tritonclient.grpc as triton_grpc
import tritonclient.http as triton_http
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from tritonclient.grpc import service_pb2
from tritonclient.utils import InferenceServerException

from serving.core.errors import ServingError
from serving.grpc import open_inference_messages as messages
from tests.helpers.model_server import Running

DATATYPES = {"float32": "FP32", "float64": "FP64", "bool": "BOOL", "string": "BYTES"}
TYPES = ("float32", "float64", "int8", "uint8", "int16", "uint32", "int32", "int64", "uint64",
         "bool", "string")  # fmt: skip


@pytest.fixture(scope="module", params=["grpc", "http"])
def client(request: pytest.FixtureRequest, server: Running) -> Iterator[Any]:
    if request.param == "grpc":
        client = triton_grpc.InferenceServerClient(f"127.0.0.1:{server.grpc_port}")
    else:
        client = triton_http.InferenceServerClient(f"127.0.0.1:{server.rest_port}")
    client.kind = triton_grpc if request.param == "grpc" else triton_http
    yield client
    client.close()


def given(client: Any, values: np.ndarray, name: str = "x", datatype: str = "FP32") -> Any:
    tensor = client.kind.InferInput(name, list(values.shape), datatype)
    tensor.set_data_from_numpy(values)
    return tensor


@pytest.mark.slow
def test_the_server_and_its_models_are_described(client: Any) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("half_plus_two")
    assert client.is_model_ready("half_plus_two", "stable")
    assert not client.is_model_ready("half_plus_two", "9")
    assert not client.is_model_ready("none")
    options = {"as_json": True} if client.kind is triton_grpc else {}
    assert "binary_tensor_data" in client.get_server_metadata(**options)["extensions"]
    model = client.get_model_metadata("half_plus_two", "123", **options)
    assert (model["name"], model["versions"]) == ("half_plus_two", ["123"])
    assert [(one["name"], one["datatype"]) for one in model["inputs"]] == [("x", "FP32")]
    assert [list(map(int, one["shape"])) for one in model["outputs"]] == [[-1, 1]]


@pytest.mark.slow
@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("shape", [(2, 2), (1,), (0,), ()])
def test_values_of_each_type_come_back(client: Any, name: str, shape: tuple[int, ...]) -> None:
    if name == "string":
        flat = np.array([b"a", b"\xff\x00", b"", b"x" * 300], object)
    else:
        limits = np.iinfo(name) if name[-1].isdigit() and "int" in name else None
        ends = [limits.min, limits.max] if limits else [0, 1]
        flat = np.array([*ends, 1, 0], object).astype(name)
    values = flat[: int(np.prod(shape))].reshape(shape)
    if client.kind is triton_http and not values.size:
        return  # Its client writes no tensor without values.
    answer = client.infer(
        "types", [given(client, values, "x", DATATYPES.get(name, name.upper()))], request_id="r",
        parameters={"signature_name": f"{name}_tensor"},
    )  # fmt: skip
    back = answer.as_numpy("y")
    assert back.shape == values.shape
    assert (back == values).all()
    assert answer.get_response().id == "r" if client.kind is triton_grpc else True


@pytest.mark.slow
@pytest.mark.parametrize("version", ["", "123", "stable"])
def test_a_version_is_named_by_number_or_label(client: Any, version: str) -> None:
    answer = client.infer("half_plus_two", [given(client, np.float32([[1], [2]]))], version)
    assert answer.as_numpy("y").tolist() == [[2.5], [3.0]]


@pytest.mark.slow
def test_outputs_are_chosen_and_may_be_json(client: Any) -> None:
    three = [given(client, np.int32([1]), "int_tensor", "INT32"),
             given(client, np.array([b"a"], object), "str_tensor", "BYTES"),
             given(client, np.float32([0.5]), "float_tensor")]  # fmt: skip
    parameters = {"signature_name": "several"}
    wanted = [client.kind.InferRequestedOutput("str_out_bytes")]
    answer = client.infer("types", three, outputs=wanted, parameters=parameters)
    assert answer.as_numpy("str_out_bytes").tolist() == [b"a"]
    assert answer.as_numpy("int_out") is None
    if client.kind is triton_http:
        wanted = [triton_http.InferRequestedOutput("float_out", binary_data=False)]
        answer = client.infer("types", three, outputs=wanted, parameters=parameters)
        assert answer.get_output("float_out")["data"] == [0.5]


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["gzip"])
def test_http_may_be_compressed_both_ways(client: Any, algorithm: str) -> None:
    if client.kind is not triton_http:
        return
    values = np.zeros((4000, 1), np.float32)
    answer = client.infer(
        "half_plus_two", [given(client, values)], request_compression_algorithm=algorithm,
        response_compression_algorithm=algorithm,
    )  # fmt: skip
    assert (answer.as_numpy("y") == 2).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "version", "name", "dtype", "status", "told"),
    [
        ("none", "", "x", "float32", "NOT_FOUND", "Latest(none)"),
        ("half_plus_two", "9", "x", "float32", "NOT_FOUND", "Specific(half_plus_two, 9)"),
        ("half_plus_two", "x", "x", "float32", "INVALID_ARGUMENT", "version label: x"),
        ("half_plus_two", "", "z", "float32", "INVALID_ARGUMENT", "unexpected inference input 'z'"),
        ("half_plus_two", "", "x", "int32", "INVALID_ARGUMENT", "data-type is 'INT32'"),
        ("types", "", "x", "float32", "INVALID_ARGUMENT", "no signature 'serving_default'"),
        ("animals", "", "x", "float32", "INVALID_ARGUMENT", "unexpected inference input 'x'"),
    ],
)
def test_errors_are_exceptions_of_the_client(
    client: Any, model: str, version: str, name: str, dtype: str, status: str, told: str
) -> None:
    http = {"NOT_FOUND": "404", "INVALID_ARGUMENT": "400"}
    values = np.ones((1, 1), dtype)
    tensor = given(client, values, name, DATATYPES.get(dtype, dtype.upper()))
    with pytest.raises(InferenceServerException) as raised:
        client.infer(model, [tensor], version)
    grpc_kind = client.kind is triton_grpc
    assert raised.value.status() == (f"StatusCode.{status}" if grpc_kind else http[status])
    assert told in raised.value.message()


@pytest.mark.slow
def test_typed_contents_are_answered_in_kind_and_reflection_knows_them(server: Running) -> None:
    request = service_pb2.ModelInferRequest(model_name="half_plus_two", id="t")
    tensor = request.inputs.add(name="x", datatype="FP32", shape=[2, 1])
    tensor.contents.fp32_contents.extend([1.0, 2.0])
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        call = channel.unary_unary(
            f"/{messages.SERVICE}/ModelInfer",
            service_pb2.ModelInferRequest.SerializeToString,
            service_pb2.ModelInferResponse.FromString,
        )
        answer, context = call.with_call(request, metadata=[("x-request-id", "m")], timeout=10)
        assert list(answer.outputs[0].contents.fp32_contents) == [2.5, 3.0]
        assert (answer.id, answer.model_version) == ("t", "123")
        assert not answer.raw_output_contents
        trailing = dict(context.trailing_metadata())
        assert (trailing["x-request-id"], trailing["x-model-version"]) == ("m", "123")
        with pytest.raises(grpc.RpcError) as raised:
            channel.unary_unary(f"/{messages.SERVICE}/ModelInfer")(b"\xff" * 9, timeout=10)
        assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        asked = reflection_pb2.ServerReflectionRequest(file_containing_symbol=messages.SERVICE)
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        (told,) = stub.ServerReflectionInfo(iter([asked]), timeout=10)
        (file,) = told.file_descriptor_response.file_descriptor_proto
        assert b"ModelInferRequest" in file


@pytest.mark.tfx
@pytest.mark.parametrize(
    ("datatype", "field", "values", "expected"),
    [
        ("INT8", "int_contents", [-128, 127], [-128, 127]),
        ("UINT64", "uint64_contents", [0, 2**64 - 1], [0, 2**64 - 1]),
        ("UINT8", "uint_contents", [0, 255], [0, 255]),
        ("FP64", "fp64_contents", [0.1, 1e300], [0.1, 1e300]),
        ("BOOL", "bool_contents", [True, False], [True, False]),
        ("BYTES", "bytes_contents", [b"", b"\xff"], [b"", b"\xff"]),
        ("INT8", "int_contents", [0, 128], "128 is out of the range of INT8"),
        ("UINT16", "uint_contents", [0, 65536], "65536 is out of the range of UINT16"),
        ("FP32", "fp64_contents", [0.0, 1.0], "in fp32_contents, received 2 in fp64_contents"),
        ("FP16", "fp32_contents", [0.0, 1.0], "in raw_input_contents alone"),
        ("FP16", "fp32_contents", [], "values of FP16 are in raw_input_contents alone"),
        ("FP32", "fp32_contents", [0.0], "shape [2] has 2 values, received 1"),
        ("FP33", "fp32_contents", [0.0], "there is no datatype 'FP33'"),
    ],
)
def test_typed_contents_are_read_or_refused(
    datatype: str, field: str, values: list[Any], expected: Any
) -> None:
    from serving.grpc import open_inference

    request = messages.ModelInferRequest()
    tensor = request.inputs.add(name="x", datatype=datatype, shape=[2])
    getattr(tensor.contents, field).extend(values)
    if isinstance(expected, str):
        with pytest.raises(ServingError) as raised:
            open_inference.read(request, 10)
        assert expected in raised.value.message
        assert b"error" in open_inference.request_json(request, 10)
    else:
        assert open_inference.read(request, 10).inputs["x"].tolist() == expected
        assert b'"inputs":{"x":[' in open_inference.request_json(request, 10)


@pytest.mark.tfx
def test_a_request_that_contradicts_itself_is_refused() -> None:
    from serving.grpc import open_inference

    def refusal(**fields: Any) -> str:
        tensor = {"name": "x", "datatype": "FP32", "shape": [1]}
        request = messages.ModelInferRequest(**{"inputs": [tensor], **fields})
        with pytest.raises(ServingError) as raised:
            open_inference.read(request, 10)
        return raised.value.message

    both = {"name": "x", "datatype": "FP32", "shape": [1], "contents": {"fp32_contents": [1.0]}}
    raw = [b"\0" * 4]
    assert "2 raw_input_contents for 1 inputs" in refusal(raw_input_contents=raw * 2)
    assert "contents beside raw" in refusal(inputs=[both], raw_input_contents=raw)
    assert "'x' is there twice" in refusal(inputs=[both, both])
    assert "of 0 and more" in refusal(inputs=[{**both, "shape": [-1]}])
    request = messages.ModelInferRequest(inputs=[both])
    request.inputs[0].parameters["shared_memory_region"].string_param = "r"
    with pytest.raises(ServingError, match="'shared_memory_region' is not supported"):
        open_inference.read(request, 10)

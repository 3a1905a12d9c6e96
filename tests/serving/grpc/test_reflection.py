"""Which services there are, as grpcurl asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pb2
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from tests.helpers.grpc_in_process import Served, serving

pytestmark = pytest.mark.slow

TOKEN = (("authorization", "Bearer secret"),)
METHOD = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("models"), token="secret") as started:
        yield started


def ask(served: Served, *requests: Any, metadata: Any = TOKEN) -> list[Any]:
    stub = reflection_pb2_grpc.ServerReflectionStub(served.channel)
    return list(stub.ServerReflectionInfo(iter(requests), metadata=metadata, timeout=10))


def test_services_and_their_messages(served: Served) -> None:
    Request = reflection_pb2.ServerReflectionRequest  # noqa: N806
    (listed, file) = ask(
        served,
        Request(list_services=""),
        Request(file_containing_symbol="tensorflow.serving.PredictionService"),
    )
    assert {one.name for one in listed.list_services_response.service} == {
        "tensorflow.serving.PredictionService", "tensorflow.serving.ModelService",
        "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection",
        "inference.GRPCInferenceService",
    }  # fmt: skip
    described = descriptor_pb2.FileDescriptorProto.FromString(
        file.file_descriptor_response.file_descriptor_proto[0]
    )
    assert "Predict" in [method.name for method in described.service[0].method]
    # A tool asks for all that it builds on, too.
    missing, seen = list(described.dependency), set()
    while missing:
        name = missing.pop()
        (answer,) = ask(served, Request(file_by_filename=name))
        content = answer.file_descriptor_response.file_descriptor_proto[0]
        seen.add(name)
        needed = descriptor_pb2.FileDescriptorProto.FromString(content).dependency
        missing += [one for one in needed if one not in seen and one not in missing]
    assert len(seen) > 10


@pytest.mark.parametrize("metadata", [(), (("authorization", "Bearer other"),)])
def test_without_the_token_nothing_is_told(served: Served, metadata: Any) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        ask(served, reflection_pb2.ServerReflectionRequest(list_services=""), metadata=metadata)
    assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED


def test_bytes_that_are_no_message(served: Served) -> None:
    call = served.channel.stream_stream(METHOD)
    with pytest.raises(grpc.RpcError) as refused:
        list(call(iter([b"\xff\xff"]), metadata=TOKEN, timeout=10))
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT

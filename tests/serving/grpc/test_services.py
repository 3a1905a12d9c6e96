from __future__ import annotations

import importlib
import subprocess
import sys
from typing import Any

import pytest
from google.protobuf import descriptor_pb2

from serving.grpc import services
from tests.helpers.paths import ROOT

pytestmark = pytest.mark.tfx

_MODULES = ("prediction_service_pb2", "model_service_pb2")


def _module(name: str) -> Any:
    try:
        return importlib.import_module(f"tensorflow_serving.apis.{name}")
    except AttributeError:
        pytest.skip("Protocol Buffers 6 cannot read tensorflow-serving-api's modules of services")


@pytest.mark.parametrize("number", range(2), ids=_MODULES)
def test_a_file_is_what_the_official_one_is(number: int) -> None:
    official = descriptor_pb2.FileDescriptorProto.FromString(
        _module(_MODULES[number]).DESCRIPTOR.serialized_pb
    )
    assert services.FILES[number] == official


@pytest.mark.slow
@pytest.mark.parametrize("first", [True, False])
def test_a_client_in_the_same_process_may_import_the_official_ones(first: bool) -> None:
    for name in _MODULES:
        _module(name)
    modules = ["serving.grpc.services", *(f"tensorflow_serving.apis.{name}" for name in _MODULES)]
    program = "\n".join(f"import {name}" for name in modules[:: 1 if first else -1])
    subprocess.run([sys.executable, "-c", program], check=True, timeout=300, cwd=ROOT)


def test_every_service_has_a_handler_for_each_method() -> None:
    class Servicer:
        def __getattr__(self, name: str) -> Any:
            return lambda request, context: name

    class Call:
        def __init__(self, method: str) -> None:
            self.method = method

    for service, methods in services.METHODS.items():
        handler = services.handler(service, Servicer())
        for name in methods:
            found = handler.service(Call(f"/{service}/{name}"))
            assert found is not None and found.unary_unary(None, None) == name
        assert handler.service(Call(f"/{service}/Other")) is None

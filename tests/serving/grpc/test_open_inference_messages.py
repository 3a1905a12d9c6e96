"""The messages are those that another implementation of the protocol has."""

import pytest
from tritonclient.grpc import service_pb2

from serving.grpc import open_inference_messages as messages


def described(descriptor: object) -> dict[str, tuple[object, ...]]:
    return {
        field.name: (
            field.number,
            field.type,
            field.label,
            field.containing_oneof.name if field.containing_oneof else None,
            described(field.message_type) if field.message_type else None,
        )
        for field in descriptor.fields  # type: ignore[attr-defined]
    }


@pytest.mark.parametrize("name", [name for name in messages.CLASSES if "Metadata" not in name])
def test_each_message_has_the_fields_of_tritons(name: str) -> None:
    theirs = getattr(service_pb2, name).DESCRIPTOR
    assert described(messages.CLASSES[name].DESCRIPTOR) == described(theirs)


def test_metadata_has_properties_beside_the_fields_of_tritons() -> None:
    ours = described(messages.CLASSES["ModelMetadataResponse"].DESCRIPTOR)
    properties = ours.pop("properties")
    assert ours == described(service_pb2.ModelMetadataResponse.DESCRIPTOR)
    assert properties[0] == 6


def test_the_service_has_its_methods() -> None:
    theirs = service_pb2.DESCRIPTOR.services_by_name["GRPCInferenceService"]
    ours = messages.POOL.FindServiceByName(messages.SERVICE)
    for method in messages.METHODS:
        for one in (ours, theirs):
            found = one.methods_by_name[method]
            assert found.input_type.full_name == f"inference.{method}Request"
            assert found.output_type.full_name == f"inference.{method}Response"


def test_a_message_crosses_over() -> None:
    request = messages.ModelInferRequest(model_name="m", id="7")
    tensor = request.inputs.add(name="x", datatype="FP32", shape=[2])
    tensor.contents.fp32_contents.extend([1.0, 2.0])
    request.parameters["timeout"].int64_param = 3
    theirs = service_pb2.ModelInferRequest.FromString(request.SerializeToString())
    assert theirs.parameters["timeout"].int64_param == 3
    assert list(theirs.inputs[0].contents.fp32_contents) == [1.0, 2.0]
    assert messages.ModelInferRequest.FromString(theirs.SerializeToString()) == request

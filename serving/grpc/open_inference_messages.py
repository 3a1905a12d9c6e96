"""The messages of the Open Inference Protocol, version 2.

Names and numbers of the fields are those of `open_inference_grpc.proto` in kserve's repository
open-inference-protocol. The classes are made here, in a pool of their own: generated code would
fit one generation of protobuf alone, and clash with that of a client in the same process.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE = "inference"
_Field = descriptor_pb2.FieldDescriptorProto

_TENSOR = (
    "string name 1",
    "string datatype 2",
    "repeated int64 shape 3",
    "map InferParameter parameters 4",
    "InferTensorContents contents 5",
)
_MESSAGES: dict[str, tuple[str, ...]] = {
    "ServerLiveRequest": (),
    "ServerLiveResponse": ("bool live 1",),
    "ServerReadyRequest": (),
    "ServerReadyResponse": ("bool ready 1",),
    "ModelReadyRequest": ("string name 1", "string version 2"),
    "ModelReadyResponse": ("bool ready 1",),
    "ServerMetadataRequest": (),
    "ServerMetadataResponse": (
        "string name 1",
        "string version 2",
        "repeated string extensions 3",
    ),
    "ModelMetadataRequest": ("string name 1", "string version 2"),
    "ModelMetadataResponse": (
        "string name 1",
        "repeated string versions 2",
        "string platform 3",
        "repeated ModelMetadataResponse.TensorMetadata inputs 4",
        "repeated ModelMetadataResponse.TensorMetadata outputs 5",
        "map string properties 6",
    ),
    "ModelMetadataResponse.TensorMetadata": (
        "string name 1",
        "string datatype 2",
        "repeated int64 shape 3",
    ),
    "ModelInferRequest": (
        "string model_name 1",
        "string model_version 2",
        "string id 3",
        "map InferParameter parameters 4",
        "repeated ModelInferRequest.InferInputTensor inputs 5",
        "repeated ModelInferRequest.InferRequestedOutputTensor outputs 6",
        "repeated bytes raw_input_contents 7",
    ),
    "ModelInferRequest.InferInputTensor": _TENSOR,
    "ModelInferRequest.InferRequestedOutputTensor": (
        "string name 1",
        "map InferParameter parameters 2",
    ),
    "ModelInferResponse": (
        "string model_name 1",
        "string model_version 2",
        "string id 3",
        "map InferParameter parameters 4",
        "repeated ModelInferResponse.InferOutputTensor outputs 5",
        "repeated bytes raw_output_contents 6",
    ),
    "ModelInferResponse.InferOutputTensor": _TENSOR,
    "InferParameter": (
        "oneof bool bool_param 1",
        "oneof int64 int64_param 2",
        "oneof string string_param 3",
        "oneof double double_param 4",
        "oneof uint64 uint64_param 5",
    ),
    "InferTensorContents": (
        "repeated bool bool_contents 1",
        "repeated int32 int_contents 2",
        "repeated int64 int64_contents 3",
        "repeated uint32 uint_contents 4",
        "repeated uint64 uint64_contents 5",
        "repeated float fp32_contents 6",
        "repeated double fp64_contents 7",
        "repeated bytes bytes_contents 8",
    ),
}
METHODS = ("ServerLive", "ServerReady", "ModelReady", "ServerMetadata", "ModelMetadata",
           "ModelInfer")  # fmt: skip
"""Of the service, each from a `...Request` to a `...Response`."""
SERVICE = f"{_PACKAGE}.GRPCInferenceService"


def _file() -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name="open_inference_grpc.proto", package=_PACKAGE, syntax="proto3"
    )
    made: dict[str, Any] = {}
    for name, fields in _MESSAGES.items():
        outer, _, inner = name.rpartition(".")
        message = made[outer].nested_type.add() if outer else file.message_type.add()
        message.name, made[name] = inner, message
        for field in fields:
            _add_field(message, name, *field.split())
    service = file.service.add(name=SERVICE.rpartition(".")[2])
    for method in METHODS:
        service.method.add(
            name=method,
            input_type=_full(f"{method}Request"),
            output_type=_full(f"{method}Response"),
        )
    return file


def _add_field(message: Any, owner: str, *words: str) -> None:
    """Adds a field, as `.proto` files describe them: perhaps its kind, type, name and number."""
    *kind, type_name, name, number = words
    field = message.field.add(name=name, number=int(number), label=_Field.LABEL_OPTIONAL)
    if kind == ["repeated"] or kind == ["map"]:
        field.label = _Field.LABEL_REPEATED
    if kind == ["oneof"]:
        if not message.oneof_decl:
            message.oneof_decl.add(name="parameter_choice")
        field.oneof_index = 0
    if kind != ["map"]:
        _set_type(field, type_name)
        return
    entry = message.nested_type.add(name=f"{name.capitalize()}Entry")
    entry.options.map_entry = True
    _add_field(entry, "", "string", "key", "1")
    _add_field(entry, "", type_name, "value", "2")
    _set_type(field, f"{owner}.{entry.name}")


def _set_type(field: Any, type_name: str) -> None:
    if type_name[0].isupper():
        field.type, field.type_name = _Field.TYPE_MESSAGE, _full(type_name)
    else:
        field.type = getattr(_Field, f"TYPE_{type_name.upper()}")


def _full(name: str) -> str:
    return f".{_PACKAGE}.{name}"


def _class(name: str) -> Any:
    descriptor = POOL.FindMessageTypeByName(f"{_PACKAGE}.{name}")
    if hasattr(message_factory, "GetMessageClass"):  # From protobuf 4.22 on.
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(POOL).GetPrototype(descriptor)


POOL = descriptor_pool.DescriptorPool()
POOL.Add(_file())

# MessageFactory of protobuf 3 keeps no class between two of them.
CLASSES: dict[str, Any] = {name: _class(name) for name in _MESSAGES if "." not in name}
"""The classes of the messages that are in no other."""
ModelInferRequest = CLASSES["ModelInferRequest"]
ModelInferResponse = CLASSES["ModelInferResponse"]

"""The bodies of `:classify` and `:regress`: objects that become `tf.Example`s."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tensorflow.core.example import example_pb2, feature_pb2

from serving.codec import inference, tensors
from serving.core import json_text
from serving.core.errors import Code, ServingError


def serialized(body: Mapping[str, Any]) -> list[bytes]:
    """The request's examples, each with the features of `context`.

    Raises:
        ServingError: The request has no examples, a value that a feature cannot hold, or a
            context that is too long for so many examples.
    """
    context = example(body["context"]).SerializeToString() if "context" in body else b""
    examples = body.get("examples")
    if "examples" not in body:
        wrong = "When method is classify, key 'examples' is expected and was not found"
    elif not isinstance(examples, list):
        wrong = "Expecting 'examples' value to be an list/array"
    elif not examples:
        wrong = "'examples' value is an empty array"
    else:
        serialized = [example(each).SerializeToString() for each in examples]
        return inference.with_context(context, serialized)
    raise _refused(f"JSON Value: {json_text.shown(dict(body))} {wrong}")


def example(value: Any) -> Any:
    """An object as a `tf.Example`.

    Raises:
        ServingError: It is no object, or has a value that a feature cannot hold.
    """
    if not isinstance(value, dict):
        raise _refused(f"Example must be JSON object but got JSON {json_text.type_name(value)}")
    made = example_pb2.Example()
    for name, content in value.items():
        add(made, name, content)
    return made


def add(made: Any, name: str, content: Any) -> None:
    """Adds a value, or a list of them, to a feature of an example.

    Raises:
        ServingError: The feature cannot hold a value.
    """
    tensors.encoded(name)
    feature = made.features.feature[name]
    for item in content if isinstance(content, list) else [content]:
        _add(item, name, feature)


def _add(value: Any, name: str, feature: feature_pb2.Feature) -> None:
    if isinstance(value, bool):
        _list(feature, "int64", name).value.append(int(value))
    elif isinstance(value, str):
        _list(feature, "bytes", name).value.append(tensors.encoded(value))
    elif isinstance(value, float):
        _list(feature, "float", name).value.append(value)
    elif isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise _refused(f"Feature: {name} has uint64 element. Only int64 is supported.")
        _list(feature, "int64", name).value.append(value)
    elif tensors.is_bytes(value):
        _list(feature, "bytes", name).value.append(tensors.decoded(value))
    else:
        raise _refused(
            f"Feature: {name} has element with unexpected JSON type: {json_text.type_name(value)}"
        )


def _list(feature: feature_pb2.Feature, kind: str, name: str) -> Any:
    present = feature.WhichOneof("kind")
    if present not in (None, f"{kind}_list"):
        raise _refused(
            f"Unexpected element type in feature: {name} expecting type: "
            f"{present.removesuffix('_list')}"
        )
    return getattr(feature, f"{kind}_list")


def _refused(message: str) -> ServingError:
    return ServingError(Code.INVALID_ARGUMENT, message)

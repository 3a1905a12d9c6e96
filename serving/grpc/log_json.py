"""gRPC's requests and answers in the JSON of REST, for the request log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from tensorflow_serving.apis import classification_pb2, inference_pb2, predict_pb2, regression_pb2

from serving.codec import grpc_requests, open_inference, predict_json, tensor_protos, tensors
from serving.core import json_text
from serving.core.background import pause
from serving.core.errors import Code, ServingError
from serving.engine.engine import Result
from serving.model.signatures import DEFAULT

_VALUES_AT_ONCE = 4096
_SHORT = 64 * 1024
"""Bytes of a tensor that the request log always takes."""


def request_json(request: Any, limit: int) -> bytes:
    """A request as REST would have it: of `Predict` in columns, or with examples.

    Where a value of few bytes stands for very many, the body says so instead.

    Args:
        request: A client's message.
        limit: The most bytes that a tensor may take.
    """
    if isinstance(request, predict_pb2.PredictRequest):
        return _predict(request, limit)
    body: dict[str, Any] = {}
    if isinstance(request, inference_pb2.MultiInferenceRequest):
        body["tasks"] = [
            {"signature_name": _name(task.model_spec), "method_name": task.method_name}
            for task in request.tasks
        ]
    else:
        body["signature_name"] = _name(request.model_spec)
    examples, context = grpc_requests.examples_and_context(request.input)
    rows = b",".join([_example(example) for example in examples])
    shared = b"" if context is None else b'"context":%b,' % _example(context)
    return b'%b,%b"examples":[%b]}' % (json_text.dump_special(body)[:-1], shared, rows)


def response_json(message: Any, result: Result) -> bytes:
    """An answer as REST would have it: of `Predict` in columns."""
    if isinstance(message, predict_pb2.PredictResponse):
        try:
            return predict_json.answer(result.outputs, result.signature.outputs, False)
        except ServingError as error:
            return json_text.dump({"error": str(error)})
    if isinstance(message, inference_pb2.MultiInferenceResponse):
        tasks = [
            {"results": _results(getattr(task, task.WhichOneof("result")))}
            for task in message.results
        ]
        return json_text.dump_special({"tasks": tasks})
    return json_text.dump_special({"results": _results(message.result)})


def _predict(request: Any, limit: int) -> bytes:
    limit = min(limit, max(_SHORT, 8 * request.ByteSize()))
    try:
        inputs = {
            name: _writable(tensor_protos.parsed(value, name, limit))
            for name, value in request.inputs.items()
        }
    except ServingError as error:
        body = {"signature_name": _name(request.model_spec), "error": error.message}
        return json_text.dump_special(body)
    return open_inference.logged_request(request.model_spec.signature_name, inputs)


def _name(spec: Any) -> str:
    name: str = spec.signature_name
    return name or DEFAULT


def _writable(values: np.ndarray) -> np.ndarray:
    if open_inference.datatype_of(values.dtype) not in open_inference.DATATYPES:
        told = f"Values of {values.dtype.name} have no form in JSON"
        raise ServingError(Code.INVALID_ARGUMENT, told)
    return values


def _example(example: Any) -> bytes:
    """An example's features; one with a single value is that value."""
    pause()
    members = []
    for name, feature in example.features.feature.items():
        kind = feature.WhichOneof("kind")
        values = list(_values(getattr(feature, kind).value, kind)) if kind else []
        written = _list(values) if len(values) != 1 else json_text.dump_special(values[0])
        members.append(b"%b:%b" % (json_text.dump_special(name), written))
    return b"{%b}" % b",".join(members)


def _list(values: list[Any]) -> bytes:
    """A list as JSON, in parts, none of which takes long."""
    parts = []
    for start in range(0, len(values), _VALUES_AT_ONCE):
        if start:
            pause()
        parts.append(json_text.dump_special(values[start : start + _VALUES_AT_ONCE])[1:-1])
    return b"[%b]" % b",".join(parts)


def _values(values: Iterable[Any], kind: str) -> Iterable[Any]:
    for value in values:
        if kind == "float_list":
            yield _shortest(value)
        elif kind == "bytes_list":
            yield _text(value)
        else:
            yield value


def _text(value: bytes) -> Any:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return tensors.as_b64(value)


def _results(result: Any) -> list[Any]:
    if isinstance(result, classification_pb2.ClassificationResult):
        return [
            [[one.label, _shortest(one.score)] for one in row.classes]
            for row in result.classifications
        ]
    assert isinstance(result, regression_pb2.RegressionResult)
    return [_shortest(row.value) for row in result.regressions]


def _shortest(value: float) -> float:
    """A number of 32 bits with the fewest digits that mean it."""
    return json_text.shortest(np.float32(value))

"""gRPC's requests and answers: from messages to tensors and back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Any

from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    inference_pb2,
    predict_pb2,
    regression_pb2,
)

from serving.codec import grpc_requests, inference, predict_json, tensor_protos
from serving.core import background
from serving.core.errors import Code, ServingError
from serving.core.exchange import Answer
from serving.core.model_spec import ModelSpec
from serving.core.settings import Settings
from serving.engine.engine import Engine, Prepare, Result
from serving.engine.versions import Version
from serving.grpc import log_json
from serving.model.signatures import CLASSIFY, REGRESS, Arrays, Signature


@dataclass
class MessageAnswer(Answer):
    """An answer in a message, with the outputs that it is made of."""

    message: Any = None
    result: Result | None = None

    @property
    def long(self) -> bool:
        """Whether `json` takes longer than a few milliseconds."""
        return self.result is not None and predict_json.is_long(self.result.outputs)

    def json(self) -> bytes:
        """The answer as REST would have it, for the request log."""
        return log_json.response_json(self.message, self.result) if self.result else self.body


def model_spec(request: Any, routing_key: str | None) -> ModelSpec:
    """Which servable a request for an inference is for."""
    if not isinstance(request, inference_pb2.MultiInferenceRequest):
        return from_message(request.model_spec, routing_key)
    return (
        from_message(request.tasks[0].model_spec, routing_key) if request.tasks else ModelSpec("")
    )


def from_message(message: Any, routing_key: str | None = None) -> ModelSpec:
    """What a message `ModelSpec` says, but for the signature."""
    version = message.version.value if message.HasField("version") else None
    return ModelSpec(message.name, version, message.version_label or None, routing_key)


async def predict(
    engine: Engine, request: Any, spec: ModelSpec, settings: Settings
) -> MessageAnswer:
    """`Predict`.

    Raises:
        ServingError: The request is refused, or the model fails.
    """
    _check_spec(request)

    def prepare(version: Version) -> tuple[Signature, Arrays]:
        return grpc_requests.predict(request, version.loaded, settings.body_bytes)

    result = await engine.run(spec, prepare, request.ByteSize() > background.LONG)
    response = predict_pb2.PredictResponse()
    _fill_spec(response.model_spec, spec, result)
    for alias in grpc_requests.outputs(request, result.signature):
        response.outputs[alias].CopyFrom(tensor_protos.proto(result.outputs[alias]))
    return _answer(response, result)


async def classify(
    engine: Engine, request: Any, spec: ModelSpec, settings: Settings
) -> MessageAnswer:
    """`Classify`.

    Raises:
        ServingError: The request is refused, or the model fails.
    """
    _check_spec(request)
    serialized = await _examples(request, settings)
    result = await engine.run(spec, _prepare(request.model_spec, serialized, CLASSIFY))
    engine.metrics.examples.observe(len(serialized), spec.name)
    response = classification_pb2.ClassificationResponse()
    _fill_spec(response.model_spec, spec, result)
    _fill_classifications(response.result, result, len(serialized))
    return _answer(response, result)


async def regress(
    engine: Engine, request: Any, spec: ModelSpec, settings: Settings
) -> MessageAnswer:
    """`Regress`.

    Raises:
        ServingError: The request is refused, or the model fails.
    """
    _check_spec(request)
    serialized = await _examples(request, settings)
    result = await engine.run(spec, _prepare(request.model_spec, serialized, REGRESS))
    engine.metrics.examples.observe(len(serialized), spec.name)
    response = regression_pb2.RegressionResponse()
    _fill_spec(response.model_spec, spec, result)
    _fill_regressions(response.result, result, len(serialized))
    return _answer(response, result)


async def multi_inference(
    engine: Engine, request: Any, spec: ModelSpec, settings: Settings
) -> MessageAnswer:
    """`MultiInference`: several signatures of one model, on the same examples.

    Raises:
        ServingError: The request is refused, or the model fails.
    """
    tasks = request.tasks
    if not spec.name:
        raise _refused("ModelSpec has no name specified.")
    serialized = await _examples(request, settings)
    first, *others = (_prepare(t.model_spec, serialized, t.method_name) for t in tasks)

    def checked(version: Version) -> tuple[Signature, Arrays]:
        grpc_requests.check_tasks(tasks, version.loaded)
        return first(version)

    result = await engine.run(spec, checked)
    # All tasks must be answered by one version, also if it changes meanwhile.
    one = ModelSpec(spec.name, result.version)
    results = [result, *await asyncio.gather(*(engine.run(one, prepare) for prepare in others))]
    engine.metrics.examples.observe(len(serialized), spec.name)
    response = inference_pb2.MultiInferenceResponse()
    for task, result in zip(tasks, results, strict=True):
        entry = response.results.add()
        _fill_spec(entry.model_spec, one, result)
        if task.method_name == CLASSIFY:
            _fill_classifications(entry.classification_result, result, len(serialized))
        else:
            _fill_regressions(entry.regression_result, result, len(serialized))
    return _answer(response, results[0])


def metadata(engine: Engine, request: Any) -> Any:
    """`GetModelMetadata`.

    Raises:
        ServingError: There is no such version, or another field than `signature_def` is asked for.
    """
    _check_spec(request)
    if not request.metadata_field:
        raise _refused("GetModelMetadataRequest must specify at least one metadata_field")
    for field in request.metadata_field:
        if field != "signature_def":
            raise _refused(f"Metadata field {field} is not supported")
    version = engine.find(from_message(request.model_spec))
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for name, signature in version.loaded.signatures.items():
        signatures.signature_def[name].CopyFrom(signature.definition)
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.model_spec.name = version.model
    response.model_spec.version.value = version.number
    response.metadata["signature_def"].Pack(signatures)
    return response


def _check_spec(request: Any) -> None:
    if not request.HasField("model_spec"):
        raise _refused("Missing ModelSpec")
    if not request.model_spec.name:
        raise _refused("ModelSpec has no name specified.")


async def _examples(request: Any, settings: Settings) -> list[bytes]:
    read = partial(grpc_requests.examples, request.input, settings.limits.rows)
    return await background.run(read) if request.ByteSize() > background.LONG else read()


def _prepare(spec: Any, serialized: list[bytes], method: str) -> Prepare:
    return lambda version: grpc_requests.infer(spec, serialized, method, version.loaded)


def _answer(message: Any, result: Result) -> MessageAnswer:
    return MessageAnswer(version=result.version, label=result.label, message=message, result=result)


def _fill_spec(message: Any, spec: ModelSpec, result: Result) -> None:
    message.name = spec.name
    message.version.value = result.version
    message.signature_name = result.signature.name


def _fill_classifications(message: Any, result: Result, count: int) -> None:
    for row in inference.classifications(result.outputs, count):
        classes = message.classifications.add().classes
        for label, score in row:
            classes.add(label=label.decode(errors="replace"), score=float(score))


def _fill_regressions(message: Any, result: Result, count: int) -> None:
    for value in inference.regressions(result.outputs, count):
        message.regressions.add(value=float(value))


def _refused(message: str) -> ServingError:
    return ServingError(Code.INVALID_ARGUMENT, message)

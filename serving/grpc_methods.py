"""gRPC's requests and answers: from messages to tensors and back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import numpy as np
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    inference_pb2,
    predict_pb2,
    regression_pb2,
)

from serving import inference, json_text, predict_json, tensor_protos
from serving.batcher import Arrays
from serving.engine import Engine, Result, Target
from serving.errors import Code, ServingError
from serving.signatures import CLASSIFY, DEFAULT, REGRESS, Signature
from serving.versions import Version


@dataclass
class Answer:
    """An answer, and what the request log wants to know of it."""

    message: Any
    result: Result

    @property
    def version(self) -> int:
        """The version that answered."""
        return self.result.version

    @property
    def label(self) -> str | None:
        """How that version was chosen."""
        return self.result.label

    def json(self) -> bytes:
        """The outputs, as REST would answer a request in columns."""
        try:
            return predict_json.answer(self.result.outputs, self.result.signature.outputs, False)
        except ServingError as error:
            return json_text.dump({"error": str(error)})


def target(request: Any, key: str | None) -> Target:
    """Whom a request is for."""
    if isinstance(request, inference_pb2.MultiInferenceRequest):
        return spec_target(request.tasks[0].model_spec) if request.tasks else Target("")
    return spec_target(request.model_spec, key)


def spec_target(spec: Any, key: str | None = None) -> Target:
    """Whom a `ModelSpec` names."""
    version = spec.version.value if spec.HasField("version") else None
    return Target(spec.name, version, spec.version_label or None, key)


async def predict(engine: Engine, request: Any, asked: Target, limit: int) -> Answer:
    """`Predict`.

    Raises:
        ServingError: The request is refused, or the model fails.
    """
    _check_spec(request)
    name = request.model_spec.signature_name or DEFAULT

    def prepare(version: Version) -> tuple[Signature, Arrays]:
        if name not in version.loaded.signatures:
            raise ServingError(
                Code.FAILED_PRECONDITION, f'Serving signature key "{name}" not found.'
            )
        signature = version.loaded.signatures[name]
        return signature, _inputs(request, signature, limit)

    result = await engine.run(asked, prepare)
    response = predict_pb2.PredictResponse()
    _fill_spec(response.model_spec, asked, result)
    for alias in _filtered(request.output_filter, result.signature):
        response.outputs[alias].CopyFrom(tensor_protos.proto(result.outputs[alias]))
    return Answer(response, result)


async def classify(engine: Engine, request: Any, asked: Target, limit: int) -> Answer:
    """`Classify`.

    Raises:
        ServingError: The request is refused, or the model fails.
    """
    _check_spec(request)
    result, count = await _run_examples(engine, request, asked, request.model_spec, CLASSIFY)
    response = classification_pb2.ClassificationResponse()
    _fill_spec(response.model_spec, asked, result)
    _fill_classifications(response.result, result, count)
    return Answer(response, result)


async def regress(engine: Engine, request: Any, asked: Target, limit: int) -> Answer:
    """`Regress`.

    Raises:
        ServingError: The request is refused, or the model fails.
    """
    _check_spec(request)
    result, count = await _run_examples(engine, request, asked, request.model_spec, REGRESS)
    response = regression_pb2.RegressionResponse()
    _fill_spec(response.model_spec, asked, result)
    _fill_regressions(response.result, result, count)
    return Answer(response, result)


async def multi_inference(engine: Engine, request: Any, asked: Target, limit: int) -> Answer:
    """`MultiInference`: several signatures of one model, on the same examples.

    Raises:
        ServingError: The request is refused, or the model fails.
    """
    _check_tasks(request.tasks)
    # All tasks must be answered by one version, also if it changes meanwhile.
    version = engine.find(asked).number
    one = Target(asked.model, version)
    runs = await asyncio.gather(
        *(_run_examples(engine, request, one, t.model_spec, t.method_name) for t in request.tasks)
    )
    response = inference_pb2.MultiInferenceResponse()
    for task, (result, count) in zip(request.tasks, runs, strict=True):
        entry = response.results.add()
        _fill_spec(entry.model_spec, one, result)
        if task.method_name == CLASSIFY:
            _fill_classifications(entry.classification_result, result, count)
        else:
            _fill_regressions(entry.regression_result, result, count)
    return Answer(response, runs[0][0])


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
    version = engine.find(spec_target(request.model_spec))
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for name, signature in version.loaded.signatures.items():
        signatures.signature_def[name].CopyFrom(signature.definition)
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.model_spec.name = version.model
    response.model_spec.version.value = version.number
    response.metadata["signature_def"].Pack(signatures)
    return response


def predict_request_json(request: Any, limit: int) -> bytes:
    """A `PredictRequest` as the JSON of a request in columns, for the request log."""
    body: dict[str, Any] = {"signature_name": request.model_spec.signature_name or DEFAULT}
    try:
        body["inputs"] = {
            name: _listed(tensor_protos.parsed(value, name, limit))
            for name, value in request.inputs.items()
        }
    except ServingError as error:
        body["error"] = error.message
    return json_text.dump_special(body)


def _listed(values: np.ndarray) -> Any:
    if values.dtype.kind != "O":
        return values.tolist()
    texts = [value.decode(errors="replace") for value in values.ravel()]
    return np.array(texts, dtype=object).reshape(values.shape).tolist()


def _check_spec(request: Any) -> None:
    if not request.HasField("model_spec"):
        raise _refused("Missing ModelSpec")


def _check_tasks(tasks: Any) -> None:
    if not tasks:
        raise _refused("Inference request must have at least one task")
    seen = set()
    for task in tasks:
        name = task.model_spec.signature_name or DEFAULT
        if task.model_spec.name != tasks[0].model_spec.name:
            raise _refused(
                "All ModelSpecs in a MultiInferenceRequest must access the same model name."
            )
        if name in seen:
            raise _refused(f"Duplicate evaluation of signature: {name}")
        seen.add(name)
        if task.method_name not in (CLASSIFY, REGRESS):
            raise ServingError(
                Code.UNIMPLEMENTED, f"Unsupported signature method_name: {task.method_name}"
            )


def _inputs(request: Any, signature: Signature, limit: int) -> Arrays:
    extra = set(request.inputs) - set(signature.inputs)
    missing = {
        name
        for name, info in signature.inputs.items()
        if name not in request.inputs and info.default is None
    }
    if extra or missing:
        raise _refused(
            f"input size does not match signature: {len(request.inputs)}!={len(signature.inputs)} "
            f"len({{{','.join(sorted(request.inputs))}}}) != "
            f"len({{{','.join(signature.inputs)}}}). Sent extra: {{{','.join(sorted(extra))}}}. "
            f"Missing but required: {{{','.join(sorted(missing))}}}."
        )
    _filtered(request.output_filter, signature)
    arrays = {}
    for name, info in signature.inputs.items():
        if name in request.inputs:
            arrays[name] = tensor_protos.array(request.inputs[name], info, limit)
        elif info.default is not None:
            arrays[name] = info.default
    return arrays


def _filtered(output_filter: Any, signature: Signature) -> list[str]:
    aliases = list(output_filter)
    for alias in aliases:
        if alias not in signature.outputs:
            raise _refused(
                f"output tensor alias not found in signature: {alias} Outputs expected to be in "
                f"the set {{{','.join(signature.outputs)}}}."
            )
    if len(set(aliases)) < len(aliases):
        raise _refused(f"duplicate output tensor alias: {max(aliases, key=aliases.count)}")
    return aliases or list(signature.outputs)


async def _run_examples(
    engine: Engine, request: Any, asked: Target, spec: Any, method: str
) -> tuple[Result, int]:
    examples = _examples(request.input)
    name = spec.signature_name or DEFAULT

    def prepare(version: Version) -> tuple[Signature, Arrays]:
        if name not in version.loaded.signatures:
            raise _refused(f"No signature was found with the name: {name}")
        signature = version.loaded.signatures[name]
        return signature, inference.inputs(examples, signature, method)

    result = await engine.run(asked, prepare)
    engine.metrics.examples.observe(len(examples), asked.model)
    return result, len(examples)


def _examples(request_input: Any) -> list[bytes]:
    if request_input.WhichOneof("kind") == "example_list_with_context":
        with_context = request_input.example_list_with_context
        context = with_context.context.SerializeToString()
        return [context + example.SerializeToString() for example in with_context.examples]
    return [example.SerializeToString() for example in request_input.example_list.examples]


def _fill_spec(spec: Any, asked: Target, result: Result) -> None:
    spec.name = asked.model
    spec.version.value = result.version
    spec.signature_name = result.signature.name


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

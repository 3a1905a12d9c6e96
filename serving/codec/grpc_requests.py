"""What gRPC's requests ask of a loaded model: which signature, with which tensors."""

from __future__ import annotations

from typing import Any

from serving.codec import inference, tensor_protos
from serving.core.errors import Code, ServingError
from serving.model.loaded_model import LoadedModel
from serving.model.signatures import CLASSIFY, DEFAULT, REGRESS, Arrays, Signature


def predict(request: Any, model: LoadedModel, limit: int) -> tuple[Signature, Arrays]:
    """The signature and the tensors of a `PredictRequest`.

    Args:
        request: As a client sent it.
        model: The model that it is for.
        limit: The most bytes that a tensor may take.

    Raises:
        ServingError: The request does not fit the model.
    """
    name = request.model_spec.signature_name or DEFAULT
    if name not in model.signatures:
        raise ServingError(Code.FAILED_PRECONDITION, f'Serving signature key "{name}" not found.')
    signature = model.signatures[name]
    _check_names(request, signature)
    outputs(request, signature)
    arrays = {}
    for key, info in signature.inputs.items():
        if key in request.inputs:
            arrays[key] = tensor_protos.array(request.inputs[key], info, limit)
        elif info.default is not None:
            arrays[key] = info.default
    return signature, arrays


def outputs(request: Any, signature: Signature) -> list[str]:
    """The outputs that a `PredictRequest` wants.

    Raises:
        ServingError: There is no such output, or one is named twice.
    """
    aliases = list(request.output_filter)
    for alias in aliases:
        if alias not in signature.outputs:
            raise _refused(
                f"output tensor alias not found in signature: {alias} Outputs expected to be in "
                f"the set {{{','.join(signature.outputs)}}}."
            )
    if len(set(aliases)) < len(aliases):
        raise _refused(f"duplicate output tensor alias: {max(aliases, key=aliases.count)}")
    return aliases or list(signature.outputs)


def examples(request_input: Any, rows: int) -> list[bytes]:
    """The serialized examples of an `Input`, each with the features of its context.

    Raises:
        ServingError: There are more than `rows` of them, or they are too large together.
    """
    found, context = examples_and_context(request_input)
    if len(found) > rows:
        raise _refused(f"Task size {len(found)} is larger than maximum input batch size {rows}")
    shared = b"" if context is None else context.SerializeToString()
    return inference.with_context(shared, [example.SerializeToString() for example in found])


def examples_and_context(request_input: Any) -> tuple[Any, Any]:
    """The examples of an `Input`, and their context; None if it has none."""
    if request_input.WhichOneof("kind") == "example_list_with_context":
        with_context = request_input.example_list_with_context
        return with_context.examples, with_context.context
    return request_input.example_list.examples, None


def infer(
    spec: Any, serialized: list[bytes], method: str, model: LoadedModel
) -> tuple[Signature, Arrays]:
    """The signature and the tensors of a classification or regression.

    Args:
        spec: The `ModelSpec`.
        serialized: The examples.
        method: What is asked for, as the signature's method is called.
        model: The model that it is for.

    Raises:
        ServingError: The request does not fit the model.
    """
    name = spec.signature_name or DEFAULT
    return inference.signature_and_inputs(name, serialized, method, model.signatures)


def check_tasks(tasks: Any, model: LoadedModel) -> None:
    """Checks that the tasks of a `MultiInferenceRequest` can be answered together.

    Raises:
        ServingError: They cannot.
    """
    seen, tensors = set(), set()
    for task in tasks:
        name = task.model_spec.signature_name or DEFAULT
        if not task.model_spec.name:
            raise _refused("Found ModelSpec with an empty model name.")
        if task.model_spec.name != tasks[0].model_spec.name:
            raise _refused(
                "All ModelSpecs in a MultiInferenceRequest must access the same model name."
            )
        if name in seen:
            raise _refused(f"Duplicate evaluation of signature: {name}")
        seen.add(name)
        if name not in model.signatures:
            raise _refused(f"Requested signature not found in model graph: {name}")
        if task.method_name not in (CLASSIFY, REGRESS):
            raise ServingError(
                Code.UNIMPLEMENTED, f"Unsupported signature method_name: {task.method_name}"
            )
        tensors |= {info.tensor for info in model.signatures[name].inputs.values()}
    if len(tensors) > 1:
        # TensorFlow Serving runs them as one.
        raise _refused("Input tensor must be the same for all Signatures.")


def _check_names(request: Any, signature: Signature) -> None:
    sent, expected = set(request.inputs), set(signature.inputs)
    needed = {name for name, info in signature.inputs.items() if info.default is None}
    extra, missing = sent - expected, needed - sent
    if not extra and not missing:
        return
    if len(sent) > len(expected) or (len(sent) < len(expected) and needed == expected):
        raise _refused(
            f"input size does not match signature: {len(sent)}!={len(expected)} "
            f"len({_set(sent)}) != len({_set(expected)}). Sent extra: {_set(extra)}. "
            f"Missing but required: {_set(missing)}."
        )
    if missing:
        first = min(missing)
        raise _refused(
            f"Signature input alias: {first}(feed name: {signature.inputs[first].tensor}) not found"
            f" in request and no default value provided. Inputs expected to be in the request "
            f"{_set(sent)}, or default input alias set: {_set(expected - needed)}"
        )
    raise _refused(
        f"Inputs contains invalid name. Used request inputs: {_set(sent & expected)}, request "
        f"input: {_set(sent)}"
    )


def _set(names: set[str]) -> str:
    return f"{{{','.join(sorted(names))}}}"


def _refused(message: str) -> ServingError:
    return ServingError(Code.INVALID_ARGUMENT, message)

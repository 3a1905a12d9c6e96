"""The Open Inference Protocol, version 2, by gRPC: `inference.GRPCInferenceService`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from serving.codec import open_inference, tensor_protos, tensors
from serving.codec.open_inference import Output, Request, refused
from serving.core import background, json_text
from serving.core.errors import ServingError
from serving.core.model_spec import ModelSpec
from serving.core.settings import Settings
from serving.engine.engine import Engine
from serving.grpc.methods import MessageAnswer
from serving.grpc.open_inference_messages import CLASSES, ModelInferResponse
from serving.model.signatures import TensorInfo
from serving.rest import open_inference as rest
from serving.rest.paths import model_version

# Which field of `InferTensorContents` has the values of a datatype.
_CONTENTS = {
    "BOOL": "bool_contents",
    "INT8": "int_contents", "INT16": "int_contents", "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents", "UINT16": "uint_contents", "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents", "FP64": "fp64_contents", "BYTES": "bytes_contents",
}  # fmt: skip


class OpenInferenceAnswer(MessageAnswer):
    """An answer in a `ModelInferResponse`."""

    def json(self) -> bytes:
        """The answer as `:predict` would have it, in columns."""
        assert self.result is not None
        return open_inference.logged_answer(self.result.signature, self.result.outputs)


def spec(request: Any, routing_key: str | None = None) -> ModelSpec:
    """Which servable a `ModelInferRequest` is for.

    Raises:
        ServingError: Its version is a number beyond those that there can be.
    """
    return model_version(request.model_name, request.model_version, routing_key)


async def infer(
    engine: Engine, request: Any, servable: ModelSpec, settings: Settings
) -> MessageAnswer:
    """`ModelInfer`.

    Raises:
        ServingError: The request is refused, or the model fails.
    """
    most = settings.limits.rows

    def made() -> Request:
        return read(request, most)

    asked = await background.run(made) if request.ByteSize() > background.LONG else made()
    result = await engine.run(servable, lambda version: asked.tensors(version.loaded))
    response = ModelInferResponse(
        model_name=servable.name, model_version=str(result.version), id=request.id
    )
    wanted = asked.wanted(result.signature)
    infos = result.signature.outputs
    # All in one form, as the specification says; in the one that the request has, if it can be.
    raw = asked.raw or any(
        open_inference.datatype(infos[name]) in open_inference.RAW_ALONE for name, _ in wanted
    )
    for name, _ in wanted:
        array = result.outputs[name]
        datatype = open_inference.datatype(infos[name])
        tensor = response.outputs.add(name=name, datatype=datatype, shape=array.shape)
        if raw:
            response.raw_output_contents.append(open_inference.to_raw(array))
        else:
            values = array.ravel().tolist()
            getattr(tensor.contents, _CONTENTS[datatype]).extend(values)
    return OpenInferenceAnswer(
        version=result.version, label=result.label, message=response, result=result
    )


def read(request: Any, most_rows: int) -> Request:
    """Reads a `ModelInferRequest`.

    Args:
        request: As a client sent it.
        most_rows: More are refused.

    Raises:
        ServingError: It contradicts itself.
    """
    raws = request.raw_input_contents
    if raws and len(raws) != len(request.inputs):
        raise refused(f"{len(raws)} raw_input_contents for {len(request.inputs)} inputs")
    parameters = open_inference.check_parameters("request", _parameters(request.parameters))
    inputs: dict[str, np.ndarray] = {}
    texts = tensors.Texts()
    for number, tensor in enumerate(request.inputs):
        open_inference.check_parameters(tensor.name, _parameters(tensor.parameters))
        if tensor.name in inputs:
            raise refused(f"Input '{tensor.name}' is there twice")
        info = open_inference.info_of(tensor.name, tensor.datatype)
        sizes = open_inference.checked_shape(tensor.name, list(tensor.shape), most_rows)
        if not raws:
            inputs[tensor.name] = _from_contents(tensor, info, sizes)
        elif tensor.HasField("contents"):
            raise refused(f"Input '{tensor.name}' has contents beside raw_input_contents")
        else:
            raw = memoryview(raws[number])
            if info.dtype.kind == "O":
                texts.take(math.prod(sizes))
            inputs[tensor.name] = open_inference.from_raw(raw, info, sizes)
    outputs = []
    for one in request.outputs:
        open_inference.check_parameters(one.name, _parameters(one.parameters))
        outputs.append(Output(one.name, bool(raws)))
    open_inference.check_once([output.name for output in outputs], "Output")
    return Request(request.id, parameters, inputs, outputs, raw=bool(raws))


def request_json(request: Any, most_rows: int) -> bytes:
    """A request for the request log."""
    try:
        asked = read(request, most_rows)
        return open_inference.logged_request(asked.signature_name, asked.inputs)
    except ServingError as error:
        return json_text.dump_special({"error": error.message})


def live(engine: Engine, request: Any) -> Any:
    """`ServerLive`."""
    return CLASSES["ServerLiveResponse"](live=True)


def server_metadata(engine: Engine, request: Any) -> Any:
    """`ServerMetadata`."""
    return CLASSES["ServerMetadataResponse"](
        **open_inference.SERVER, extensions=open_inference.EXTENSIONS
    )


def model_ready(engine: Engine, request: Any) -> Any:
    """`ModelReady`; of a model that is not there, as Triton has it, not ready."""
    try:
        ready = rest.is_ready(engine, model_version(request.name, request.version))
    except ServingError:
        ready = False
    return CLASSES["ModelReadyResponse"](ready=ready)


def model_metadata(engine: Engine, request: Any) -> Any:
    """`ModelMetadata`.

    Raises:
        ServingError: There is no such version.
    """
    found = rest.metadata(engine, model_version(request.name, request.version))
    return CLASSES["ModelMetadataResponse"](**found)


def _from_contents(tensor: Any, info: TensorInfo, sizes: Sequence[int]) -> np.ndarray:
    field = _CONTENTS.get(tensor.datatype)
    for one, values in tensor.contents.ListFields():
        if one.name != field:
            told = f"in {field}" if field else "in raw_input_contents alone"
            raise refused(
                f"Input '{tensor.name}': values of {tensor.datatype} are {told}, received "
                f"{len(values)} in {one.name}"
            )
    if field is None:
        raise refused(
            f"Input '{tensor.name}': values of {tensor.datatype} are in raw_input_contents alone"
        )
    values = getattr(tensor.contents, field)
    if info.dtype.kind == "O":
        array = np.empty(len(values), dtype=object)
        array[:] = list(values)
        return open_inference.shaped(array, tensor.name, sizes)
    wide = tensor_protos.numbers(
        values, np.dtype({"i": np.int64, "u": np.uint64}.get(info.dtype.kind, info.dtype))
    )
    array = wide.astype(info.dtype)
    if info.dtype.kind in "iu" and not (array == wide).all():
        worst = wide[array != wide][0]
        raise refused(f"Input '{tensor.name}': {worst} is out of the range of {tensor.datatype}")
    return open_inference.shaped(array, tensor.name, sizes)


def _parameters(messages: Any) -> dict[str, Any]:
    found = {}
    for name, message in messages.items():
        kind = message.WhichOneof("parameter_choice")
        found[name] = getattr(message, kind) if kind else None
    return found

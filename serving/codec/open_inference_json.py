"""The Open Inference Protocol's REST bodies: JSON, with tensors in it or as bytes behind it.

The bytes are Triton's extension `binary_tensor_data`: in the order of the tensors, each as long as
its parameter `binary_data_size` says. Long JSON is read in parts, as `long_json` does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from serving.codec import long_json, open_inference, predict_json, tensors
from serving.codec.long_json import Place
from serving.codec.open_inference import Output, Request, refused
from serving.core import background, json_parts, json_text
from serving.core.errors import Code, ServingError
from serving.core.json_parts import PART_BYTES
from serving.model.signatures import Signature, TensorInfo

_MEMBERS = ("id", "parameters", "inputs", "outputs")


def read(body: bytes, json_bytes: int | None, most_rows: int) -> Request:
    """Reads a request.

    Args:
        body: JSON, perhaps with bytes behind it.
        json_bytes: How long the JSON is; None for all of it.
        most_rows: More are refused.

    Raises:
        ServingError: It is no such request.
    """
    if json_bytes is not None and not 0 <= json_bytes <= len(body):
        raise refused(
            f"Inference-Header-Content-Length is {json_bytes}, but the body has {len(body)} bytes"
        )
    text = body if json_bytes in (None, len(body)) else body[:json_bytes]
    raw = _Raw(memoryview(body)[len(text) :])
    envelope, found = _read_long(text) if len(text) > PART_BYTES else _read_short(text)
    request = Request(
        id=_text(envelope.get("id", ""), "id"),
        parameters=open_inference.check_parameters("request", envelope.get("parameters", {})),
    )
    request.raw = request.parameters.get("binary_data_output") is True
    request.outputs = _outputs(envelope.get("outputs", []), request.raw)
    texts = tensors.Texts()
    for one in found:
        if not isinstance(one, dict):
            raise refused("Each of 'inputs' must be an object")
        name = _text(one.get("name"), "name")
        if name in request.inputs:
            raise refused(f"Input '{name}' is there twice")
        request.inputs[name] = _input(text, one, name, raw, most_rows, texts)
    if raw.left:
        raise refused(f"{raw.left} bytes are left behind those of the inputs")
    return request


def write(
    request: Request, model: str, version: int, signature: Signature, arrays: Mapping[str, Any]
) -> tuple[bytes, int | None]:
    """An answer's body, and how long its JSON is where bytes are behind it.

    Raises:
        ServingError: An output has no form in JSON.
    """
    parts: list[bytes] = []
    raws: list[bytes] = []
    for output in request.wanted(signature):
        info, array = signature.outputs[output.name], arrays[output.name]
        head: dict[str, Any] = {
            "name": info.name,
            "datatype": open_inference.datatype(info),
            "shape": list(array.shape),
        }
        if output.raw:
            raws.append(open_inference.to_raw(array))
            head["parameters"] = {"binary_data_size": len(raws[-1])}
            parts.append(json_text.dump(head))
        else:
            data = _data(array.reshape(-1), info)
            parts.append(b'%b,"data":%b}' % (json_text.dump(head)[:-1], data))
    answer: dict[str, Any] = {"model_name": model, "model_version": str(version)}
    if request.id:
        answer["id"] = request.id
    body = b'%b,"outputs":[%b]}' % (json_text.dump(answer)[:-1], b",".join(parts))
    return (b"".join([body, *raws]), len(body)) if raws else (body, None)


class _Raw:
    """The bytes behind the JSON, which the inputs take one after the other."""

    def __init__(self, content: memoryview) -> None:
        self._content = content
        self._at = 0

    @property
    def left(self) -> int:
        """How many no input has taken."""
        return len(self._content) - self._at

    def take(self, name: str, size: Any) -> memoryview:
        """The next `size` bytes.

        Raises:
            ServingError: There are not so many.
        """
        if type(size) is not int or not 0 <= size <= self.left:
            raise refused(
                f"Input '{name}': binary_data_size is {json_text.shown(size)}, where {self.left} "
                "bytes are left behind the JSON"
            )
        self._at += size
        return self._content[self._at - size : self._at]


def _read_short(text: bytes) -> tuple[dict[str, Any], list[Any]]:
    envelope = json_text.parse(text)
    found = envelope.get("inputs")
    if not isinstance(found, list):
        raise _no_inputs()
    return envelope, found


def _read_long(text: bytes) -> tuple[dict[str, Any], Iterator[Any]]:
    """As `_read_short`, with the place of each `data` for its value."""
    start = json_parts.first(text)
    if text[start : start + 1] != b"{":
        raise refused(f"JSON Value: {json_text.shown(str(text[:100]))} Is not object")
    envelope: dict[str, Any] = {}
    place: Place | None = None
    for name, at, end in json_parts.members(text, start)[0]:
        if name == "inputs":
            place = Place(at, end)
        else:
            value = _short_value(text, Place(at, end), name)
            if name in _MEMBERS:
                envelope[name] = value
    if place is None or text[place.start : place.start + 1] != b"[":
        raise _no_inputs()
    return envelope, _long_inputs(text, place)


def _long_inputs(text: bytes, place: Place) -> Iterator[dict[str, Any]]:
    found, close = json_parts.parts(text, place.start)
    _check_end(text, close, place.end)
    for part in found:
        background.pause()
        if part.end - part.start <= PART_BYTES:
            values = json_text.loads(b"[%b]" % text[part.start : part.end])
            if len(values) != part.elements:
                raise json_parts.malformed("Invalid value", part.start)
            yield from values
            continue
        start = json_parts.first(text, part.start)
        if text[start : start + 1] != b"{":
            raise refused("Each of 'inputs' must be an object")
        one: dict[str, Any] = {}
        members, close = json_parts.members(text, start)
        _check_end(text, close, part.end)
        for name, at, end in members:
            inner = Place(at, end)
            one[name] = inner if name == "data" else _short_value(text, inner, name)
        yield one


def _short_value(text: bytes, place: Place, name: str) -> Any:
    if place.end - place.start > PART_BYTES:
        raise refused(f"'{name[:100]}' is longer than {PART_BYTES} bytes")
    values = json_text.loads(b"[%b]" % text[place.start : place.end])
    if len(values) != 1:
        raise json_parts.malformed("Invalid value", place.start)
    return values[0]


def _check_end(text: bytes, close: int, end: int) -> None:
    if json_parts.first(text, close) < end:
        raise json_parts.malformed("Missing a comma after a value", close)


def _input(
    text: bytes, one: dict[str, Any], name: str, raw: _Raw, most_rows: int, texts: tensors.Texts
) -> np.ndarray:
    datatype = _text(one.get("datatype"), f"datatype' of input '{name}")
    info = open_inference.info_of(name, datatype)
    sizes = open_inference.checked_shape(name, one.get("shape"), most_rows)
    parameters = open_inference.check_parameters(name, one.get("parameters", {}))
    size = parameters.get("binary_data_size")
    if size is not None:
        if "data" in one:
            raise refused(f"Input '{name}' has both 'data' and 'binary_data_size'")
        if info.dtype.kind == "O":
            texts.take(math.prod(sizes))
        return open_inference.from_raw(raw.take(name, size), info, sizes)
    if "data" not in one:
        raise refused(f"Input '{name}' has neither 'data' nor the parameter 'binary_data_size'")
    if datatype in open_inference.RAW_ALONE:
        raise refused(f"Input '{name}': {datatype} has no form in JSON; send it as binary data")
    data = one["data"]
    try:
        if isinstance(data, Place):
            array = long_json.tensor(text, data, info, texts)
        else:
            array = tensors.tensor(data, info)
    except ServingError as error:
        told = f"Input '{name}': {error.message}"
        raise ServingError(error.code, told, http_status=error.http_status) from None
    return open_inference.shaped(array, name, sizes)


def _outputs(found: Any, raw: bool) -> list[Output]:
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise refused("'outputs' must be a list of objects")
    made = []
    for one in found:
        name = _text(one.get("name"), "name")
        parameters = open_inference.check_parameters(name, one.get("parameters", {}))
        made.append(Output(name, parameters.get("binary_data", raw) is True))
    open_inference.check_once([output.name for output in made], "Output")
    return made


def _data(flat: np.ndarray, info: TensorInfo) -> bytes:
    """An output's values, [n], as JSON."""
    datatype = open_inference.datatype(info)
    if datatype in open_inference.RAW_ALONE:
        raise refused(
            f"Output '{info.name}': {datatype} has no form in JSON; ask for it with the parameter "
            "'binary_data'"
        )
    if flat.dtype.kind != "O":
        return predict_json.written(flat, info)
    parts = []
    try:
        for start in range(0, len(flat), PART_BYTES // 8):
            background.pause()
            texts = [value.decode() for value in flat[start : start + PART_BYTES // 8]]
            parts.append(json_text.dump(texts)[1:-1])
    except UnicodeDecodeError:
        raise refused(
            f"Output '{info.name}' has bytes that are no UTF-8; ask for it with the parameter "
            "'binary_data'"
        ) from None
    return b"[%b]" % b",".join(parts)


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise refused(f"'{name}' must be a string, received {json_text.shown(value)}")
    tensors.encoded(value)
    return value


def _no_inputs() -> ServingError:
    return ServingError(Code.INVALID_ARGUMENT, "'inputs' must be a list of tensors")

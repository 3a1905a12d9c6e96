"""The Open Inference Protocol, version 2: datatypes, raw tensors and requests, however they came.

The protocol has no signatures: a request is for the default one, or for the one that its parameter
`signature_name` names.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from serving.codec import predict_json, tensors
from serving.core import background, json_text
from serving.core.errors import Code, ServingError
from serving.model.loaded_model import LoadedModel
from serving.model.signatures import DEFAULT, Arrays, Signature, TensorInfo

SERVER = {"name": "tfx-production-pipeline", "version": "0.1.0"}
"""What the server calls itself."""
EXTENSIONS = ["binary_tensor_data", "parameters"]
"""In Triton's words: tensors as bytes behind the JSON, and parameters of the server's own."""
RAW_ALONE = ("FP16", "BF16")
"""Datatypes with no form in JSON nor in typed contents, as the specification says."""

_BFLOAT16 = np.dtype(tf.bfloat16.as_numpy_dtype)
# TensorFlow's names of types, and those of "Tensor Data Types" there; BF16 is Triton's.
_DATATYPES = {
    "bool": "BOOL", "uint8": "UINT8", "uint16": "UINT16", "uint32": "UINT32", "uint64": "UINT64",
    "int8": "INT8", "int16": "INT16", "int32": "INT32", "int64": "INT64",
    "half": "FP16", "float": "FP32", "double": "FP64", "bfloat16": "BF16", "string": "BYTES",
}  # fmt: skip
_TYPES = {datatype: name for name, datatype in _DATATYPES.items()}
DATATYPES = frozenset(_TYPES)
"""The protocol's names of types."""
_MEMORY = ("shared_memory_region", "shared_memory_byte_size", "shared_memory_offset")
_LENGTH = struct.Struct("<I")
_MOST_STRINGS = 4096
"""Strings between two pauses."""


class Output(NamedTuple):
    """An output that a request wants."""

    name: str
    raw: bool
    """As bytes."""


@dataclass
class Request:
    """A request for an inference, read."""

    id: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    inputs: dict[str, np.ndarray] = field(default_factory=dict)
    outputs: Sequence[Output] = ()
    """Empty for all."""
    raw: bool = False
    """Whether outputs that the request does not name are wanted as bytes."""

    @property
    def signature_name(self) -> str:
        """Which signature it names; empty for the default one.

        Raises:
            ServingError: The parameter is no string.
        """
        name = self.parameters.get("signature_name", "")
        if not isinstance(name, str):
            raise refused("The parameter 'signature_name' must be a string")
        return name

    def tensors(self, model: LoadedModel) -> tuple[Signature, Arrays]:
        """The signature, and its tensors.

        Raises:
            ServingError: The request does not fit the model.
        """
        signature = signature_named(self.signature_name, model)
        infos = signature.inputs
        for name, array in self.inputs.items():
            if name not in infos:
                raise refused(
                    f"unexpected inference input '{name}': the inputs are {', '.join(infos)}"
                )
            if array.dtype != infos[name].dtype:
                raise refused(
                    f"inference input '{name}' data-type is '{datatype_of(array.dtype)}', but the "
                    f"model expects '{datatype(infos[name])}'"
                )
        for name, info in infos.items():
            if name not in self.inputs and info.default is None:
                missing = [n for n in infos if infos[n].default is None and n not in self.inputs]
                raise refused(f"missing inference input: {', '.join(missing)}")
        self.wanted(signature)
        return signature, {
            name: self.inputs.get(name, info.default) for name, info in infos.items()
        }

    def wanted(self, signature: Signature) -> list[Output]:
        """The outputs to answer with.

        Raises:
            ServingError: One is none of the signature's, or has no datatype in this protocol.
        """
        wanted = list(self.outputs) or [Output(name, self.raw) for name in signature.outputs]
        for name, _ in wanted:
            if name not in signature.outputs:
                raise refused(
                    f"unexpected inference output '{name}': the outputs are "
                    f"{', '.join(signature.outputs)}"
                )
            info = signature.outputs[name]
            if info.type_name not in _DATATYPES:
                raise refused(
                    f"Output '{name}' is of type {info.type_name}, which the Open Inference "
                    "Protocol has no datatype for"
                )
        return wanted


def signature_named(name: str, model: LoadedModel) -> Signature:
    """A signature; without a name the default one, or else the only one.

    Raises:
        ServingError: There is none of the name, or none that is meant without.
    """
    found = model.signatures
    if not name and DEFAULT not in found and len(found) == 1:
        return next(iter(found.values()))
    if (name or DEFAULT) not in found:
        raise refused(
            f"The model has no signature '{name or DEFAULT}': name one of "
            f"{', '.join(sorted(found))} in the parameter 'signature_name'"
        )
    return found[name or DEFAULT]


def datatype(info: TensorInfo) -> str:
    """The protocol's name of a tensor's type; TensorFlow's own where it has none."""
    return _DATATYPES.get(info.type_name, info.type_name.upper())


def datatype_of(dtype: np.dtype) -> str:
    """The protocol's name of an array's type."""
    return next(
        (one for one in _TYPES if _dtype(one) == dtype),
        dtype.name.upper(),
    )


def shape(info: TensorInfo) -> list[int]:
    """A tensor's shape for metadata, -1 for any size; `[-1]` of one whose rank is not known."""
    return [-1] if info.shape is None else [-1 if size is None else size for size in info.shape]


def info_of(name: str, datatype_name: str) -> TensorInfo:
    """What a request says of an input.

    Raises:
        ServingError: The protocol has no such datatype.
    """
    if datatype_name not in _TYPES:
        raise refused(
            f"Input '{name}': there is no datatype '{datatype_name}'; there are {', '.join(_TYPES)}"
        )
    return TensorInfo(name, "", _TYPES[datatype_name], _dtype(datatype_name), None)


def checked_shape(name: str, sizes: Any, most_rows: int) -> list[int]:
    """An input's shape.

    Raises:
        ServingError: It is no list of sizes, or has more than `most_rows` rows.
    """
    if not isinstance(sizes, list) or not all(type(n) is int and 0 <= n < 2**63 for n in sizes):
        raise refused(f"Input '{name}': 'shape' must be a list of numbers, of 0 and more")
    if len(sizes) > 32:
        raise refused(f"Input '{name}': a tensor cannot have more than 32 dimensions")
    if sizes and sizes[0] > most_rows:
        raise refused(f"Task size {sizes[0]} is larger than maximum input batch size {most_rows}")
    return sizes


def shaped(array: np.ndarray, name: str, sizes: Sequence[int]) -> np.ndarray:
    """An input's values in the shape that the request says; they may have come flat.

    Raises:
        ServingError: They are of another number, or of another shape.
    """
    count = math.prod(sizes)
    if array.size != count:
        raise refused(
            f"Input '{name}': shape {list(sizes)} has {count} values, received {array.size}"
        )
    if array.ndim > 1 and array.shape != tuple(sizes):
        raise refused(
            f"Input '{name}': shape {list(sizes)} is declared, received {list(array.shape)}"
        )
    return array.reshape(sizes)


def from_raw(raw: memoryview, info: TensorInfo, sizes: Sequence[int]) -> np.ndarray:
    """An input's values from bytes: little-endian, row by row; strings behind their lengths.

    Raises:
        ServingError: There are more bytes or fewer than the shape needs.
    """
    count = math.prod(sizes)
    if info.dtype.kind == "O":
        return _strings(raw, info.name, count).reshape(sizes)
    if len(raw) != count * info.dtype.itemsize:
        raise refused(
            f"Input '{info.name}': shape {list(sizes)} of {datatype(info)} takes "
            f"{count * info.dtype.itemsize} bytes, received {len(raw)}"
        )
    if info.dtype.kind == "b" and np.frombuffer(raw, np.uint8).max(initial=0) > 1:
        raise refused(f"Input '{info.name}': a BOOL is a byte of 0 or 1")
    # What lies behind the JSON begins at any byte.
    return np.require(np.frombuffer(raw, info.dtype), requirements="A").reshape(sizes)


def to_raw(array: np.ndarray) -> bytes:
    """An output's values as bytes."""
    if array.dtype.kind != "O":
        return array.tobytes()
    parts: list[bytes] = []
    for number, value in enumerate(array.ravel()):
        if number % _MOST_STRINGS == 0:
            background.pause()
        parts += (_LENGTH.pack(len(value)), value)
    return b"".join(parts)


def check_parameters(name: str, parameters: Any) -> dict[str, Any]:
    """A tensor's parameters, without those that ask for what this server has not.

    Raises:
        ServingError: They are no object, or ask for shared memory or a classification.
    """
    if not isinstance(parameters, dict):
        raise refused(f"'{name}': 'parameters' must be an object")
    for one in (*_MEMORY, "classification"):
        if parameters.get(one):
            raise ServingError(
                Code.UNIMPLEMENTED, f"'{name}': the parameter '{one}' is not supported",
                http_status=400,
            )  # fmt: skip
    return parameters


def header_id(sent: str) -> str:
    """A request's id as a header, or gRPC's metadata, can have it; empty where it cannot."""
    return sent[:128] if sent.isascii() and sent.isprintable() else ""


def logged_request(signature_name: str, inputs: Arrays) -> bytes:
    """A request as `:predict` would have it, in columns, for the request log."""
    columns = [
        b"%b:%b" % (json_text.dump(name), _written(name, _wide(array)))
        for name, array in inputs.items()
    ]
    head = json_text.dump({"signature_name": signature_name or DEFAULT})
    return b'%b,"inputs":{%b}}' % (head[:-1], b",".join(columns))


def logged_answer(signature: Signature, outputs: Arrays) -> bytes:
    """An answer as `:predict` would have it, in columns, for the request log."""
    wide = {name: _wide(array) for name, array in outputs.items()}
    try:
        return predict_json.answer(wide, signature.outputs, False)
    except ServingError as error:
        return json_text.dump({"error": error.message})


def check_once(names: Collection[str], what: str) -> None:
    """Checks that no tensor is named twice.

    Raises:
        ServingError: One is.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise refused(f"{what} '{name}' is there twice")
        seen.add(name)


def metadata(model: str, versions: Collection[int], loaded: LoadedModel) -> dict[str, Any]:
    """What the protocol tells of a model.

    Args:
        model: Its name.
        versions: The numbers of the versions that can be asked.
        loaded: The version that is described.
    """
    found = loaded.signatures
    signature = found.get(DEFAULT) or (next(iter(found.values())) if len(found) == 1 else None)
    return {
        "name": model,
        "versions": [str(number) for number in sorted(versions)],
        "platform": loaded.platform,
        "inputs": _described(signature.inputs if signature else {}),
        "outputs": _described(signature.outputs if signature else {}),
    }


def refused(message: str) -> ServingError:
    """A client's mistake."""
    return ServingError(Code.INVALID_ARGUMENT, message)


def _described(infos: Mapping[str, TensorInfo]) -> list[dict[str, Any]]:
    return [
        {"name": name, "datatype": datatype(info), "shape": shape(info)}
        for name, info in infos.items()
    ]


def _wide(array: np.ndarray) -> np.ndarray:
    """Floats of 16 bits as such that JSON can have."""
    return array.astype(np.float32) if datatype_of(array.dtype) in RAW_ALONE else array


def _written(name: str, array: np.ndarray) -> bytes:
    """A tensor as JSON, in parts, none of which takes long."""
    if array.dtype.kind != "O":
        return predict_json.written(array, TensorInfo(name, "", "", array.dtype, None))
    if array.size <= _MOST_STRINGS:
        background.pause()
        texts = np.empty(array.size, dtype=object)
        texts[:] = [_text(value) for value in array.ravel()]
        return json_text.dump(texts.reshape(array.shape).tolist())
    step = _MOST_STRINGS // max(1, array.size // len(array))
    if not step:
        return b"[%b]" % b",".join([_written(name, row) for row in array])
    parts = [_written(name, array[at : at + step])[1:-1] for at in range(0, len(array), step)]
    return b"[%b]" % b",".join(parts)


def _text(value: bytes) -> Any:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return tensors.as_b64(value)


def _strings(raw: memoryview, name: str, count: int) -> np.ndarray:
    # Each takes four bytes at least, so no shape has more room made than was received.
    if count * _LENGTH.size > len(raw):
        raise refused(
            f"Input '{name}': {count} BYTES take {count * _LENGTH.size} bytes or more, received "
            f"{len(raw)}"
        )
    values = np.empty(count, dtype=object)
    at = 0
    for number in range(count):
        if number % _MOST_STRINGS == 0:
            background.pause()
        start = at + _LENGTH.size
        if start > len(raw):
            raise refused(
                f"Input '{name}': the bytes end before the {number + 1}. of {count} BYTES"
            )
        at = start + _LENGTH.unpack_from(raw, at)[0]
        if at > len(raw):
            raise refused(
                f"Input '{name}': the {number + 1}. of {count} BYTES is longer than what is left"
            )
        values[number] = bytes(raw[start:at])
    if at != len(raw):
        raise refused(f"Input '{name}': {len(raw) - at} bytes are left behind its {count} BYTES")
    return values


def _dtype(name: str) -> np.dtype:
    if name == "BYTES":
        return np.dtype(object)
    return _BFLOAT16 if name == "BF16" else np.dtype(tf.as_dtype(_TYPES[name]).as_numpy_dtype)

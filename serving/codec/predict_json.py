"""The bodies of `:predict`: rows (`instances`, `predictions`) or columns (`inputs`, `outputs`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from serving.codec import instances_json, tensors
from serving.core import background, json_text
from serving.core.errors import Code, ServingError
from serving.model.signatures import DEFAULT, Arrays, Signature, TensorInfo

_MOST_VALUES = 8192
"""That are written at a time; those that are not finite are the slowest, a microsecond each."""


def signature_name(body: Mapping[str, Any]) -> str:
    """Which signature a request calls.

    Raises:
        ServingError: `signature_name` is no string.
    """
    name = body.get("signature_name", "")
    if not isinstance(name, str):
        raise _refused(
            f"JSON Value: {json_text.shown(body)} not formatted correctly. 'signature_name' key "
            "must be a string value."
        )
    return name or DEFAULT


def in_rows(body: Mapping[str, Any]) -> bool:
    """Whether the request, and so its answer, is in rows.

    Raises:
        ServingError: It is in both forms, in neither, or `instances` is no list of rows.
    """
    if "instances" not in body:
        if "inputs" not in body:
            raise _refused("Missing 'inputs' or 'instances' key")
        return False
    if "inputs" in body:
        wrong = (
            "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist "
        )
    elif not isinstance(body["instances"], list):
        wrong = "Excepting 'instances' to be an list/array"
    elif not body["instances"]:
        wrong = "No values in 'instances' array"
    else:
        return True
    raise _refused(f"JSON Value: {json_text.shown(dict(body))} {wrong}")


def inputs(body: Mapping[str, Any], signature: Signature) -> Arrays:
    """The request's tensors; what it leaves out, and may, takes the signature's default.

    Raises:
        ServingError: The request does not fit the signature.
    """
    if in_rows(body):
        return instances_json.arrays(body["instances"], signature)
    return _from_columns(body["inputs"], signature)


def _from_columns(value: Any, signature: Signature) -> Arrays:
    infos = signature.inputs
    if not instances_json.is_named(value):
        if len(infos) > 1:
            raise _refused(
                "inputs is a plain value/list, but expecting an object as multiple input tensors "
                "required as per tensorinfo_map"
            )
        (info,) = infos.values()
        return {info.name: tensors.tensor(value, info)}
    made = {}
    for name, info in infos.items():
        if name in value:
            made[name] = tensors.tensor(value[name], info)
        elif info.default is not None:
            made[name] = info.default
        else:
            raise _refused(f"Missing named input: {name} in 'inputs' object.")
    return made


def answer(outputs: Mapping[str, np.ndarray], infos: Mapping[str, TensorInfo], rows: bool) -> bytes:
    """The answer's body.

    Raises:
        ServingError: An output's type has no JSON form, or the outputs differ in rows.
    """
    if rows:
        check_rows(outputs)
    if is_long(outputs):
        return _long_answer(outputs, infos, rows)
    finite = _are_finite(outputs)
    values = {name: _json_value(array, infos[name], finite) for name, array in outputs.items()}
    dump = json_text.dump if finite else json_text.dump_special
    if len(values) == 1:
        (only,) = values.values()
        return dump({"predictions" if rows else "outputs": only})
    if not rows:
        return dump({"outputs": values})
    # A row of an array would be written with the digits of another type.
    columns = [value if isinstance(value, list) else shortest(value) for value in values.values()]
    return dump(
        {"predictions": [dict(zip(values, row, strict=True)) for row in zip(*columns, strict=True)]}
    )


def is_long(outputs: Mapping[str, np.ndarray]) -> bool:
    """Whether an answer takes long to write, so that it must not be done on the event loop."""
    return sum([array.size for array in outputs.values()]) > _MOST_VALUES


def _are_finite(outputs: Mapping[str, np.ndarray]) -> bool:
    return all(
        array.dtype.kind not in "fV" or np.isfinite(array).all() for array in outputs.values()
    )


def _long_answer(
    outputs: Mapping[str, np.ndarray], infos: Mapping[str, TensorInfo], rows: bool
) -> bytes:
    """An answer that is written in parts, none of which takes long."""
    if len(outputs) == 1:
        ((name, array),) = outputs.items()
        return b'{"%b":%b}' % (
            b"predictions" if rows else b"outputs", written(array, infos[name])
        )  # fmt: skip
    if not rows:
        columns = [
            b"%b:%b" % (json_text.dump(name), written(array, infos[name]))
            for name, array in outputs.items()
        ]
        return b'{"outputs":{%b}}' % b",".join(columns)
    count = len(next(iter(outputs.values())))
    width = sum(array.size for array in outputs.values()) // count
    step = max(1, _MOST_VALUES // max(1, width))
    parts = []
    for start in range(0, count, step):
        background.pause()
        part = {name: array[start : start + step] for name, array in outputs.items()}
        if is_long(part):  # One row.
            members = [
                b"%b:%b" % (json_text.dump(name), written(array[0], infos[name]))
                for name, array in part.items()
            ]
            parts.append(b"{%b}" % b",".join(members))
        else:
            parts.append(answer(part, infos, True)[len(b'{"predictions":[') : -len(b"]}")])
    return b'{"predictions":[%b]}' % b",".join(parts)


def written(array: np.ndarray, info: TensorInfo) -> bytes:
    """An output as JSON, in parts, none of which takes long.

    Raises:
        ServingError: Its type has no JSON form.
    """
    if array.size <= _MOST_VALUES:
        background.pause()
        return answer({info.name: array}, {info.name: info}, False)[len(b'{"outputs":') : -1]
    step = _MOST_VALUES // max(1, array.size // len(array))
    if not step:
        return b"[%b]" % b",".join([written(row, info) for row in array])
    parts = [written(array[at : at + step], info)[1:-1] for at in range(0, len(array), step)]
    return b"[%b]" % b",".join(parts)


def check_rows(outputs: Mapping[str, np.ndarray]) -> None:
    """Checks that outputs have a value for each row.

    Raises:
        ServingError: They differ in rows, or one has none.
    """
    size = -1
    for name, array in outputs.items():
        if array.ndim == 0:
            raise _refused(f"Tensor name: {name} has no shape information ")
        if size not in (-1, len(array)):
            raise _refused(
                f"Tensor name: {name} has inconsistent batch size: {len(array)} expecting: {size}"
            )
        size = len(array)


def _json_value(array: np.ndarray, info: TensorInfo, finite: bool) -> Any:
    if array.dtype.kind == "O":
        return _strings(array.tolist(), info.name.endswith("_bytes"))
    if array.dtype.kind not in "fiub":
        raise _refused(f"Failed to write JSON value for tensor type: {info.type_name}")
    if finite:
        return np.ascontiguousarray(array) if array.ndim else array.item()
    return shortest(array)


def shortest(array: np.ndarray) -> Any:
    """Python's values of an array; numbers with the fewest digits that mean the same in it."""
    if array.dtype.kind != "f":
        return array.tolist()
    numbers = [json_text.shortest(number) for number in array.ravel()]
    return np.array(numbers).reshape(array.shape).tolist()


def _strings(value: Any, as_bytes: bool) -> Any:
    if isinstance(value, list):
        return [_strings(item, as_bytes) for item in value]
    if as_bytes:
        return tensors.as_b64(value)
    return value.decode(errors="replace")


def _refused(message: str) -> ServingError:
    return ServingError(Code.INVALID_ARGUMENT, message)

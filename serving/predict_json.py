"""The bodies of `:predict`: rows (`instances`, `predictions`) or columns (`inputs`, `outputs`)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np

from serving import json_text, tensors
from serving.errors import Code, ServingError
from serving.signatures import DEFAULT, Signature, TensorInfo

Arrays = dict[str, np.ndarray]


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
        return _from_rows(body["instances"], signature)
    return _from_columns(body["inputs"], signature)


def _from_rows(rows: list[Any], signature: Signature) -> Arrays:
    infos = signature.inputs
    named = _is_named(rows[0])
    if not named:
        if len(infos) > 1:
            raise _refused(
                "instances is a plain list, but expecting list of objects as multiple input "
                "tensors required as per tensorinfo_map"
            )
        (info,) = infos.values()
        for row, value in enumerate(rows):
            if _is_named(value):
                raise _refused(f"Expecting value/list but got object at item {row} of input list")
        return {info.name: _stacked(rows, info, "")}
    known = infos.keys()
    needed = {name for name, info in infos.items() if info.default is None}
    for number, row in enumerate(rows):
        if not _is_named(row):
            raise _refused(f"Expecting object but got list at item {number} of input list")
        if not needed <= row.keys() <= known:
            raise _wrong_names(number, row, signature)
    return {name: _column(rows, info) for name, info in infos.items()}


def _wrong_names(number: int, row: Mapping[str, Any], signature: Signature) -> ServingError:
    infos = signature.inputs
    for name in row:
        if name not in infos:
            return _refused(
                f"Failed to process element: {number} key: {name} of 'instances' list. Error: "
                f"INVALID_ARGUMENT: JSON object: does not have named input: {name}"
            )
    return _refused(
        f"Failed to process element: {number} of 'instances' list. JSON object: "
        f"{json_text.shown(row)} keys must be equal to: {','.join(infos)}"
    )


def _column(rows: list[dict[str, Any]], info: TensorInfo) -> np.ndarray:
    if info.default is None:
        return _stacked([row[info.name] for row in rows], info, f" key: {info.name}")
    if not any(info.name in row for row in rows):
        return info.default
    absent = _as_json(info.default[0], info)
    values = [row.get(info.name, absent) for row in rows]
    return _stacked(values, info, f" key: {info.name}")


def _stacked(values: list[Any], info: TensorInfo, key: str) -> np.ndarray:
    try:
        return tensors.stacked(values, info)
    except ServingError as error:
        row, _, reason = error.message.partition("\n")
        if not reason:
            raise
        raise ServingError(
            error.code,
            f"Failed to process element: {row}{key} of 'instances' list. Error: "
            f"{error.code.name}: {reason}",
        ) from None


def _from_columns(value: Any, signature: Signature) -> Arrays:
    infos = signature.inputs
    if not _is_named(value):
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


def _is_named(value: Any) -> bool:
    return type(value) is dict and not tensors.is_bytes(value)


def answer(outputs: Mapping[str, np.ndarray], infos: Mapping[str, TensorInfo], rows: bool) -> bytes:
    """The answer's body.

    Raises:
        ServingError: An output's type has no JSON form, or the outputs differ in rows.
    """
    if rows:
        _check_rows(outputs)
    finite = all(
        array.dtype.kind not in "fV" or np.isfinite(array).all() for array in outputs.values()
    )
    values = {name: _json_value(array, infos[name], finite) for name, array in outputs.items()}
    dump = json_text.dump if finite else json_text.dump_special
    if len(values) == 1:
        (only,) = values.values()
        return dump({"predictions" if rows else "outputs": only})
    if not rows:
        return dump({"outputs": values})
    # A row of an array would be written with the digits of another type.
    columns = [value if isinstance(value, list) else _shortest(value) for value in values.values()]
    return dump(
        {"predictions": [dict(zip(values, row, strict=True)) for row in zip(*columns, strict=True)]}
    )


def _check_rows(outputs: Mapping[str, np.ndarray]) -> None:
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
    return _shortest(array)


def _shortest(array: np.ndarray) -> Any:
    """Numbers of Python's with the fewest digits that mean the same in the array's type."""
    if array.dtype.kind != "f":
        return array.tolist()
    numbers = [float(str(number)) for number in array.ravel()]
    return np.array(numbers).reshape(array.shape).tolist()


def _strings(value: Any, as_bytes: bool) -> Any:
    if isinstance(value, list):
        return [_strings(item, as_bytes) for item in value]
    if as_bytes:
        return {"b64": base64.b64encode(value).decode()}
    return value.decode(errors="replace")


def _as_json(value: Any, info: TensorInfo) -> Any:
    """An element of a default as a row would hold it."""
    if info.dtype.kind != "O":
        return value.tolist()
    nested = value.tolist() if isinstance(value, np.ndarray) else value
    # What is text need not be decoded for each row.
    return "" if nested == b"" else _strings(nested, True)


def _refused(message: str) -> ServingError:
    return ServingError(Code.INVALID_ARGUMENT, message)

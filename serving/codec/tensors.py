"""From JSON values to tensors, as strictly as TensorFlow Serving does it: no type is guessed.

The way for well-formed values goes level by level over whole lists; only what does not fit is
looked at value by value, for TensorFlow Serving's message about the first thing that is wrong.
"""

from __future__ import annotations

import base64
import binascii
from array import array
from itertools import chain
from typing import Any

import numpy as np

from serving.core import json_text
from serving.core.errors import Code, ServingError
from serving.model.signatures import TensorInfo

MOST_DIMENSIONS = 32
"""numpy's limit in its first major version."""
MOST_TEXTS = 2**19
"""Of a request; each takes 60 bytes of memory or more, and three of a message or of JSON."""

_NO_WHITE_SPACE = dict.fromkeys(map(ord, " \t\n\v\f\r"))
_B64_PART = 2**18

_ALLOWED = {
    "f": frozenset({float, int}),
    "i": frozenset({int}),
    "u": frozenset({int}),
    "b": frozenset({bool}),
    "O": frozenset({str, dict}),
}


def tensor(value: Any, info: TensorInfo) -> np.ndarray:
    """A tensor from a value or nested lists of them.

    Raises:
        ServingError: A value is not of the tensor's type, or lists differ in length.
    """
    made = _whole([value], info)
    if made is None:
        shape = _shape(value)
        _check(value, shape, 0, info)
        raise _refused(f"JSON Value: {json_text.shown(value)} is no tensor")
    return made.reshape(made.shape[1:])


def stacked(values: list[Any], info: TensorInfo) -> np.ndarray:
    """A tensor from one value, or nested lists of them, for each row.

    Raises:
        ServingError: A value is not of the tensor's type, or rows differ in shape; the message
            begins with the row, and is the same for each of its tensors.
    """
    made = _whole(values, info)
    return _explain_rows(values, info) if made is None else made


class Texts:
    """Counts the texts of a request."""

    def __init__(self) -> None:
        self._count = 0

    def take(self, count: int) -> None:
        """Counts some more.

        Raises:
            ServingError: Those are more than a request may have.
        """
        self._count += count
        if self._count > MOST_TEXTS:
            raise too_many_texts()


def too_many_texts() -> ServingError:
    """The refusal of a request with too many texts."""
    return ServingError(
        Code.RESOURCE_EXHAUSTED,
        f"The request has more than {MOST_TEXTS} texts; send its rows in several requests",
        http_status=413,
    )


def is_bytes(value: Any) -> bool:
    """Whether a value is `{"b64": text}`, which stands for bytes."""
    return type(value) is dict and len(value) == 1 and type(value.get("b64")) is str


def decoded(value: dict[str, Any]) -> bytes:
    """The bytes of `{"b64": text}`.

    Raises:
        ServingError: It is another object, or the text is not base 64.
    """
    if not is_bytes(value):
        raise _refused(
            f"JSON Value: {json_text.shown(value)} not formatted correctly for base64 data"
        )
    # White space is passed over and padding may be missing, as in `absl::Base64Unescape`.
    text = value["b64"].translate(_NO_WHITE_SPACE)
    text += "=" * (-len(text) % 4)
    try:
        # In parts, each of which is whole groups of four: one call for all would take long.
        parts = [text[start : start + _B64_PART] for start in range(0, len(text), _B64_PART)]
        return b"".join([base64.b64decode(part, validate=True) for part in parts])
    except (binascii.Error, ValueError):
        raise _refused("Unable to base64 decode") from None


def as_b64(value: bytes) -> dict[str, str]:
    """The value that stands for bytes."""
    return {"b64": base64.b64encode(value).decode()}


def encoded(text: str) -> bytes:
    """A string's bytes.

    Raises:
        ServingError: It has half of a surrogate pair, which no encoding has.
    """
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise _half_a_pair() from None


def _whole(values: list[Any], info: TensorInfo) -> np.ndarray | None:
    """A tensor of values, or of lists of them; None if they do not make one.

    Raises:
        ServingError: A string cannot be decoded.
    """
    shape = [len(values)]
    items = values
    while list in (types := set(map(type, items))):
        lengths = set(map(len, items)) if len(types) == 1 else set()
        if len(lengths) != 1 or len(shape) >= MOST_DIMENSIONS:
            return None
        shape.append(lengths.pop())
        items = list(chain.from_iterable(items))
    if not types <= _ALLOWED.get(info.dtype.kind, frozenset()):
        return None
    made = flat(items, types, info)
    return None if made is None else made.reshape(shape)


def block(columns: list[tuple[Any, ...]], info: TensorInfo) -> np.ndarray | None:
    """A tensor of each column, one array for all; None if they do not make one.

    Args:
        columns: For each tensor its values, as many for each.
        info: What all of them are for.

    Raises:
        ServingError: A string cannot be decoded.
    """
    made = _whole(list(chain.from_iterable(columns)), info)
    return None if made is None else made.reshape(len(columns), len(columns[0]), *made.shape[1:])


def flat(items: list[Any], types: set[type], info: TensorInfo) -> np.ndarray | None:
    """A tensor of plain values; None if one is out of range.

    Args:
        items: The values.
        types: Their types, each of which the tensor may have.
        info: What they are for.

    Raises:
        ServingError: A string cannot be decoded.
    """
    dtype = info.dtype
    if dtype.kind == "O":
        strings = np.empty(len(items), dtype=object)
        if dict in types:
            strings[:] = [encoded(item) if type(item) is str else decoded(item) for item in items]
            return strings
        try:
            strings[:] = list(map(str.encode, items))
        except UnicodeEncodeError:
            raise _half_a_pair() from None
        return strings
    try:
        if dtype.kind != "f":
            # A plain conversion would wrap what is out of range.
            if dtype.kind == "u" and min(items, default=0) < 0:
                return None
            wide = np.array(items, dtype=np.uint64 if dtype.kind == "u" else np.int64)
            narrow = wide.astype(dtype, copy=False)
            fits = dtype.kind == "b" or narrow is wide or bool((wide == narrow).all())
            return narrow if fits else None
        return floats(items, dtype)
    except (OverflowError, ValueError):
        return None


def floats(items: list[Any], dtype: np.dtype) -> np.ndarray:
    """Numbers as floats, rounded to the nearest; infinite where they are beyond the type's range.

    TensorFlow Serving does the same since its version 2.5 (`GetFloat` in json_tensor.cc).

    Raises:
        OverflowError: A whole number is beyond the range of 64 bits' floats.
    """
    if dtype == np.float32:
        # C's own cast, which has nobody warned: to tell NumPy so takes as long as a small request.
        return np.asarray(array("f", items))
    with np.errstate(over="ignore"):
        return np.array(items, dtype=np.float64).astype(dtype)


def _shape(value: Any) -> list[int]:
    """The shape, going by the first value at each level."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if len(shape) > MOST_DIMENSIONS:
            raise _refused(f"A tensor cannot have more than {MOST_DIMENSIONS} dimensions")
        if not value:
            break
        value = value[0]
    return shape


def _explain_rows(values: list[Any], info: TensorInfo) -> np.ndarray:
    first: tuple[int, list[int]] | None = None
    for row, value in enumerate(values):
        try:
            shape = _shape(value)
            size = _check(value, shape, 0, info)
            if first is None:
                first = size, shape
            elif size != first[0]:
                raise _refused(f"Expecting tensor size: {first[0]} but got: {size}")
            elif shape != first[1]:
                raise _refused(f"Expecting shape {first[1]} but got: {shape}".replace(", ", ","))
        except ServingError as error:
            raise ServingError(error.code, f"{row}\n{error.message}") from None
    raise _refused(f"0\nJSON Value: {json_text.shown(values)} is no tensor")


def _check(value: Any, shape: list[int], level: int, info: TensorInfo) -> int:
    """Counts the values; raises at the first that does not fit."""
    if not isinstance(value, list):
        if level != len(shape):
            raise _refused(
                f"JSON Value: {json_text.shown(value)} found at incorrect level: {level + 1} in "
                f"the JSON DOM. Expected at level: {len(shape)}"
            )
        _check_type(value, info)
        return 1
    if level >= len(shape):
        raise _refused(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
    if len(value) != shape[level]:
        raise _refused(
            f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: "
            f"{shape[level]}"
        )
    return sum(_check(item, shape, level + 1, info) for item in value)


def _check_type(value: Any, info: TensorInfo) -> None:
    kind = info.dtype.kind
    if kind not in _ALLOWED:
        raise ServingError(
            Code.UNIMPLEMENTED,
            f"Conversion of JSON Value: {json_text.shown(value)} to type: {info.type_name}",
        )
    fits = type(value) in _ALLOWED[kind]
    if fits and kind in "iu":
        limits = np.iinfo(info.dtype)
        fits = limits.min <= value <= limits.max
    if not fits:
        raise _refused(
            f"JSON Value: {json_text.shown(value)} Type: {json_text.type_name(value)} is not of "
            f"expected type: {info.type_name}"
        )
    if kind == "O":
        _ = encoded(value) if isinstance(value, str) else decoded(value)


def _half_a_pair() -> ServingError:
    return _refused("JSON Parse error: Invalid surrogate in a string")


def _refused(message: str) -> ServingError:
    return ServingError(Code.INVALID_ARGUMENT, message)

"""JSON as TensorFlow Serving reads and writes it: `NaN`, `Infinity` and `-Infinity` are numbers."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import orjson

from serving.core.errors import Code, ServingError


def loads(text: bytes) -> Any:
    """Reads a value, as TensorFlow Serving's parser does.

    NaN and Infinity are numbers, and what comes behind the value is passed over, such as a NUL that
    a client in C has sent with its string.

    Raises:
        ServingError: It is not JSON.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        # Python's own parser takes the rest, at a tenth of the speed.
        try:
            value, _ = _DECODER.raw_decode(text.decode().lstrip(_WHITE_SPACE))
            return value
        except (RecursionError, ValueError) as error:
            raise _refused(f"JSON Parse error: Invalid value. {error}") from None


def parse(body: bytes) -> dict[str, Any]:
    """Reads a request's body, which must be an object.

    Raises:
        ServingError: It is not JSON, or no object.
    """
    if not body.strip(_WHITE_SPACE.encode()):
        raise _refused("JSON Parse error: The document is empty at offset: 0")
    value = loads(body)
    if not isinstance(value, dict):
        raise _refused(f"JSON Value: {shown(value)} Is not object")
    return value


def dump(value: Any) -> bytes:
    """Writes a value; numpy arrays in it must be finite."""
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)


def dump_special(value: Any) -> bytes:
    """Writes a value of Python's own types with special numbers as bare tokens."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def shortest(number: np.floating[Any]) -> float:
    """A number of Python's with the fewest digits that mean the same in the number's own type."""
    return float(str(number))


def shown(value: Any, limit: int = 200) -> str:
    """A value as JSON for an error message, cut to `limit` characters."""
    try:
        text = json.dumps(value)
    except RecursionError:
        text = f"{type(value).__name__} nested too deeply to show"
    return text if len(text) <= limit else f"{text[:limit]}..."


def type_name(value: Any) -> str:
    """What JSON calls a value's type, in TensorFlow Serving's words."""
    names = {type(None): "Null", dict: "Object", list: "Array", str: "String"}
    if isinstance(value, bool):
        return str(value)
    return names.get(type(value), "Number")


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"Number too big to be stored in double: {text[:40]}")
    return value


_WHITE_SPACE = " \t\r\n"
_DECODER = json.JSONDecoder(parse_float=_float)


def _refused(message: str) -> ServingError:
    return ServingError(Code.INVALID_ARGUMENT, message)

"""JSON as TensorFlow Serving reads and writes it: `NaN`, `Infinity` and `-Infinity` are numbers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import orjson

from serving.core.errors import Code, ServingError

_SPECIAL = (b"NaN", b"Inf")


def parse(body: bytes) -> dict[str, Any]:
    """Reads a request's body, which must be an object.

    Raises:
        ServingError: It is not JSON, or no object.
    """
    if not body.strip(b" \t\r\n"):
        raise _refused("JSON Parse error: The document is empty at offset: 0")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        # Python's own parser takes the special numbers, at a tenth of the speed.
        if not any(token in body for token in _SPECIAL):
            raise _refused(f"JSON Parse error: Invalid value. {error}") from None
        try:
            value = json.loads(body)
        except (RecursionError, ValueError) as slow_error:
            raise _refused(f"JSON Parse error: Invalid value. {slow_error}") from None
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


def _refused(message: str) -> ServingError:
    return ServingError(Code.INVALID_ARGUMENT, message)

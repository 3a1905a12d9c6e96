"""Reads JSON that another process wrote, and that may be half-written, damaged or hostile."""

from __future__ import annotations

import json
import math
import stat
from pathlib import Path
from typing import Any

MAX_BYTES = 64 * 2**20
MAX_DEPTH = 64
_EXACT = 2**53
"""Larger integers are not exact in a browser."""


class UnreadableError(Exception):
    """The file is there but is not the JSON that it should be; the message says why."""


def read_object(path: Path, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """A file's JSON object, in which every number is finite and every key a text.

    NaN, infinities and numbers beyond a double become None.

    Raises:
        FileNotFoundError: There is no such file.
        UnreadableError: The file cannot be read, or is not a JSON object.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # A named pipe would be waited for without end.
            raise UnreadableError(f"{path.name} cannot be read: it is not a file")
        if status.st_size > max_bytes:
            raise UnreadableError(f"{path.name} is larger than {max_bytes // 2**20} MB")
        content = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UnreadableError(f"{path.name} cannot be read: {error.strerror}") from error
    try:
        value = clean(json.loads(content))
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"{path.name} is not readable JSON: {_reason(error)}") from error
    if not isinstance(value, dict):
        raise UnreadableError(f"{path.name} is not a JSON object")
    return value


def clean(value: Any, depth: int = MAX_DEPTH) -> Any:
    """The value as a browser can read it.

    Raises:
        RecursionError: It is nested more deeply than `depth`.
    """
    if isinstance(value, str):  # Most of what there is.
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict | list):
        if depth == 0:
            raise RecursionError(f"nested more than {MAX_DEPTH} deep")
        if isinstance(value, dict):
            return {key: clean(inner, depth - 1) for key, inner in value.items()}
        return [clean(inner, depth - 1) for inner in value]
    if isinstance(value, int) and not -_EXACT <= value <= _EXACT:
        return _inexact(value)
    return value


def _inexact(value: int) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg}, line {error.lineno} column {error.colno}"
    if isinstance(error, RecursionError):
        return f"nested more than {MAX_DEPTH} deep"
    return str(error)

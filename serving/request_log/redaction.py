"""Leaves named features out of logged bodies.

What cannot be told apart by name is left out as well: values without a name, binary values (they
may be whole serialized examples), bodies that are not JSON objects, and error messages, which may
quote the request.
"""

from __future__ import annotations

import json
from typing import Any

NOTHING = b"null"
"""The body in the place of one that was left out."""

_ROWS = ("instances", "examples")


def without(body: bytes, names: frozenset[str]) -> bytes:
    """The body of a request or a response without the values of some features.

    Args:
        body: JSON in TensorFlow Serving's form.
        names: The features to leave out, wherever they stand.

    Returns:
        JSON of the same form; `null` where the body is not a JSON object.
    """
    try:
        return _without(json.loads(body), names)
    except (RecursionError, ValueError):
        # No JSON, or lists in lists by the hundreds, of which no feature is made.
        return NOTHING


def _without(content: Any, names: frozenset[str]) -> bytes:
    if not isinstance(content, dict):
        return NOTHING
    if "error" in content:
        content["error"] = "[redacted]"
    for key in _ROWS:
        if isinstance(content.get(key), list):
            content[key] = [row if isinstance(row, dict) else None for row in content[key]]
        elif key in content:
            content[key] = None
    if "inputs" in content and not isinstance(content["inputs"], dict):
        content["inputs"] = None
    return json.dumps(_clean(content, names), separators=(",", ":")).encode()


def _clean(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"b64"}:
            return None
        return {key: _clean(item, names) for key, item in value.items() if key not in names}
    if isinstance(value, list):
        return [_clean(item, names) for item in value]
    return value

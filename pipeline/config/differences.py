"""What differs between two configs, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

_ABSENT = object()
_LONGEST = 40


def differences(old: Any, new: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Where two trees differ, and how.

    A key that only one of them has is not followed further.

    Returns:
        Each dotted key with a text such as `training.epochs 10 -> 3`.
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            where = f"{at}.{key}" if at else str(key)
            yield from differences(old.get(key, _ABSENT), new.get(key, _ABSENT), where)
    elif old is _ABSENT:
        yield at, f"{at} is new"
    elif new is _ABSENT:
        yield at, f"{at} is gone"
    elif old != new:
        yield at, f"{at} {_shown(old)} -> {_shown(new)}"


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def listed(items: list[str], most: int = 3) -> str:
    """The first of the items, and how many more there are."""
    more = len(items) - most
    return ", ".join(items[:most]) + (f" and {more} more" if more > 0 else "")

"""What slices are called wherever they are shown."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

OVERALL = "overall"
"""The slice of all rows."""


def slice_name(pairs: Iterable[tuple[str, float | bytes | str]]) -> str:
    """A slice's name: `feature=value` pairs joined by `, `, or OVERALL where there are none.

    Args:
        pairs: Its features with their values, in the order in which TFMA has them.
    """
    return ", ".join(f"{name}={value_in_words(value)}" for name, value in pairs) or OVERALL


def value_in_words(value: float | bytes | str) -> str:
    """A feature's value as a slice's name has it: numbers as short as single precision tells."""
    if isinstance(value, float):
        short = f"{value:g}"
        return short if np.float32(short) == np.float32(value) else str(np.float32(value))
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)

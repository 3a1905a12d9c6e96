"""What slices are called wherever they are shown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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
        import numpy as np  # Whoever reads a configuration does without.

        short = f"{value:g}"
        single = np.float32(value)
        # Shown as Python does: NumPy's own way is another one in each of its generations.
        return (
            short if np.float32(short) == single else str(float(np.format_float_scientific(single)))
        )
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


@dataclass(frozen=True, order=True)
class SliceKey:
    """Which slices a bound is for."""

    pairs: tuple[tuple[str, str | None], ...]
    """Each feature with its value, None for any value, in order of the features' names."""

    @property
    def features(self) -> tuple[str, ...]:
        """The features of the slices, in order of their names."""
        return tuple(feature for feature, _ in self.pairs)

    def covers(self, values: Mapping[str, str]) -> bool:
        """Whether a slice is among them, by the value of each of its features."""
        return values.keys() == set(self.features) and all(
            value is None or _same(values[feature], value) for feature, value in self.pairs
        )

    def overlaps(self, other: SliceKey) -> bool:
        """Whether a slice may be among those of both."""
        return self.features == other.features and all(
            mine is None or its is None or _same(mine, its)
            for (_, mine), (_, its) in zip(self.pairs, other.pairs, strict=True)
        )


def _same(one: str, other: str) -> bool:
    """Whether TFMA takes two values for one: `1`, `01` and `1.0` are the same number to it."""
    return one == other or _number(one) == _number(other)


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return math.nan

"""Windows of census data, clean and changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

REFERENCE = 10_000
ROWS = 1_000
CLEAN = 300
CHANGED = 60
MISSING = -1.0
"""A category's code where there is none; a number is NaN."""


class Scenario(NamedTuple):
    """A column of reference rows, and windows of it: 300 clean ones, then the changed ones."""

    name: str
    category: bool
    reference: np.ndarray
    windows: np.ndarray
    """Shape `(windows, rows)`."""


def scenarios(census: dict[str, np.ndarray]) -> Iterator[Scenario]:
    """Each kind of change.

    Args:
        census: Columns of the reference year, and of later ones as `later_<column>`.
    """

    def part(
        name: str, column: str, change: Callable[[np.ndarray], np.ndarray], category: bool = False
    ) -> Scenario:
        generator = np.random.default_rng(0)
        values = generator.permutation(census[column].astype(float))
        windows = generator.choice(values, (CLEAN + CHANGED, ROWS))
        windows[CLEAN:] = change(windows[CLEAN:])
        return Scenario(name, category, generator.choice(values, REFERENCE), windows)

    def later(column: str) -> Callable[[np.ndarray], np.ndarray]:
        generator = np.random.default_rng(1)
        return lambda windows: generator.choice(census[f"later_{column}"], windows.shape)

    def some(share: float, value: float) -> Callable[[np.ndarray], np.ndarray]:
        def changed(windows: np.ndarray) -> np.ndarray:
            chosen = np.random.default_rng(2).random(windows.shape) < share
            return np.where(chosen, value, windows)

        return changed

    yield part("age: three years older", "AGEP", lambda windows: windows + 3)
    yield part("age: spread 10 % wider", "AGEP", lambda w: 40 + (w - 40) * 1.1)
    yield part("age: 5 % in the far tail", "AGEP", some(0.05, 200.0))
    yield part("age: 2 % missing", "AGEP", some(0.02, np.nan))
    yield part("age: a later year", "AGEP", later("AGEP"))
    yield part("probability: a later year", "predicted_probability", later("predicted_probability"))
    yield part("school: 2 % of a new value", "SCHL", some(0.02, 99.0), category=True)
    yield part("school: 5 % moved to one value", "SCHL", some(0.05, 21.0), category=True)
    yield part("school: a later year", "SCHL", later("SCHL"), category=True)
    yield part("relation: 2 % missing", "RELP", some(0.02, MISSING), category=True)

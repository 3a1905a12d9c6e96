"""The bins of many numbers at once are those that a search finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.summary.binning import Bins

_FLOATS = st.floats(allow_nan=False) | st.integers(-20, 20).map(float)


def agree(edges: np.ndarray, numbers: np.ndarray) -> None:
    expected = np.searchsorted(edges, numbers, side="left")
    np.testing.assert_array_equal(Bins(edges).of(numbers), expected)


@given(st.lists(_FLOATS, max_size=40), st.lists(_FLOATS, max_size=20))
def test_any_numbers(values: list[float], numbers: list[float]) -> None:
    edges = np.unique(np.array(values, dtype=np.float64))
    # Beside each edge too, where rounding could go wrong.
    with np.errstate(over="ignore"):
        beside = np.nextafter(edges, -np.inf), edges, np.nextafter(edges, np.inf)
    agree(edges, np.concatenate([numbers, *beside, [0.0, -0.0, np.inf, -np.inf]]))


@pytest.mark.parametrize("kind", ["lognormal", "heavy", "normal", "codes", "tiny", "huge", "close"])
def test_usual_distributions(kind: str) -> None:
    generator = np.random.default_rng(0)
    draws = {
        "lognormal": lambda: generator.lognormal(size=20_000),
        "heavy": lambda: generator.standard_cauchy(20_000) ** 3,
        "normal": lambda: generator.normal(size=20_000),
        "codes": lambda: generator.integers(0, 90, 20_000).astype(float),
        "tiny": lambda: generator.random(20_000) * 1e-310,
        "huge": lambda: generator.normal(size=20_000) * 1e308,
        "close": lambda: 1e9 + generator.random(20_000) * 1e-6,
    }
    with np.errstate(over="ignore"):
        numbers = draws[kind]()
        edges = np.unique(np.quantile(numbers, np.arange(1, 100) / 100, method="inverted_cdf"))
    agree(edges, numbers)

"""What samples of the same data stay below."""

from __future__ import annotations

import numpy as np
import pytest

from monitoring.statistics.distributions import l_infinity, psi
from monitoring.statistics.noise import noise


@pytest.mark.parametrize("statistic", [psi, l_infinity])
@pytest.mark.parametrize("rows", [50, 1_000])
def test_about_95_of_100_samples_stay_below(statistic: object, rows: int) -> None:
    assert callable(statistic)
    generator = np.random.default_rng(rows)
    shares = np.array([0.3, 0.3, 0.2, 0.15, 0.05])
    below = []
    for _ in range(300):
        reference, served = generator.multinomial([2_000, rows], [shares, shares])
        level = noise(statistic, reference, served).level
        below.append(float(statistic(reference, served)) <= level)
    assert 0.90 <= np.mean(below) <= 0.99


def test_it_is_the_same_each_time() -> None:
    counts = np.array([100, 50]), np.array([10, 5])
    assert noise(psi, *counts) == noise(psi, *counts)


@pytest.mark.parametrize("rows", [50, 1_000])
def test_the_level_is_numpys_quantile(rows: int) -> None:
    drawn = []

    def statistic(reference: np.ndarray, served: np.ndarray) -> np.ndarray:
        drawn.append(psi(reference, served))
        return drawn[-1]

    found = noise(statistic, np.array([100, 200, 50]), np.array([rows, rows, rows]))
    assert found == (drawn[0].mean(), np.quantile(drawn[0], 0.95))


def test_where_only_one_thing_happens_there_is_none() -> None:
    assert noise(psi, np.array([100, 0]), np.array([10, 0])) == (0, 0)

"""Confidence sequences: they hold at all times at once, whatever bounded numbers come."""

from __future__ import annotations

import numpy as np
import pytest

from monitoring.labels.confidence import MeanSequence


@pytest.mark.parametrize("shape", ["coin", "rare", "uniform", "constant"])
def test_the_mean_is_within_at_all_looks(shape: str) -> None:
    """Of 100 sequences with 2,000 looks 5 % may be wrong at any: by chance 12 at most."""
    chance = np.random.default_rng(7)
    mean = {"coin": 0.5, "rare": 0.02, "uniform": 0.5, "constant": 0.3}[shape]
    wrong = 0
    for _ in range(100):
        if shape == "uniform":
            numbers = chance.random(2_000)
        elif shape == "constant":
            numbers = np.full(2_000, mean)
        else:
            numbers = (chance.random(2_000) < mean).astype(float)
        # The interval is the narrowest of all times, so that the last look has all of them in it.
        after = MeanSequence(alpha=0.05).after(numbers)
        wrong += not after.lower <= mean <= after.upper
    assert wrong <= 12


def test_it_does_not_matter_how_numbers_are_divided_among_looks() -> None:
    numbers = np.random.default_rng(1).random(1_000)
    whole = MeanSequence(alpha=0.05).after(numbers)
    looked = MeanSequence(alpha=0.05)
    for start in range(0, 1_000, 7):
        looked = looked.after(numbers[start : start + 7])
        looked = MeanSequence.model_validate_json(looked.model_dump_json())
    for name, value in whole.model_dump().items():
        assert getattr(looked, name) == pytest.approx(value, rel=1e-9), name


def test_it_narrows_with_the_numbers_and_their_spread() -> None:
    chance = np.random.default_rng(2)
    widths = []
    for spread, rows in ((0.5, 300), (0.5, 10_000), (0.05, 10_000)):
        numbers = 0.5 + spread * (chance.random(rows) - 0.5)
        after = MeanSequence(alpha=0.05).after(numbers)
        widths.append(after.upper - after.lower)
    assert widths[0] > 3 * widths[1] > 6 * widths[2]


def test_before_a_number_nothing_is_known() -> None:
    empty = MeanSequence(alpha=0.05).after(np.empty(0))
    assert (empty.mean, empty.lower, empty.upper) == (None, 0.0, 1.0)


def test_a_mean_beyond_a_bound_is_found() -> None:
    numbers = (np.random.default_rng(3).random(2_000) < 0.7).astype(float)
    assert MeanSequence(alpha=0.01).after(numbers).upper < 0.8

"""Drift is nothing for the same data, near what is expected for samples of it, and grows."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.record.run_details import Bucket, Feature, SplitFeature, TopValue
from pipeline.results import drift
from pipeline.results.data_profile import QUANTILES, joined

pytestmark = pytest.mark.tfx


def buckets(values: Any, number: int) -> list[Bucket]:
    edges = np.quantile(values, np.linspace(0, 1, number + 1))
    share = len(values) / number
    return [Bucket(low=low, high=high, count=share) for low, high in pairwise(edges)]


def numbers(values: Any, missing: int = 0) -> SplitFeature:
    return SplitFeature(
        rows=len(values) + missing,
        missing=missing,
        quantiles=joined(buckets(values, QUANTILES)),
        mean=0.0,
    )


def words(counts: dict[str, float], missing: int = 0, unique: int | None = None) -> SplitFeature:
    top = [TopValue(value=value, count=count) for value, count in counts.items()]
    rows = int(sum(counts.values())) + missing
    return SplitFeature(rows=rows, missing=missing, unique=unique or len(top), top=top)


def feature(split: SplitFeature, kind: Any = "float", name: str = "x") -> Feature:
    return Feature(name=name, type=kind, splits={"train": split})


@pytest.mark.parametrize(
    ("freedom", "exact"), [(2, 5.991), (4, 9.488), (9, 16.919), (10, 18.307), (30, 43.773)]
)
def test_the_chi_square_quantile_is_that_of_the_tables(freedom: int, exact: float) -> None:
    assert drift.chi_square_quantile(0.95, freedom) == pytest.approx(exact, rel=0.01)


@pytest.mark.parametrize(("rows", "measured"), [(50, 0.31), (200, 0.084), (1_000, 0.016)])
def test_what_is_expected_is_what_a_window_of_the_training_data_shows(
    rows: int, measured: float
) -> None:
    """Measured on windows of real requests against a training set of 100,000 rows."""
    expected = drift.psi(
        numbers(np.linspace(0, 1, 100_000)), numbers(np.linspace(0, 1, rows)), []
    ).expected
    assert expected == pytest.approx(measured, rel=0.15)


@pytest.mark.parametrize("rows", [200, 1_000, 5_000])
@pytest.mark.parametrize("kind", ["normal", "heavy tails", "with missing"])
def test_samples_of_the_same_numbers_stay_below(kind: str, rows: int) -> None:
    generator = np.random.default_rng(rows)
    above = 0
    for _ in range(200):
        splits = []
        for _ in range(2):
            values = generator.normal(size=rows)
            missing = int(generator.binomial(rows, 0.1)) if kind == "with missing" else 0
            values = np.exp(3 * values) if kind == "heavy tails" else values[missing:]
            splits.append((numbers(values, missing), buckets(values, QUANTILES)))
        (was, _), (now, fine) = splits
        found = drift.psi(was, now, fine)
        above += found.value > found.expected
    assert above <= 0.09 * 200, f"{above} of 200 pairs of samples count as drift"


@pytest.mark.parametrize("rows", [200, 1_000, 5_000])
@pytest.mark.parametrize("number", [2, 15])
def test_samples_of_the_same_words_stay_below(number: int, rows: int) -> None:
    generator = np.random.default_rng(rows)
    weights = 1 / np.arange(1, number + 1)
    weights /= weights.sum()
    above = 0
    for _ in range(300):
        was, now = (
            words({f"w{i}": float(n) for i, n in enumerate(counts)})
            for counts in generator.multinomial(rows, weights, 2)
        )
        found = drift.l_infinity(was, now)
        above += found.value > found.expected
    assert above <= 0.09 * 300, f"{above} of 300 pairs of samples count as drift"


def test_a_shift_is_above_what_is_expected() -> None:
    generator = np.random.default_rng(0)
    before, after = generator.normal(0, 1, 2_000), generator.normal(0.4, 1, 2_000)
    found = drift.psi(numbers(before), numbers(after), buckets(after, QUANTILES))
    assert found.measure == "PSI" and found.value > 3 * found.expected
    # For two normal distributions of variance 1 it is the squared difference of their means.
    assert found.value == pytest.approx(0.4**2, rel=0.35)


def test_missing_values_are_a_bucket_of_their_own() -> None:
    values = np.linspace(0, 1, 1_000)
    found = drift.psi(numbers(values), numbers(values, 500), buckets(values, QUANTILES))
    assert found.value > found.expected
    assert drift.l_infinity(words({"a": 50.0}), words({"a": 50.0}, 50)).value == 0.5


def test_a_column_that_lost_or_gained_all_values_has_drifted() -> None:
    none = SplitFeature(rows=1_000, missing=1_000)
    values = np.linspace(0, 1, 1_000)
    gone = drift.psi(numbers(values), none, [])
    come = drift.psi(none, numbers(values), buckets(values, QUANTILES))
    assert gone.value > gone.expected and come.value > come.expected


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=100), st.integers(0, 20))
def test_the_same_statistics_are_no_drift(values: list[int], missing: int) -> None:
    split = numbers(np.array(values, dtype=float), missing)
    found = drift.psi(split, split, split.quantiles)
    buckets = len(split.quantiles) + (missing > 0)
    assert found.value == 0 and (found.expected > 0) == (buckets > 1)


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(st.text(max_size=3), st.integers(1, 500), min_size=1, max_size=20),
    st.dictionaries(st.text(max_size=3), st.integers(1, 500), min_size=1, max_size=20),
    st.integers(0, 50),
)
def test_l_infinity_is_a_share_and_the_same_both_ways(
    before: dict[str, int], after: dict[str, int], missing: int
) -> None:
    was = words({key: float(n) for key, n in before.items()})
    now = words({key: float(n) for key, n in after.items()}, missing)
    there, back = drift.l_infinity(was, now), drift.l_infinity(now, was)
    assert 0 <= there.value <= 1 and there == back
    assert drift.l_infinity(was, was).value == 0


def test_a_value_that_is_not_among_the_top_of_one_run_counts_only_for_what_is_certain() -> None:
    was = words({"a": 60.0, "b": 40.0}, unique=9)
    now = words({"a": 60.0, "c": 40.0}, unique=9)
    assert drift.l_infinity(was, now).value == 0
    assert drift.l_infinity(was, words({"a": 60.0, "c": 40.0})).value == 0.4


def test_features_are_compared_by_name_and_type() -> None:
    values = np.linspace(0, 1, 100)
    current = [
        feature(numbers(values), name="same"),
        feature(numbers(values), name="new"),
        feature(numbers(values), name="other type"),
        feature(words({"a": 1.0}), "string", name="text"),
        Feature(name="no train", type="float", splits={}),
    ]
    previous = [
        feature(numbers(values), name="same"),
        feature(numbers(values), "int", name="other type"),
        feature(words({"a": 1.0}), "string", name="text"),
        feature(numbers(values), name="no train"),
    ]
    drift.fill(current, previous, {"same": buckets(values, QUANTILES)})
    assert {one.name: one.drift.measure for one in current if one.drift} == {
        "same": "PSI",
        "text": "L-infinity",
    }

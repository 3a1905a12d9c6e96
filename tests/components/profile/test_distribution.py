"""Distributions: exact counts, edges that any precision agrees on, and coarser ones."""

from __future__ import annotations

import json
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.profile import distribution
from components.profile.distribution import LEVELS

FINITE = st.floats(-(2.0**100), 2.0**100, allow_subnormal=False, width=32)
NUMBERS = st.lists(FINITE | st.integers(-3, 3).map(float), max_size=300)
DIGITS = st.sampled_from([4, 7])


@given(NUMBERS, st.sampled_from([np.float32, np.float64]), DIGITS)
def test_every_number_is_counted_once_in_its_bin(
    values: list[float], kind: type, digits: int
) -> None:
    data = np.array(values, dtype=kind)
    found = distribution.numbers(data, digits)
    assert len(found.counts) == len(found.edges) + 1 and sum(found.counts) == len(values)
    assert all(a < b for a, b in zip(found.edges, found.edges[1:], strict=False))
    by_hand = [0] * len(found.counts)
    for value in data.astype(float).tolist():
        by_hand[sum(edge < value for edge in found.edges)] += 1
    assert list(found.counts) == by_hand
    if values:
        assert found.minimum is not None and found.maximum is not None
        assert found.minimum <= data.min() and found.maximum >= data.max()
        assert found.integers == all(value == int(value) for value in data.tolist())


@given(NUMBERS, DIGITS)
def test_json_single_and_double_precision_have_the_same_bins(
    values: list[float], digits: int
) -> None:
    """A request says 0.1; in the data it is the nearest in single precision, which is more."""
    data = np.array(values, dtype=np.float32)
    found = distribution.numbers(data, digits)
    as_text = np.array([float(str(value)) for value in data], dtype=float)
    assert distribution.counted(as_text, found.edges) == found.counts
    assert distribution.counted(data.astype(float), found.edges) == found.counts
    edges = json.loads(json.dumps(found.edges))
    assert distribution.counted(as_text, edges) == found.counts
    if values:
        assert as_text.min() >= float(str(found.minimum)) and as_text.max() <= found.maximum


@given(NUMBERS, NUMBERS, st.integers(0, len(LEVELS) - 1))
def test_a_coarser_distribution_is_one_of_the_same_numbers(
    values: list[float], more: list[float], level: int
) -> None:
    data = np.array([*values, *more], dtype=float)
    fine = distribution.numbers(data)
    found = distribution.coarser(fine, level)
    assert set(found.edges) <= set(fine.edges) and len(found.edges) <= len(LEVELS[level])
    assert distribution.counted(data, found.edges) == found.counts
    kept = distribution.kept_edges(fine, level)
    part = np.array(more, dtype=float)
    counts = distribution.counted(part, fine.edges)
    assert distribution.merged(counts, kept) == distribution.counted(part, found.edges)


def test_edges_are_quantiles_that_are_close_in_the_tails() -> None:
    data = np.arange(1, 10_001, dtype=np.int64)
    found = distribution.numbers(data)
    assert found.edges[:3] == (10.0, 50.0, 100.0) and found.edges[-3:] == (9900.0, 9950.0, 9990.0)
    assert found.counts[:3] == (10, 40, 50) and found.counts[-1] == 10
    assert len(found.edges) == 103 and found.integers
    assert found.mean == pytest.approx(5000.5)
    assert found.standard_deviation == pytest.approx(data.std())


def test_a_value_that_makes_up_much_has_a_bin_of_its_own() -> None:
    data = np.concatenate([np.zeros(300), np.linspace(-1, 1, 700)])
    found = distribution.numbers(data)
    [place] = [place for place, edge in enumerate(found.edges) if edge == 0]
    assert found.counts[place] >= 300


def test_of_nothing_there_is_nothing() -> None:
    found = distribution.numbers(np.empty(0, np.float32))
    assert (found.edges, found.counts, found.minimum, found.mean) == ((), (0,), None, None)


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 9))
def test_a_short_number_is_no_less_and_hardly_more(value: float, digits: int) -> None:
    found = distribution.upwards(value, digits)
    assert found >= value
    if math.isfinite(found) and not value.is_integer() and abs(value) > 1e-300:
        assert found - value <= abs(value) * 10.0 ** (1 - digits) * 1.001


TEXTS = st.lists(st.text(max_size=4) | st.sampled_from("abc"), max_size=200)


@given(TEXTS, st.integers(0, 8), st.integers(0, 12))
def test_categories_count_every_value(values: list[str], most: int, most_bytes: int) -> None:
    counts = dict(Counter(values))
    found = distribution.categories(counts, most, most_bytes)
    assert len(found.counts) <= most
    assert sum(len(value.encode()) for value in found.counts) <= most_bytes
    assert sum(found.counts.values()) + found.other_rows == len(values)
    assert len(found.counts) + found.other_values == len(counts)
    assert all(counts[value] == number for value, number in found.counts.items())
    # Who is named occurs at least as often as who is not.
    others = [number for value, number in counts.items() if value not in found.counts]
    assert not found.counts or min(found.counts.values()) >= max(others, default=0)
    fewer = distribution.fewer(found, 2, 4)
    assert sum(fewer.counts.values()) + fewer.other_rows == len(values)
    assert len(fewer.counts) + fewer.other_values == len(counts)


def test_of_too_many_values_none_that_occurs_once_is_named() -> None:
    few = distribution.categories({"a": 1, "b": 1}, 2, 100)
    assert set(few.counts) == {"a", "b"}
    many = distribution.categories({"a": 2, "b": 1, "c": 1}, 2, 100)
    assert many.counts == {"a": 2} and (many.other_rows, many.other_values) == (2, 2)
    unique = distribution.categories({f"{n}": 1 for n in range(30)} | {"a": 3}, 1_000, 10_000)
    assert unique.counts == {"a": 3} and (unique.other_rows, unique.other_values) == (30, 30)

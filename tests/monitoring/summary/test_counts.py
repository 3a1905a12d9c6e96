"""Counts in a profile's bins."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.profile.reference_profile import Categories, Numbers
from monitoring.summary.counts import FeatureCounts, NumberCounts, TextCounts, most
from monitoring.summary.window_summary import FeatureSummary
from tests.monitoring import sampled
from tests.monitoring.trip_profile import numbers, profile

FEATURES = profile().features


def counted(feature: str, *batches: Any) -> FeatureSummary:
    counts = FeatureCounts(FEATURES[feature])
    for batch in batches:
        counts.add(batch, len(batch))
    return counts.summary()


def test_a_bin_has_its_upper_edge() -> None:
    counts = NumberCounts(Numbers(**numbers([1.0, 2.0], [0, 0, 0])), "DT_DOUBLE")
    assert counts.add(np.array([0.5, 1.0, 1.5, 2.0, 2.5, np.inf, -np.inf])).tolist() == [
        0, 0, 1, 1, 2, 2, 0,
    ]  # fmt: skip
    assert counts.bins.tolist() == [3, 2, 2]
    assert (counts.below, counts.above) == (2, 2)


def test_numbers_are_compared_with_the_precision_of_training() -> None:
    """0.7 is an edge; as 32 bits it is below 0.7, and so is what training has counted."""
    assert counted("fare", [0.7]).bins == (1, 0, 0, 0)
    assert counted("fare", [0.7]).below == 0


def test_without_a_reference_value_everything_is_in_the_one_bin() -> None:
    counts = NumberCounts(Numbers(edges=(), counts=(0,)), "DT_FLOAT")
    counts.add(np.array([1.0, -1.0]))
    assert counts.bins.tolist() == [2]
    assert (counts.below, counts.above) == (0, 0)


def test_each_row_is_missing_wrong_or_a_value() -> None:
    found = counted("fare", [1.0, None, float("nan"), "3", [], [5.0], [1.0, 2.0], 1e400, True])
    assert (found.rows, found.missing, found.wrong_type, sum(found.bins)) == (9, 3, 3, 3)
    assert found.not_finite == 1
    assert found.above == 1
    assert found.wrong_examples == ('"3"', "[1.0, 2.0]", "true")


_GIVEN = st.none() | st.floats(width=32) | st.integers(-5, 5).map(float)


@given(st.lists(_GIVEN, max_size=60), st.lists(st.floats(-10, 10, width=32), min_size=1))
def test_counts_are_those_of_a_plain_loop(rows: list[float | None], trained: list[float]) -> None:
    """Whatever is done to count many numbers at once."""
    of = sampled.profile({"x": np.array(trained)}).features["x"]
    assert of.numbers is not None
    edges, least, largest = of.numbers.edges, of.numbers.minimum, of.numbers.maximum
    assert least is not None and largest is not None
    counts = FeatureCounts(of)
    for batch in (rows[:20], pa.array(rows[20:], pa.float64()), rows[20:20]):
        counts.add(batch, len(batch))
    found = counts.summary()
    present = [value for value in rows if value is not None and value == value]
    bins = [0] * (len(edges) + 1)
    for value in present:
        bins[sum(value > edge for edge in edges)] += 1
    assert found.bins == tuple(bins)
    assert (found.rows, found.missing) == (len(rows), len(rows) - len(present))
    assert found.below == sum(value < least for value in present)
    assert found.above == sum(value > largest for value in present)
    assert found.not_finite == sum(math.isinf(value) for value in present)


def test_categories() -> None:
    found = counted("company", ["A", "B", "C", "C", "", None, 7], ["A", "C"])
    assert found.values == {"A": 2, "B": 1}
    assert found.unseen == {"C": 3}
    assert (found.unseen_values, found.missing, found.wrong_type) == (3, 2, 1)


def test_codes() -> None:
    assert counted("area", [1, 2, 2, 3]).values == {"1": 1, "2": 2}
    assert counted("area", pa.array([1, 2, 2, 3])).unseen == {"3": 1}


def test_lists_have_lengths_and_all_their_values_count() -> None:
    found = counted("stops", [[1.0, 2.0, 3.0], [1.0], [], None])
    assert found.bins == (2, 1, 1)
    assert found.lengths == (1, 0, 1)
    assert (found.rows, found.missing) == (4, 2)


def test_lists_of_one_length_are_no_wrong_type() -> None:
    vector = (
        profile()
        .features["fare"]
        .model_copy(update={"numbers": Numbers(**numbers([1.0], [400, 400]))})
    )
    counts = FeatureCounts(vector)
    counts.add([[1.0] * 8, [2.0] * 8], 2)
    assert counts.summary().bins == (8, 8)
    assert counts.summary().wrong_type == 0
    assert not counts.single


def test_of_what_is_opaque_only_presence_counts() -> None:
    found = counted("image", [{"b64": "AA=="}, None, "x"])
    assert (found.rows, found.missing, found.wrong_type) == (3, 1, 0)


def test_a_feature_in_no_row_is_missing() -> None:
    counts = FeatureCounts(FEATURES["fare"])
    assert counts.add(None, 5) is None
    assert counts.summary().missing == 5


def test_ten_thousand_distinct_values_take_bounded_room() -> None:
    counts = TextCounts(Categories(counts={"A": 1}))
    for start in range(0, 30_000, 1_000):
        texts = [f"v{n}" for n in range(start, start + 1_000)] + ["often"] * 50
        counts.add(pa.array(texts).dictionary_encode())
    assert counts.unseen_values == 30_000 + 30 * 50
    assert counts.unseen["often"] == 30 * 50
    assert len(counts.unseen) <= 5_000


@pytest.mark.parametrize("number", [0, 1, 2, 9])
def test_most_takes_the_most_frequent_and_then_the_first_by_name(number: int) -> None:
    kept = most({"c": 1, "b": 1, "a": 3}, number)
    assert sorted(kept) == sorted(["a", "b", "c"][:number])

"""What is compared of a feature."""

from __future__ import annotations

import numpy as np

from monitoring.look.comparison import Comparison
from monitoring.look.features import of_feature, of_last
from monitoring.profile.reference_profile import Categories, Feature, Numbers
from monitoring.summary.window_summary import FeatureSummary
from tests.monitoring.sampled import profile, window


def by_test(feature: Feature, seen: FeatureSummary) -> dict[str, Comparison]:
    return {each.key.test: each for each in of_feature("x", feature, seen)}


def number(values: np.ndarray) -> Feature:
    return profile({"x": values}).features["x"]


def test_lists_are_one_row_each_and_their_lengths_are_compared() -> None:
    lengths = Numbers(edges=(1.0, 3.0), counts=(500, 400, 100))
    feature = number(np.arange(1_000.0)).model_copy(update={"lengths": lengths})
    assert feature.numbers is not None
    assert feature.numbers is not None
    thousand = tuple(1_000 * (i % 2) for i in range(len(feature.numbers.counts)))
    found = by_test(feature, FeatureSummary(rows=100, bins=thousand, lengths=(0, 0, 100)))
    assert found["distribution"].rows == 100
    assert found["lengths"].p_value < 1e-20
    assert found["lengths"].fact == "100.0 % of lengths are above 3, of training 10.0 %"


def test_a_wrong_type_is_told_with_an_example() -> None:
    seen = FeatureSummary(rows=200, wrong_type=10, wrong_examples=("abc",))
    found = by_test(number(np.arange(1_000.0)), seen)
    assert found["wrong type"].p_value < 1e-6
    assert found["wrong type"].fact == "5.0 % of rows have a value of another type, such as 'abc'"
    assert found["distribution"].effect is None


def test_values_where_training_had_none() -> None:
    feature = Feature(kind="number", dtype="DT_FLOAT", rows=500, missing=500)
    found = by_test(feature, FeatureSummary(rows=100, missing=10))
    assert set(found) == {"missing", "wrong type"}
    assert found["missing"].p_value < 1e-20


def test_of_an_opaque_feature_only_what_is_missing() -> None:
    feature = Feature(kind="opaque", dtype="DT_STRING", rows=500, missing=0)
    assert set(by_test(feature, FeatureSummary(rows=100, missing=1))) == {"missing"}


def test_10_000_values_of_which_1_000_are_named() -> None:
    generator = np.random.default_rng(0)
    values = [str(each) for each in generator.integers(0, 10_000, 10_000)]
    of = profile({"x": np.array(values, dtype=object)})
    assert len(of.features["x"].categories.counts) == 1_000  # type: ignore[union-attr]
    served = np.array([str(each) for each in generator.integers(0, 10_000, 2_000)], dtype=object)
    same = by_test(of.features["x"], window(of, {"x": served}).features["x"])
    assert min(each.p_value for each in same.values()) > 0.01
    served[:40] = "new"
    changed = by_test(of.features["x"], window(of, {"x": served}).features["x"])
    assert changed["unseen"].p_value < 1e-6
    assert "most often 'new' (2.0 %)" in changed["unseen"].fact


def test_a_frequent_value_at_the_end_leaves_no_tail() -> None:
    values = np.concatenate([np.zeros(500), np.arange(1.0, 501)])
    feature = number(values)
    assert feature.numbers is not None
    seen = FeatureSummary(rows=100, bins=(100, *[0] * (len(feature.numbers.counts) - 1)))
    found = by_test(feature, seen)
    assert found["tail"].p_value == 1
    assert found["distribution"].p_value < 1e-10


def test_the_last_window_may_have_had_other_values() -> None:
    categories = Categories(counts={"a": 900, "b": 100})
    feature = Feature(
        kind="category", dtype="DT_STRING", rows=1_000, missing=0, categories=categories
    )
    before = FeatureSummary(rows=300, values={"a": 100}, unseen={"new": 200}, unseen_values=200)
    now = FeatureSummary(rows=300, values={"a": 300})
    found = {each.key.test: each for each in of_last("x", feature, now, before)}
    assert found["distribution"].p_value < 1e-20
    assert found["missing"].p_value == 1
    assert {each.key.against for each in found.values()} == {"last window"}

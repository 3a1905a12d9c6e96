"""What one run's data has that another's had not, beside data whose difference is known."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.query import data_change
from dashboard.query.data_change import changes
from tests.dashboard.query.test_relations import ANYTHING

Rows = list[float] | list[str]


def numbers(values: list[float], missing: int = 0) -> dict[str, Any]:
    """A numeric feature as the pipeline describes it, by ten buckets of equal count."""
    ordered, count = sorted(values), len(values)
    mean = sum(values) / count
    edges = [ordered[min(count * place // 10, count - 1)] for place in range(11)]
    return {
        "rows": count + missing,
        "missing": missing,
        "mean": mean,
        "std": (sum((value - mean) ** 2 for value in values) / count) ** 0.5,
        "min": ordered[0],
        "max": ordered[-1],
        "quantiles": [
            {"low": low, "high": high, "count": count / 10}
            for low, high in itertools.pairwise(edges)
        ],
    }


def words(counts: dict[str, int], unique: int | None = None) -> dict[str, Any]:
    return {
        "rows": sum(counts.values()),
        "missing": 0,
        "unique": len(counts) if unique is None else unique,
        "top": [{"value": value, "count": count} for value, count in counts.items()],
    }


def details(**features: dict[str, Any]) -> dict[str, Any]:
    return {
        "run": "earlier",
        "features": [
            {"name": name, "type": "string" if "top" in one else "float", "splits": {"train": one}}
            for name, one in features.items()
        ],
    }


def drawn(seed: int, count: int = 2_000, shift: float = 0.0) -> list[float]:
    draw = random.Random(seed)
    return [draw.gauss(shift, 1) for _ in range(count)]


def of_one(was: dict[str, Any], now: dict[str, Any]) -> data_change.FeatureChange:
    [found] = changes(details(x=was), details(x=now))
    return found


@pytest.mark.parametrize("values", ["normal", "few values", "heavy tail"])
def test_samples_of_the_same_data_seldom_differ(values: str) -> None:
    differing = 0
    for seed in range(40):
        draw = random.Random(seed)
        makers: dict[str, Callable[[random.Random], float]] = {
            "normal": lambda d: d.gauss(0, 1),
            "few values": lambda d: float(d.choice((1, 1, 1, 2, 3, 50))),
            "heavy tail": lambda d: d.paretovariate(1.5),
        }
        make = makers[values]
        one, other = ([make(draw) for _ in range(500)] for _ in range(2))
        differing += of_one(numbers(one), numbers(other)).attention > 1
    assert differing <= 6  # Two are expected.


def test_a_shift_is_seen_and_told_in_standard_deviations() -> None:
    found = of_one(numbers(drawn(0)), numbers(drawn(1, shift=0.3)))
    assert found.attention > 1 and found.distance
    assert found.distance.measure == "mean"
    assert found.distance.value == pytest.approx(0.3, abs=0.1)


def test_another_shape_with_the_same_mean_is_seen() -> None:
    wide = [value * 4 for value in drawn(1)]
    found = of_one(numbers(drawn(0)), numbers(wide))
    assert found.attention > 1 and found.distance
    assert found.distance.measure == "Kolmogorov-Smirnov"


def test_a_new_word_is_told_and_a_rare_one_told_aside() -> None:
    before = words({"cash": 900, "card": 100})
    found = of_one(before, words({"cash": 850, "card": 100, "mobile": 48, "typo": 2}))
    assert found.said == ["new: mobile"] and found.aside == ["new, and rare: typo"]
    rare = of_one(before, words({"cash": 900, "card": 98, "typo": 2}))
    assert rare.said == [] and rare.attention <= 1
    gone = of_one(before, words({"cash": 1000}))
    assert gone.said == ["gone: card"] and gone.attention > 1


def test_of_values_that_are_not_all_known_none_is_called_new() -> None:
    before = words({"a": 500, "b": 300}, unique=400)
    found = of_one(before, words({"a": 500, "c": 300}, unique=400))
    assert found.said + found.aside == []
    assert found.distance and found.distance.value == 0  # `c` may have been as frequent as `b`.


def test_missing_values_are_told_beyond_chance() -> None:
    values = drawn(0, 1_000)
    assert of_one(numbers(values, 10), numbers(values, 14)).said == []
    [said] = of_one(numbers(values, 10), numbers(values, 100)).said
    assert said == "missing in 9.09 % of the rows, 0.99 % before"


def test_numbers_far_beyond_the_range_are_told_aside() -> None:
    values = drawn(0)
    found = of_one(numbers(values), numbers([*values[:-1], 99.0]))
    assert len(found.aside) == 1 and found.aside[0].startswith("up to 99, ")


def test_features_come_and_go_and_change_their_type() -> None:
    one, text = numbers([1.0, 2.0]), words({"a": 2})
    found = changes(details(old=one, both=one), details(new=one, both=text))
    assert {(each.name, each.state) for each in found} == {
        ("old", "removed"),
        ("new", "added"),
        ("both", "type changed"),
    }
    assert all(each.as_json()["differs"] for each in found)


def test_what_the_run_measured_against_the_other_is_what_is_told() -> None:
    before, after = details(x=numbers(drawn(0))), details(x=numbers(drawn(1)))
    after["features"][0]["drift"] = {"measure": "PSI", "value": 0.5, "expected": 0.1}
    after["drift_from"] = "earlier"
    [found] = changes(before, after)
    assert found.distance and (found.distance.measure, found.distance.value) == ("PSI", 0.5)
    after["drift_from"] = "another"
    [found] = changes(before, after)
    assert found.distance and found.distance.measure != "PSI"


def test_what_differs_comes_first() -> None:
    same = numbers(drawn(0))
    before = details(a=same, b=same, c=same)
    found = changes(before, details(a=same, b=numbers(drawn(1, shift=1)), c=same))
    assert [one.name for one in found] == ["b", "a", "c"]


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.sampled_from(["features", "drift_from", "run"]), ANYTHING))
def test_no_record_is_too_odd(content: dict[str, Any]) -> None:
    known = details(x=numbers([1.0, 2.0]))
    for one, other in ((known, content), (content, known), (content, content)):
        assert isinstance(changes(one, other), list)


KEYS = (
    *("rows", "missing", "mean", "std", "min", "max", "unique"),
    *("top", "quantiles", "histogram", "values"),
)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), ANYTHING))
def test_no_feature_is_too_odd(split: dict[str, Any]) -> None:
    odd = {"features": [{"name": "x", "type": "float", "splits": {"train": split}}]}
    known = details(x=numbers([1.0, 2.0]))
    for one, other in ((known, odd), (odd, known), (odd, odd)):
        assert all(each.as_json() for each in changes(one, other))

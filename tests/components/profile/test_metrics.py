"""Metrics with their bounds, overall and by slice."""

from __future__ import annotations

import json

from components.evaluation.metric_values import MetricValue
from components.evaluation.slice_names import OVERALL, SliceKey
from components.profile import metrics
from components.profile.metrics import Judged

JUDGED = Judged(
    metric="AUC",
    options={"class_id": 1, "thresholds": [0.5], "name": "a"},
    limits=(0.9, None),
    better="higher",
    per_slice=(
        (SliceKey((("day", None),)), (0.8, None)),
        (SliceKey((("day", "1"),)), (0.85, 0.99)),
    ),
)


def value(slice_name: str, number: float | None, **of: str) -> MetricValue:
    return MetricValue("auc", slice_name, tuple(of.items()), number, None, None, None)


def test_a_metric_has_its_bounds_and_the_tightest_of_each_slice() -> None:
    values = [
        value(OVERALL, 0.95),
        value("day=1", 0.9, day="1"),
        value("day=2", None, day="2"),
        value("kind=a", 0.7, kind="a"),
    ]
    found = metrics.describe({"auc": JUDGED}, values, {"kind=a"})["auc"]
    assert (found.metric, found.value, found.lower, found.upper) == ("AUC", 0.95, 0.9, None)
    assert found.better == "higher"
    assert found.settings == {"class_id": 1, "thresholds": "[0.5]", "name": "a"}
    assert {name: (s.value, s.lower, s.upper) for name, s in found.slices.items()} == {
        "day=1": (0.9, 0.85, 0.99),
        "day=2": (None, 0.8, None),
        "kind=a": (0.7, None, None),
    }


def test_a_metric_without_a_value_is_there() -> None:
    found = metrics.describe({"auc": JUDGED}, [], ())["auc"]
    assert found.value is None and found.slices == {}


def test_of_many_slices_those_with_bounds_are_kept() -> None:
    values = [value(f"kind={n}", 0.5, kind=f"{n}") for n in range(500)]
    values.append(value("day=1", 0.5, day="1"))
    found = metrics.describe({"auc": JUDGED}, values, {"kind=499"})["auc"].slices
    assert len(found) == metrics.MOST_SLICES + 2 and {"kind=499", "day=1"} <= found.keys()


def test_it_travels_as_json() -> None:
    assert Judged.from_json(json.loads(json.dumps(JUDGED.to_json()))) == JUDGED

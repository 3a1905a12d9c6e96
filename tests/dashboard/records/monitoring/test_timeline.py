"""Looks side by side."""

from __future__ import annotations

from pathlib import Path

from dashboard.records.monitoring import looks, timeline
from dashboard.records.monitoring.looks import Cell, Look
from monitoring.core import record
from tests.monitoring import sample_looks


def seen(folder: Path, count: int, alarm_from: int) -> list[Look]:
    """Newest first, as a page has them."""
    found = []
    for one in sample_looks.looks(count, alarm_from=alarm_from):
        record.write(folder / sample_looks.file_name(one), one)
        found.append(looks.read(folder / sample_looks.file_name(one)))
    return found[::-1]


def test_each_feature_has_a_state_for_each_look_those_that_differ_first(tmp_path: Path) -> None:
    found = timeline.series(seen(tmp_path, 4, alarm_from=3))
    features = {row["name"]: row for row in found["features"]}
    assert {row["name"] for row in found["features"][:2]} == {"fare", "payment_type"}
    assert features["fare"]["states"] == [0, 0, 4, 3]
    assert features["company"]["states"] == [4, 4, 4, 3]
    assert features["fare"]["severity"][0] > 1 > features["fare"]["severity"][2]
    assert [row["name"] for row in found["outputs"]] == ["probabilities"]


def test_a_feature_that_came_later_has_gaps_before() -> None:
    cell = Cell("same", "missing", None)
    found = timeline.series([
        Look("b", "nothing", cells={("feature", "x"): cell}), Look("a", "nothing"),
    ])  # fmt: skip
    [row] = found["features"]
    assert (row["states"], row["severity"]) == ([4, None], [None, None])


def test_metrics_have_their_values_by_look_those_of_all_rows_first(tmp_path: Path) -> None:
    found = timeline.series(seen(tmp_path, 3, alarm_from=0))["metrics"]
    assert [(one["name"], one["slice"], one["estimate"]) for one in found] == [
        ("AUC", "", False), ("AUC", "", True), ("AUC", "payment_type=Cash", False),
    ]  # fmt: skip
    assert [one["look"] for one in found[0]["values"]] == [0, 1, 2]
    assert found[0]["values"][0]["low"] < found[0]["values"][0]["served"]


def test_of_very_many_features_the_first_are_given() -> None:
    cells = {("feature", f"f{n}"): Cell("same", "tail", 0.5) for n in range(timeline.MOST_ROWS + 3)}
    found = timeline.series([Look("a", "nothing", cells=cells)])
    assert (len(found["features"]), found["rows_left_out"]) == (timeline.MOST_ROWS, 3)


def test_a_profile_is_shown_by_its_bounds() -> None:
    profile = sample_looks.profile().model_dump(mode="json")
    found = timeline.of_profile({**profile, "categories": ["company"]})
    assert found is not None and found["run"] == sample_looks.RUN
    assert found["metrics"]["AUC"]["lower"] == 0.9
    assert found["metrics"]["AUC"]["slices"]["payment_type=Cash"]["lower"] == 0.85
    assert found["categories"] == ["company"]
    assert timeline.of_profile({}) is None
    assert timeline.of_profile({"metrics": 3, "run": []}) is not None

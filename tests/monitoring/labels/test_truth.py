"""How a model's label follows from the columns of a file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from monitoring.core.errors import MonitoringError
from monitoring.core.settings import Settings
from monitoring.labels.truth import judged, labels
from monitoring.summary.counts import values_of
from tests.monitoring.trip_profile import profile

PROFILE = profile()
NAN = float("nan")


@pytest.mark.parametrize(
    ("task", "classes", "given", "expected"),
    [
        ("binary", [], [0, 1, True, "yes", "False", 2, None, "x"], [0, 1, 1, 1, 0, NAN, NAN, NAN]),
        ("binary", ["no tip", "tip"], ["tip", "no tip", 1], [1, 0, 1]),
        ("multiclass", ["a", "b"], ["b", 0, 2, 1.5, "c"], [1, 0, NAN, NAN, NAN]),
        ("multiclass", ["3", "5"], [5, "3", 4], [1, 0, NAN]),
        ("multiclass", [], [7, -1], [7, NAN]),
        ("regression", [], [1.5, "x", float("inf"), None], [1.5, NAN, NAN, NAN]),
    ],
)
def test_labels_as_numbers(
    task: str, classes: list[str], given: list[Any], expected: list[float]
) -> None:
    label = {
        "name": "y", "task": task, "columns": ["y"], "output": "probability", "classes": classes,
    }  # fmt: skip
    how = judged(profile(label=label), Settings())
    found = labels(how, [{"y": value} for value in given], {})
    np.testing.assert_array_equal(found, expected)


def test_a_formula_takes_columns_of_the_file_and_features() -> None:
    how = judged(PROFILE, Settings(label="tips > 0.2 * fare and company == 'A'"))
    assert how.columns == ("tips",)
    values = {
        "fare": values_of(PROFILE.features["fare"], [10.0, None, 10.0]),
        "company": values_of(PROFILE.features["company"], ["A", "A", None]),
    }
    found = labels(how, [{"tips": 3.0}, {"tips": 1.0}, {"tips": 3.0}], values)
    assert found.tolist() == [1, 1, 0]


def test_who_gives_the_label_itself_needs_no_formula() -> None:
    how = judged(PROFILE, Settings(label="tips > 0.2 * fare"), ["big_tip"])
    assert how.formula is None
    assert labels(how, [{"big_tip": 1}], {}).tolist() == [1]


@pytest.mark.parametrize(
    ("changes", "settings", "given", "told"),
    [
        ({"label": None}, {}, [], "no label"),
        ({}, {"label": "tips >"}, [], "`monitoring.label`"),
        ({}, {"label": "tipz > fare"}, [], "'tipz' is neither"),
        (
            {"label": {"name": "y", "task": "binary", "columns": ["a", "b"], "output": "p"}},
            {}, [], "how 'y' follows from a, b is not known",
        ),
        (
            {"label": {"name": "y", "task": "other", "columns": ["y"], "output": "p"}}, {}, [],
            "no label",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_judged(
    changes: dict[str, Any], settings: dict[str, Any], given: list[str], told: str
) -> None:
    with pytest.raises(MonitoringError, match=told) as refused:
        judged(profile(**changes), Settings(**settings), given)
    assert refused.value.remedy


def test_a_formula_that_does_not_fit_the_features_is_refused_at_once() -> None:
    with pytest.raises(MonitoringError, match="does not fit the features") as error:
        judged(PROFILE, Settings(label="tips > 1 and company > 2"))
    assert "company" in error.value.detail


def test_a_text_among_numbers_is_no_label_and_the_others_are() -> None:
    how = judged(PROFILE, Settings(label="tips > 1"))
    found = labels(how, [{"tips": 3.0}, {"tips": "many"}, {"tips": 0}], {})
    np.testing.assert_array_equal(found, [1, NAN, 0])


def test_codes_are_numbers_and_numbers_have_the_precision_of_training() -> None:
    how = judged(PROFILE, Settings(label="tips > 0.2 * fare and area == 2"))
    values = {
        "fare": values_of(PROFILE.features["fare"], [7.65, 7.65, None]),
        "area": values_of(PROFILE.features["area"], [2, 3, 2]),
    }
    found = labels(how, [{"tips": 1.53}, {"tips": 9.0}, {"tips": 0.5}], values)
    expected = float(np.float32(1.53) > np.float32(0.2) * np.float32(7.65))
    assert found.tolist() == [expected, 0, 1]

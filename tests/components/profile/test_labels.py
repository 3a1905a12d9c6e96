"""What is judged, and whether raw columns give the label that training used."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from components.profile import labels
from components.profile.labels import Judging
from models.common.errors import ConfigError
from tests.components.profile.examples import column

pytestmark = pytest.mark.tfx


def judging(name: str = "y", formula: str | None = None, output: str | None = None) -> Judging:
    return Judging("m", name, ("y", "tips"), output, formula)


BINARY = np.array([0, 1, 1])
SCORE = np.array([[0.1], [0.9], [0.6]])


@pytest.mark.parametrize(
    ("answer", "truth", "classes", "task"),
    [
        (SCORE, BINARY, (), "binary"),
        (SCORE[:, 0], BINARY, ("no", "yes"), "binary"),
        (SCORE * 9 - 3, BINARY, ("no", "yes"), "binary"),  # Logits of named classes.
        (SCORE * 9, BINARY, (), "regression"),
        (SCORE, np.array([0.5, 1, 0]), (), "regression"),
        (np.eye(3), np.array([0, 2, 1]), ("a", "b", "c"), "multiclass"),
        (np.eye(3)[:, :2], BINARY, (), "multiclass"),
        (np.eye(3), np.array([0, 2, 3]), (), "other"),
        (np.eye(3), np.array([0.5, 2, 1]), (), "other"),
        (np.eye(3), np.eye(3), (), "other"),
        (np.array([b"a", b"b", b"c"], dtype=object), BINARY, (), "other"),
        (SCORE[:0], BINARY[:0], (), "other"),
        (SCORE, np.array([0, np.nan, 1]), (), "other"),
    ],
)
def test_labels_and_answers_show_the_task(
    answer: Any, truth: Any, classes: tuple[str, ...], task: str
) -> None:
    found = labels.describe(judging(), {"p": answer}, truth, classes)
    assert (found.task, found.output, found.name, found.columns) == (task, "p", "y", ("y", "tips"))
    assert found.classes == (classes if task in ("binary", "multiclass") else ())


def test_of_several_outputs_the_judged_one_is_named() -> None:
    answers = {"a": SCORE, "b": SCORE * 9}
    assert labels.describe(judging(output="b"), answers, BINARY, ()).task == "regression"
    assert labels.describe(judging(), answers, BINARY, ()).output is None


FARE = column([10.0, 12.35, 3.0, None])
TIPS = column([2.0, 2.47, None, 1.0])
COLUMNS = {"fare": FARE, "tips": TIPS}
TRUTH = np.array([0, 0, 0, 1])


def test_a_formula_that_gives_the_label_passes() -> None:
    """A missing value is 0."""
    assert labels.mismatch(judging("big", "tips > 0.2 * fare"), COLUMNS, TRUTH, ()) is None


def test_where_rounding_alone_decides_either_label_will_do() -> None:
    fares = np.arange(5, 5_000, 5, dtype=np.float32) / np.float32(100)
    tips = np.array([float(f"{fare / 5:.2f}") for fare in fares], np.float32)
    single = tips > 0.2 * fares
    double = np.array(
        [float(str(t)) > 0.2 * float(str(f)) for t, f in zip(tips, fares, strict=True)]
    )
    assert (single != double).any()
    columns = {"fare": column(fares.tolist()), "tips": column(tips.tolist())}
    for truth in (single, double):
        formula = judging("big", "tips > 0.2 * fare")
        assert labels.mismatch(formula, columns, truth.astype(int), ()) is None


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("tips >= 0.2 * fare", "In 2 of 4 test rows it gives another label than 'big'"),
        ("tips > 5", "In 1 of 4 test rows"),
        ("tips", "gives 2, not 0"),
        ("tips == 'a'", "'tips' and ''a'' are text and a number"),
    ],
)
def test_a_formula_that_gives_another_label_is_refused(formula: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        labels.mismatch(judging("big", formula), COLUMNS, TRUTH, ())
    error = caught.value
    assert error.headline == "models/m/config.yaml: monitoring.label does not give the label"
    assert error.detail.startswith(f"Received: {formula}. ") and told in error.detail
    assert error.remedy


def test_a_formula_of_lists_or_for_several_labels_is_refused() -> None:
    lists = {"tips": column([[1.0, 2.0], [1.0]])}
    with pytest.raises(ConfigError, match="does not give the label") as caught:
        labels.mismatch(judging("big", "tips > 1"), lists, BINARY[:2], ())
    assert "'tips' has several values a row" in caught.value.detail
    with pytest.raises(ConfigError) as caught:
        labels.mismatch(judging("big", "tips > 1"), COLUMNS, np.eye(4), ())
    assert "has several numbers a row" in caught.value.detail


@pytest.mark.parametrize(
    ("values", "truth", "classes"),
    [
        (["b", "a", None], [1, 0, 2], ("a", "b", "")),
        ([1, 0, 2], [1, 0, 2], ("zero", "one", "two")),
        ([7, 3, 7], [1, 0, 1], ("3", "7")),
        ([0.1, 2.5, 3.0], np.array([0.1, 2.5, 3.0], np.float32), ()),
        ([1, None, 0], [1, 0, 0], ()),
    ],
)
def test_the_column_of_the_labels_name_is_the_label(
    values: Any, truth: Any, classes: tuple[str, ...]
) -> None:
    columns = {"y": column(values)}
    assert labels.mismatch(judging(), columns, np.array(truth), classes) is None


@pytest.mark.parametrize(
    ("name", "values", "truth", "told"),
    [
        ("big", [1, 2], [1, 2], "preprocessing makes 'big' from 'y' and 'tips'"),
        ("y", [10.0, 100.0], [1, 2], "makes another value of 'y' in 2 rows"),
        ("y", ["a", "b"], [0, 1], "makes another value of 'y' in 2 rows"),
        ("y", [[1, 2], [3]], [1, 2], "several values a row"),
        ("y", [1, 0], np.eye(2), "several numbers a row"),
    ],
)
def test_without_a_formula_another_label_is_told(
    name: str, values: Any, truth: Any, told: str
) -> None:
    found = labels.mismatch(judging(name), {"y": column(values)}, np.array(truth), ())
    assert found is not None and told in found

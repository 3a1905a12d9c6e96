"""Gradient boosting on whatever a label is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from components.yardstick import boosting
from components.yardstick.boosting import Task, task_of
from components.yardstick.rows import Rows

pytestmark = pytest.mark.tfx

CHANCE = np.random.default_rng(0)
X = CHANCE.normal(size=(600, 3))
PLACE = np.digitize(X[:, 0], [-0.5, 0.5])
"""0, 1 or 2, as the first column says."""


def rows(label: Any, weight: np.ndarray | None = None) -> Rows:
    columns = {"a": X[:, :1], "b": X[:, 1:]}
    return Rows(columns, np.asarray(label), weight, [{}] * len(X), len(X))


@pytest.mark.parametrize(
    ("label", "metrics", "classes", "expected"),
    [
        ([0, 1, 1], ["AUC"], 0, Task("binary", 1)),
        ([0, 1, 1], ["SparseCategoricalAccuracy"], 2, Task("classes", 2)),
        ([0, 1, 0], ["AUC"], 2, Task("binary", 1)),
        ([0, 1, 0], ["AUC"], 3, Task("classes", 3)),
        ([0, 4, 2], ["SparseCategoricalAccuracy"], 0, Task("classes", 5)),
        ([0, 4, 2], ["MeanSquaredError"], 0, Task("number", 1)),
        ([0.5, 4, 2], ["SparseCategoricalAccuracy"], 0, Task("number", 1)),
        ([-1, 4, 2], ["MeanSquaredError"], 0, Task("number", 1)),
        ([[0, 1], [1, 0]], ["AUC"], 0, Task("one-hot", 2)),
        ([[0, 1], [1, 1]], ["AUC"], 0, Task("labels", 2)),
        ([[0.5, 1], [1, 1]], ["MeanSquaredError"], 0, Task("numbers", 2)),
    ],
)
def test_what_is_predicted_follows_from_label_and_metrics(
    label: Any, metrics: list[str], classes: int, expected: Task
) -> None:
    assert task_of(np.array(label), metrics, classes) == expected


def test_too_many_classes_are_refused_in_words() -> None:
    with pytest.raises(ValueError, match="5,001 classes or outputs; it is fitted to 100"):
        task_of(np.array([0, 5000]), ["SparseCategoricalAccuracy"])


@pytest.mark.parametrize(
    ("label", "metrics"),
    [
        (PLACE == 2, ["AUC"]),
        (PLACE, ["SparseCategoricalAccuracy"]),
        (np.where(PLACE == 1, 5, PLACE), ["SparseCategoricalAccuracy"]),
        (np.eye(3)[PLACE], ["CategoricalAccuracy"]),
        (np.stack([PLACE > 0, PLACE > 1], axis=1), ["AUC"]),
        (X[:, 0] * 2, ["MeanSquaredError"]),
        (X[:, :2] * 2, ["MeanSquaredError"]),
    ],
)
def test_it_answers_as_a_network_would_and_learns(label: Any, metrics: list[str]) -> None:
    label = np.asarray(label, float)
    task = task_of(label, metrics)
    answers = boosting.fit(rows(label), task).predict(rows(label))
    assert answers.shape == (len(X), task.width)
    if task.kind in ("classes", "one-hot"):
        np.testing.assert_allclose(answers.sum(axis=1), 1)
        wanted = label.argmax(axis=1) if label.ndim > 1 else label
        assert (answers.argmax(axis=1) == wanted).mean() > 0.95
    else:
        wanted = label.reshape(len(label), -1)
        assert np.mean((answers - wanted) ** 2) < 0.1 * np.var(wanted)


def test_the_same_rows_give_the_same_answers() -> None:
    label = (PLACE == 2).astype(float)
    once, again = (boosting.fit(rows(label), Task("binary", 1)).predict(rows(label)) for _ in "ab")
    np.testing.assert_array_equal(once, again)


def test_rows_without_a_label_or_a_weight_do_not_count() -> None:
    label = (X[:, 0] > 0).astype(float)
    label[:100] = np.nan
    weight = np.where(np.arange(len(X)) < 350, 0.0, 1.0)
    wrong = np.where(weight > 0, label, 1 - label)
    answers = boosting.fit(rows(wrong, weight), Task("binary", 1)).predict(rows(wrong))
    assert ((answers[350:, 0] > 0.5) == (label[350:] == 1)).mean() > 0.95


def test_of_several_labels_one_may_be_the_same_in_all_rows() -> None:
    label = np.stack([PLACE > 0, np.zeros(len(X))], axis=1).astype(float)
    answers = boosting.fit(rows(label), Task("labels", 2)).predict(rows(label))
    np.testing.assert_array_equal(answers[:, 1], 0)


def test_without_a_column_of_use_it_says_so() -> None:
    column = np.empty(len(X), object)
    nothing = Rows({"a": column}, X[:, 0], None, [{}] * len(X), len(X))
    with pytest.raises(ValueError, match=r"no column can be used: {'a': 'no value in any row'}"):
        boosting.fit(nothing, Task("number", 1))

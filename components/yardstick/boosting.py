"""Scikit-learn's gradient boosting with its defaults, on whatever a label is.

The algorithm is that of LightGBM (Ke et al. 2017): trees on binned values. With more than 10,000
rows scikit-learn holds a tenth of them back and stops where these no longer gain.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from components.yardstick.features import Features
from components.yardstick.rows import Rows

Kind = Literal["binary", "classes", "one-hot", "labels", "number", "numbers"]

OF_CLASSES = {
    "CategoricalAccuracy", "CategoricalCrossentropy", "MultiClassConfusionMatrixAtThresholds",
    "SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy",
    "TopKCategoricalAccuracy",
}  # fmt: skip
"""Metrics of a network that answers a number for each class."""
MOST_CLASSES = 100
"""With more whole numbers, or more outputs, there would be too many trees."""

_THREADS = 1
"""OpenMP's threads wait for each other by spinning: on cores that others use too, two of them have
taken 30 times the CPU seconds of one."""


@dataclass(frozen=True)
class Task:
    """What is predicted of a row."""

    kind: Kind
    """`binary`: one number, the probability of 1; `classes` and `one-hot`: one for each class;
    `labels`: a probability for each of several labels; `number` and `numbers`: the numbers."""
    width: int
    """Numbers that are predicted of a row."""


def task_of(label: np.ndarray, metrics: Collection[str], classes: int = 0) -> Task:
    """What kind of label it is.

    Whole numbers may be classes or counts: they are classes where a metric is one of classes.

    Args:
        label: Of the training split and of the test split, without missing values.
        metrics: The classes of the metrics that judge the model.
        classes: The classes of a text label; 0 where it is a number.

    Raises:
        ValueError: There are too many classes or outputs.
    """
    values = np.unique(label)
    whole = bool((values >= 0).all() and (values == np.floor(values)).all())
    if label.ndim > 1:
        width = int(np.prod(label.shape[1:]))
        zero_or_one = bool(np.isin(values, (0, 1)).all())
        one_hot = zero_or_one and bool((label.reshape(len(label), -1).sum(1) == 1).all())
        task = Task("one-hot" if one_hot else "labels" if zero_or_one else "numbers", width)
    elif not classes and not whole:
        return Task("number", 1)
    elif OF_CLASSES & set(metrics) or classes > 2:
        task = Task("classes", max(classes, int(values.max()) + 1))
    else:
        return Task("binary" if values.max() <= 1 else "number", 1)
    if task.width > MOST_CLASSES:
        raise ValueError(f"{task.width:,} classes or outputs; it is fitted to {MOST_CLASSES}")
    return task


@dataclass(frozen=True)
class Boosting:
    """A fitted model."""

    task: Task
    features: Features
    models: Sequence[Any]
    """Scikit-learn's; several where there are several labels or numbers."""

    @property
    def trees(self) -> int:
        """Iterations of boosting, the most where there are several models."""
        return max(int(model.n_iter_) for model in self.models)

    def predict(self, rows: Rows) -> np.ndarray:
        """[rows, width] as a network would answer."""
        numbers = self.features.numbers(rows.columns)
        with threadpool_limits(_THREADS):
            if self.task.kind in ("number", "numbers"):
                return np.stack([model.predict(numbers) for model in self.models], axis=1)
            if self.task.kind in ("classes", "one-hot"):
                return _of_classes(self.models[0], numbers, self.task.width)
            return np.stack([_of_classes(model, numbers, 2)[:, 1] for model in self.models], axis=1)


def fit(rows: Rows, task: Task, seed: int = 0) -> Boosting:
    """Fits gradient boosting to a training split.

    Args:
        rows: Of the training split; those without a label do not count.
        task: What is predicted.
        seed: Of what is random.

    Raises:
        ValueError: No column is of use, or the label is the same in all rows.
    """
    features = Features(rows.columns)
    if not features.names:
        raise ValueError(f"no column can be used: {features.left_out}")
    label = rows.label.reshape(len(rows.label), -1)
    known = np.isfinite(label).all(axis=1)
    if rows.weight is not None:
        known &= rows.weight > 0
    label, weight = label[known], None if rows.weight is None else rows.weight[known]
    numbers = features.numbers(rows.columns)[known]
    if task.kind == "one-hot":
        label = label.argmax(axis=1).reshape(-1, 1)
    made = HistGradientBoostingRegressor
    if task.kind not in ("number", "numbers"):
        made, label = HistGradientBoostingClassifier, label.astype(np.int64)
    with threadpool_limits(_THREADS):
        models = [
            made(categorical_features=features.categorical, random_state=seed).fit(
                numbers, column, sample_weight=weight
            )
            for column in label.T
        ]
    return Boosting(task, features, models)


def _of_classes(model: Any, numbers: np.ndarray, width: int) -> np.ndarray:
    """The probability of each class, also of those that the training split does not have."""
    answers = np.zeros((len(numbers), width))
    # One that has seen one class alone answers for two all the same.
    known = model.predict_proba(numbers) if len(model.classes_) > 1 else 1.0
    answers[:, model.classes_] = known
    return answers

"""Rows of one slice as a metric sees them: labels, predictions and weights of all rows at once.

What TFMA's `to_label_prediction_example_weight` does for a row is done here for dense arrays of one
number or one number for each class. Of anything else there is None, and TFMA has to take the rows
one by one, or to say what is wrong with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.metrics import metric_types, metric_util
from tensorflow_model_analysis.proto import config_pb2
from tensorflow_model_analysis.utils import util

from components.evaluation.batches import extracts

_PREDICTION_KEYS = ("scores", "outputs", "predictions", "logistic", "probabilities", "logits")
"""Where TFMA looks for the predictions in a model's answer with several parts, in this order."""
_CLASS_NAMES = {"all_classes", "classes"}
"""Parts of an answer by which TFMA reads labels that are text."""
_TOLERANCE = 1e-7
"""By how much TFMA lets a label be outside of 0 to 1."""


@dataclass(frozen=True)
class View:
    """What a metric looks at."""

    model_name: str = ""
    output_name: str = ""
    sub_key: metric_types.SubKey | None = None
    example_weighted: bool = False
    label_key: str = ""
    prediction_key: str = ""

    @classmethod
    def of(
        cls,
        key: metric_types.MetricKey,
        eval_config: config_pb2.EvalConfig | None,
        *,
        sub_key: bool = True,
        example_weighted: bool | None = None,
    ) -> View:
        """The view of a metric.

        Args:
            key: The metric's key.
            eval_config: TFMA's configuration.
            sub_key: Whether the metric looks at the class that its key names, and not at all.
            example_weighted: Whether it weights rows; None: as its key says.
        """
        weighted = key.example_weighted if example_weighted is None else example_weighted
        specs = list(eval_config.model_specs) if eval_config else []
        names = {(spec.name if len(specs) > 1 else ""): spec for spec in reversed(specs)}
        spec = names.get(key.model_name or "", config_pb2.ModelSpec())
        return cls(
            key.model_name or "",
            key.output_name or "",
            key.sub_key if sub_key else None,
            bool(weighted),
            spec.label_key,
            spec.prediction_key,
        )


class Seen(NamedTuple):
    """Rows as they are."""

    labels: np.ndarray
    """[rows, 1 or classes]."""
    predictions: np.ndarray
    """[rows, 1 or classes]."""
    weights: np.ndarray
    """[rows]."""

    def classes(self) -> np.ndarray | None:
        """The number of each row's class, [rows] in double precision; NaN where a row of a label
        for each class has not one. None where there are not as many labels as predictions.
        """
        labels = self.labels.astype(float)
        if labels.shape[1] == 1:
            return labels[:, 0]
        if labels.shape != self.predictions.shape:
            return None
        has_one = np.count_nonzero(labels, axis=1) == 1
        return np.where(has_one, labels.argmax(axis=1), np.nan)


class Flat(NamedTuple):
    """A binary view: one entry for each row and class."""

    labels: np.ndarray
    """[entries]."""
    predictions: np.ndarray
    """[entries]."""
    weights: np.ndarray
    """[entries], in double precision."""
    rows: np.ndarray
    """[entries], the number of each one's row."""


class Chunk:
    """Some rows of a slice.

    Args:
        inputs: What metrics are given: TFMA's labels, predictions, weights, and features.
        draws: [rows, 1 + samples]: how often each row is in each sample; the first has each once.
    """

    def __init__(self, inputs: Mapping[str, Any], draws: np.ndarray) -> None:
        self.inputs = inputs
        self.draws = draws
        self._seen: dict[View, Seen | None] = {}
        self._flat: dict[tuple[View, bool], Flat | None] = {}

    def sample(self, number: int) -> Chunk:
        """The rows of one sample, each as often as it was drawn."""
        rows = np.repeat(np.arange(len(self.draws)), self.draws[:, number].astype(int))
        return Chunk(extracts.take(self.inputs, rows), np.ones((len(rows), 1)))

    def seen(self, view: View) -> Seen | None:
        """Labels, predictions and weights; None where they are not plain numbers."""
        if view not in self._seen:
            self._seen[view] = _seen(self.inputs, view)
        return self._seen[view]

    def flat(self, view: View) -> Flat | None:
        """An entry for each row and class; None where labels and predictions do not pair up."""
        if (view, False) not in self._flat:
            self._flat[view, False] = _flat(self.seen(view))
        return self._flat[view, False]

    def fractional(self, view: View) -> Flat | None:
        """An entry for the share of each label that is 1, one for that which is 0; none of weight
        0. None where a label is not from 0 to 1."""
        if (view, True) not in self._flat:
            self._flat[view, True] = _fractional(self.flat(view))
        return self._flat[view, True]

    def weights(self, view: View) -> np.ndarray | None:
        """[rows], the sum of each one's weights, whatever labels and predictions are."""
        weights = _chosen(self.inputs.get(constants.EXAMPLE_WEIGHTS_KEY), view)
        if not view.example_weighted or weights is None:
            return np.ones(len(self.draws))
        numbers = _numbers(weights)
        return None if numbers is None else numbers.sum(axis=1, dtype=float)


def _seen(inputs: Mapping[str, Any], view: View) -> Seen | None:
    labels = inputs.get(constants.LABELS_KEY)
    if view.label_key:
        labels = _by_key(labels, view.label_key)
    predictions = inputs.get(constants.PREDICTIONS_KEY)
    for name in (view.model_name, view.output_name):
        if name and predictions is not None:
            try:
                predictions = util.get_by_keys(predictions, [name])
            except (KeyError, ValueError):
                return None
    weights = inputs.get(constants.EXAMPLE_WEIGHTS_KEY) if view.example_weighted else None
    found = (
        _numbers(_chosen(labels, view)),
        _numbers(_predicted(predictions, view.prediction_key)),
        _numbers(_chosen(weights, view)),
    )
    if found[0] is None or found[1] is None:
        return None
    if weights is None:
        return _selected(Seen(found[0], found[1], np.ones(len(found[0]))), view.sub_key)
    if found[2] is None or found[2].shape[1] != 1:
        return None
    return _selected(Seen(found[0], found[1], found[2][:, 0].astype(float)), view.sub_key)


def _chosen(value: Any, view: View) -> Any:
    """Labels or weights, which may or may not be keyed by model and output."""
    for name in (view.model_name, view.output_name):
        if name:
            value = _by_key(value, name)
    return value


def _by_key(value: Any, key: str) -> Any:
    """The part of that key, if there are parts and one has it."""
    if not isinstance(value, Mapping):
        return value
    return util.get_by_keys(value, [key], default_value=value)


def _predicted(value: Any, prediction_key: str) -> Any:
    if not isinstance(value, Mapping):
        return value
    if _CLASS_NAMES & set(value):
        return None
    keys = (prediction_key,) if prediction_key else _PREDICTION_KEYS
    return next((value[key] for key in keys if key in value), None)


def _numbers(value: Any) -> np.ndarray | None:
    """As [rows, numbers]; None where they are none, or of more dimensions."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf" or value.ndim > 2:
        return None
    value = value[:, None] if value.ndim == 1 else value
    return value if value.shape[1] else None


def _selected(seen: Seen, key: metric_types.SubKey | None) -> Seen | None:
    """What a metric of one class, or of the best ones, sees."""
    if key is None:
        return seen
    labels, predictions, weights = seen
    classes = predictions.shape[1]
    if key.k is not None:
        if key.k > classes:
            return None
        columns = _places_of_the_kth(predictions, key.k)
        if columns is None:
            return None
        if labels.shape != predictions.shape:
            one_hot = _one_hot(labels, classes)
            if one_hot is None:
                return None
            labels = one_hot
        return Seen(
            np.take_along_axis(labels, columns, 1),
            np.take_along_axis(predictions, columns, 1),
            weights,
        )
    if key.top_k is not None:
        if key.top_k > classes:
            return None
        places = metric_util.top_k_indices(key.top_k, predictions)
        best = np.full(predictions.shape, -np.inf)
        best[places] = predictions[places]
        predictions = best
    if key.class_id is not None:
        if not 0 <= key.class_id < classes:
            return None
        column = slice(key.class_id, key.class_id + 1)
        same = labels.shape == predictions.shape
        if not same and labels.shape[1] != 1:
            return None
        labels = labels[:, column] if same else (labels == key.class_id).astype(int)
        predictions = predictions[:, column]
    return Seen(labels, predictions, weights)


def _places_of_the_kth(predictions: np.ndarray, k: int) -> np.ndarray | None:
    """[rows, 1], where the k-th largest prediction is; None where one is as large as another, as
    versions of TFMA take another of them."""
    kth = np.partition(predictions, -k, axis=-1)[:, -k][:, None]
    same = predictions == kth
    return same.argmax(axis=1)[:, None] if (same.sum(axis=1) == 1).all() else None


def _one_hot(labels: np.ndarray, classes: int) -> np.ndarray | None:
    """[rows, classes]; a label of -1, or of the number of classes, is none of them, as in TFMA."""
    if labels.shape[1] != 1 or not np.isfinite(labels).all():
        return None
    numbers = labels[:, 0].astype(int)
    if (numbers < -classes - 1).any() or (numbers > classes).any():
        return None
    numbers = np.where(numbers < 0, numbers + classes + 1, numbers)
    return (numbers[:, None] == np.arange(classes)).astype(float)


def _flat(seen: Seen | None) -> Flat | None:
    if seen is None:
        return None
    labels, predictions, weights = seen
    rows, classes = predictions.shape
    if labels.shape != predictions.shape:
        one_hot = _one_hot(labels, classes)
        if one_hot is None:
            return None
        labels = one_hot
    return Flat(
        labels.ravel(),
        predictions.ravel(),
        np.repeat(weights, classes),
        np.repeat(np.arange(rows), classes),
    )


def _fractional(flat: Flat | None) -> Flat | None:
    if flat is None:
        return None
    labels, predictions, weights, rows = flat
    if not ((labels >= -_TOLERANCE) & (labels <= 1 + _TOLERANCE)).all():
        return None
    shares = np.concatenate([weights * (1 - labels), weights * labels])
    kept = np.flatnonzero(shares != 0)
    count = len(labels)
    return Flat(
        (kept >= count).astype(float), predictions[kept % count], shares[kept], rows[kept % count]
    )


def is_plain(aggregation_type: Any, class_weights: Any, function: Any = None) -> bool:
    """Whether a combiner of TFMA sees rows as a `Chunk` shows them.

    Args:
        aggregation_type: Of the combiner.
        class_weights: Of the combiner.
        function: By which it reads a row; None: by TFMA's common one.
    """
    common = metric_util.to_label_prediction_example_weight
    return aggregation_type is None and not class_weights and function in (None, common)

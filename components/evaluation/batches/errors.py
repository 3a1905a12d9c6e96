"""Statistics of errors: mean errors of a regression, its correlation, and cross entropies."""

from __future__ import annotations

from typing import Any

import numpy as np
from tensorflow_model_analysis.metrics import (
    cross_entropy_metrics,
    mean_regression_error,
    squared_pearson_correlation,
)

from components.evaluation.batches.chunk import Flat, View
from components.evaluation.batches.statistics import OfEntries, OfRows
from components.evaluation.mended import between_0_and_1

_MEAN = (
    *("_metric_key", "_eval_config", "_example_weighted", "_aggregation_type"),
    "_class_weights",
)


class _MeanError(OfEntries):
    """The mean of an error of each entry; one that is not a number is left out."""

    NEEDS = _MEAN

    def view(self) -> View:
        """What the combiner looks at."""
        own = self.combiner
        return View.of(own._metric_key, own._eval_config, example_weighted=own._example_weighted)

    def terms(self, flat: Flat) -> np.ndarray:
        """[entries, 2]: error and weight."""
        error = self.error(flat.labels, flat.predictions).astype(float)
        known = ~np.isnan(error)
        weighted = np.where(known, error, 0) * flat.weights
        return np.stack([weighted, known * flat.weights], axis=1)

    def error(self, labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
        """[entries]."""
        raise NotImplementedError

    def accumulator(self, cells: np.ndarray, values: np.ndarray) -> Any:
        """The two totals."""
        error, weight = values[0].tolist()
        return mean_regression_error._MeanRegressionErrorAccumulator(weight, error)


class AbsoluteError(_MeanError):
    """|label - prediction|."""

    def error(self, labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
        """[entries]."""
        return np.abs(_difference(labels, predictions))


class SquaredError(_MeanError):
    """(label - prediction)^2."""

    def error(self, labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
        """[entries]."""
        return _difference(labels, predictions).astype(float) ** 2


class PercentageError(_MeanError):
    """100 |label - prediction| / |label|; not a number where the label is 0."""

    def error(self, labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
        """[entries]."""
        error = 100 * np.abs(_difference(labels, predictions) / labels).astype(float)
        return np.where(labels == 0, np.nan, error)


class SquaredLogarithmicError(_MeanError):
    """(log(1 + label) - log(1 + prediction))^2."""

    def error(self, labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
        """[entries]."""
        return (np.log(labels + 1) - np.log(predictions + 1)).astype(float) ** 2


def _difference(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    return labels - predictions


class Correlation(OfEntries):
    """The six totals of a squared correlation."""

    NEEDS = ("_key", "_eval_config", "_example_weighted", "_aggregation_type", "_class_weights")
    _TOTALS = (
        "total_weighted_labels",
        "total_weighted_predictions",
        "total_weighted_squared_labels",
        "total_weighted_squared_predictions",
        "total_weighted_labels_times_predictions",
        "total_weighted_examples",
    )

    def view(self) -> View:
        """What the combiner looks at: no class alone, whatever its key says."""
        own = self.combiner
        return View.of(own._key, own._eval_config, sub_key=False,
                       example_weighted=own._example_weighted)  # fmt: skip

    def terms(self, flat: Flat) -> np.ndarray:
        """[entries, 6]."""
        x, y, w = flat.labels.astype(float), flat.predictions.astype(float), flat.weights
        return np.stack([w * x, w * y, w * x**2, w * y**2, w * x * y, w], axis=1)

    def accumulator(self, cells: np.ndarray, values: np.ndarray) -> Any:
        """The six totals."""
        made = squared_pearson_correlation._SquaredPearsonCorrelationAccumulator()
        for name, value in zip(self._TOTALS, values[0].tolist(), strict=True):
            setattr(made, name, value)
        return made


class _CrossEntropy(OfRows):
    """The mean of a cross entropy of each row."""

    NEEDS = (*_MEAN, "_from_logits", "_label_smoothing")

    def accumulator(self, cells: np.ndarray, values: np.ndarray) -> Any:
        """The two totals."""
        return cross_entropy_metrics._CrossEntropyAccumulator(*values[0].tolist())


class BinaryCrossEntropy(_CrossEntropy):
    """Of one number for each row, or of each class by itself."""

    def values(self, labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
        """[rows]."""
        smooth = self.combiner._label_smoothing
        labels = labels * (1.0 - smooth) + 0.5 * smooth
        if self.combiner._from_logits:
            found = np.maximum(predictions, 0) - predictions * labels
            found = found + np.log(1 + np.exp(-np.abs(predictions)))
        else:
            inside = between_0_and_1(predictions)
            found = -labels * np.log(inside) - (1 - labels) * np.log(1 - inside)
        return found.mean(axis=1)


class CategoricalCrossEntropy(_CrossEntropy):
    """Of a distribution over classes."""

    def values(self, labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
        """[rows]."""
        smooth = self.combiner._label_smoothing
        labels = labels * (1.0 - smooth) + smooth / predictions.shape[1]
        logits = self.combiner._from_logits
        shares = np.exp(predictions) if logits else between_0_and_1(predictions)
        logs = np.log(shares / shares.sum(axis=1, keepdims=True))
        # TFMA masks what has no logarithm.
        return -(labels * np.where(np.isfinite(logs), logs, 0)).sum(axis=1)

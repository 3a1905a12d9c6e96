"""Statistics of scores: histograms, confusion matrices at thresholds and of classes, and counts."""

from __future__ import annotations

from typing import Any

import numpy as np
from tensorflow_model_analysis.contrib.aggregates import binary_confusion_matrices as matrices
from tensorflow_model_analysis.metrics import calibration, multi_class_confusion_matrix_metrics

from components.evaluation.batches.chunk import Chunk, Flat, View, is_plain
from components.evaluation.batches.histogram import Histogram
from components.evaluation.batches.statistics import OfEntries, Statistic
from components.evaluation.batches.sums import Sums, in_all, in_cells

_COMMON = ("_key", "_eval_config", "_example_weighted", "_aggregation_type", "_class_weights")
_CLASSES = 2**20
"""More classes are left to TFMA."""


class CalibrationHistogram(OfEntries):
    """Labels, predictions and weights by bucket of the prediction: what AUC and its kin need."""

    NEEDS = (
        *_COMMON,
        *("_num_buckets", "_left", "_range", "_fractional_labels", "_prediction_based_bucketing"),
    )

    def sums(self, chunk: Chunk) -> Sums | None:
        """The sums of a chunk; its cells are buckets."""
        own = self.combiner
        view = self.view()
        flat = chunk.fractional(view) if own._fractional_labels else chunk.flat(view)
        if flat is None:
            return None
        labels, predictions = flat.labels.astype(float), flat.predictions.astype(float)
        placed = predictions if own._prediction_based_bucketing else labels
        if np.isnan(placed).any():
            return None
        with np.errstate(all="ignore"):
            places = (placed - own._left) / own._range * own._num_buckets + 1
            # Truncated, as in TFMA: what is less than a bucket below the first is in the same.
            buckets = np.clip(places, 0, own._num_buckets + 1).astype(np.int64)
            terms = np.stack([labels * flat.weights, predictions * flat.weights, flat.weights], 1)
            return in_cells(buckets, terms, chunk.draws, flat.rows)

    def accumulator(self, cells: np.ndarray, values: np.ndarray) -> Any:
        """Buckets by their number."""
        return {bucket.bucket_id: bucket for bucket in Histogram(cells, values)}

    def result(self, cells: np.ndarray, values: np.ndarray) -> dict[Any, Any]:
        """The histogram, without a bucket that has nothing in it, unless all are empty.

        Of no bucket at all TFMA 0.52 makes matrices of integers, and cannot divide them.
        """
        kept = values.any(axis=1)
        if not kept.any():
            return {self.combiner._key: Histogram(np.zeros(1, np.int64), np.zeros((1, 3)))}
        return {self.combiner._key: Histogram(cells[kept], values[kept])}


class ConfusionMatrices(OfEntries):
    """The confusion matrix at each of a few thresholds.

    A cell is a number of thresholds: of entries that are above so many of them.
    """

    NEEDS = (
        *("_binary_confusion_matrices", "_extract_label_prediction_and_weight"),
        *("_example_id_key", "_enable_fractional_labels", *_COMMON),
    )

    def is_plain(self) -> bool:
        """Whether labels are shares, and no rows are to be kept as examples."""
        own = self.combiner
        return (
            super().is_plain()
            and is_plain(None, None, own._extract_label_prediction_and_weight)
            and own._enable_fractional_labels
            and not own._example_id_key
        )

    def sums(self, chunk: Chunk) -> Sums | None:
        """The sums of a chunk."""
        flat = chunk.fractional(self.view())
        if flat is None:
            return None
        predictions = flat.predictions.astype(float)
        above = np.searchsorted(np.sort(self._thresholds()), predictions, side="left")
        above[np.isnan(predictions)] = 0
        positive = flat.labels == 1.0
        terms = np.stack([flat.weights * positive, flat.weights * ~positive], axis=1)
        return in_cells(above, terms, chunk.draws, flat.rows)

    def accumulator(self, cells: np.ndarray, values: np.ndarray) -> Any:
        """A matrix by threshold."""
        thresholds = self._thresholds()
        by_cell = np.zeros((len(thresholds) + 1, 2))
        by_cell[cells] = values
        below = np.cumsum(by_cell, axis=0)
        above = np.cumsum(by_cell[::-1], axis=0)[::-1]
        found = {}
        for rank, index in enumerate(np.argsort(thresholds, kind="stable")):
            tp, fp = above[rank + 1].tolist()
            fn, tn = below[rank].tolist()
            matrix = matrices.Matrix(tp=tp, tn=tn, fp=fp, fn=fn)
            found[thresholds[index]] = matrices._ThresholdEntry(matrix, [], [], [], [])
        return found

    def _thresholds(self) -> list[float]:
        return list(self.combiner._binary_confusion_matrices._thresholds)


class Totals(OfEntries):
    """Labels, predictions and weights in all: calibration, mean label and mean prediction."""

    NEEDS = _COMMON

    def is_plain(self) -> bool:
        """Whether it is not of the best classes, of which TFMA counts the last."""
        key = self.combiner._key.sub_key
        return super().is_plain() and (key is None or key.top_k is None)

    def terms(self, flat: Flat) -> np.ndarray:
        """[entries, 3]."""
        weights = flat.weights
        return np.stack([flat.labels * weights, flat.predictions * weights, weights], axis=1)

    def accumulator(self, cells: np.ndarray, values: np.ndarray) -> Any:
        """The three totals."""
        made = calibration._WeightedLabelsPredictionsExamples()
        totals = values[0].tolist()
        made.total_weighted_labels, made.total_weighted_predictions = totals[:2]
        made.total_weighted_examples = totals[2]
        return made


class ExampleCount(Statistic):
    """The number of rows, or the sum of their weights."""

    NEEDS = ("_model_name", "_output_name", "_example_weighted")

    def is_plain(self) -> bool:
        """It looks at weights alone."""
        return True

    def sums(self, chunk: Chunk) -> Sums | None:
        """The sum of a chunk's weights."""
        own = self.combiner
        view = View(
            own._model_name or "", own._output_name or "", None, bool(own._example_weighted)
        )
        weights = chunk.weights(view)
        return None if weights is None else in_all(weights[:, None], chunk.draws)

    def accumulator(self, cells: np.ndarray, values: np.ndarray) -> Any:
        """The sum."""
        return float(values[0, 0])


class ClassConfusion(Statistic):
    """How often each class was predicted as each, at thresholds of the best score.

    A cell is a threshold's place, an actual class, and a predicted one or none, in 21 bits each.
    """

    NEEDS = (
        *("_key", "_eval_config", "_example_weighted", "_thresholds"),
        "_extract_label_prediction_and_weight",
    )

    def is_plain(self) -> bool:
        """Whether it looks at rows in the common way."""
        return is_plain(None, None, self.combiner._extract_label_prediction_and_weight)

    def sums(self, chunk: Chunk) -> Sums | None:
        """The sums of a chunk."""
        own = self.combiner
        view = View.of(own._key, own._eval_config, sub_key=False,
                       example_weighted=own._example_weighted)  # fmt: skip
        seen = chunk.seen(view)
        if seen is None or not 1 < seen.predictions.shape[1] < _CLASSES:
            return None
        labels = seen.labels
        if not np.isfinite(labels).all():
            return None
        several = labels.shape[1] > 1
        actual = labels.argmax(axis=1) if several else labels[:, 0].astype(np.int64)
        if (abs(actual) >= _CLASSES).any():
            return None
        rows = np.arange(len(labels))
        predicted = seen.predictions.argmax(axis=1)
        cells = []
        for place, threshold in enumerate(own._thresholds):
            # After the first threshold that the best score is not above, TFMA looks at the score
            # of the last class: its index is that of no class.
            predicted = np.where(seen.predictions[rows, predicted] <= threshold, -1, predicted)
            cells.append((place << 42) + ((actual + _CLASSES) << 21) + predicted + 1)
        count = len(own._thresholds)
        return in_cells(
            np.concatenate(cells),
            np.tile([seen.weights, np.ones(len(rows))], count).T,
            chunk.draws,
            np.tile(rows, count),
        )

    def accumulator(self, cells: np.ndarray, values: np.ndarray) -> Any:
        """The matrices by threshold."""
        found = multi_class_confusion_matrix_metrics.Matrices()
        mask = 2**21 - 1
        drawn = values[:, 1] > 0
        for cell, weight in zip(cells[drawn].tolist(), values[drawn, 0].tolist(), strict=True):
            key = multi_class_confusion_matrix_metrics.MatrixEntryKey(
                (cell >> 21 & mask) - _CLASSES, (cell & mask) - 1
            )
            threshold = self.combiner._thresholds[cell >> 42]
            entries = found.setdefault(threshold, {})
            entries[key] = entries.get(key, 0.0) + weight
        return found

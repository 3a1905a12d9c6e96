"""TFMA's calibration histogram as arrays, and the confusion matrices that come of it.

AUC and its kin have 10,000 thresholds, at which TFMA adds up bucket by bucket, in Python, for each
slice and each sample of a confidence interval. Two functions of TFMA are replaced by ones that give
the same of arrays: importing this module is what replaces them, on Beam's workers too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from tensorflow_model_analysis.metrics import binary_confusion_matrices, calibration_histogram
from tensorflow_model_analysis.metrics.calibration_histogram import Bucket

from components.evaluation.batches import tfma_parts

_EPSILON = 1e-7


class Histogram(Sequence[Bucket]):
    """A list of TFMA's buckets, which are made when they are asked for.

    Args:
        ids: [buckets], ascending.
        sums: [buckets, 3]: of labels, predictions and weights, the first two weighted.
    """

    def __init__(self, ids: np.ndarray, sums: np.ndarray) -> None:
        self.ids = ids
        self.sums = sums

    @classmethod
    def of(cls, buckets: Sequence[Bucket]) -> Histogram:
        """The arrays of a histogram of TFMA's."""
        if isinstance(buckets, Histogram):
            return buckets
        sums = [
            (one.weighted_labels, one.weighted_predictions, one.weighted_examples)
            for one in buckets
        ]
        ids = np.array([one.bucket_id for one in buckets], dtype=np.int64)
        return cls(ids, np.array(sums, dtype=float).reshape(-1, 3))

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, index: int) -> Bucket: ...

    @overload
    def __getitem__(self, index: slice) -> Histogram: ...

    def __getitem__(self, index: int | slice) -> Bucket | Histogram:
        if isinstance(index, slice):
            return Histogram(self.ids[index], self.sums[index])
        return Bucket(int(self.ids[index]), *self.sums[index].tolist())


def rebin(
    thresholds: list[float],
    histogram: Sequence[Bucket],
    num_buckets: int = calibration_histogram.DEFAULT_NUM_BUCKETS,
    left: float = 0.0,
    right: float = 1.0,
) -> Histogram:
    """The histogram with the buckets from each threshold to the next; see TFMA's function.

    Args:
        thresholds: Ascending.
        histogram: Of `num_buckets` buckets from `left` to `right`, and one on either side.
        num_buckets: As above.
        left: As above.
        right: As above.
    """
    given = Histogram.of(histogram)
    lowest = (given.ids - 1) / num_buckets * (right - left) + left
    lowest = np.where(given.ids == 0, -np.inf, lowest)
    lowest = np.where(given.ids >= num_buckets + 1, np.inf, lowest)
    place = np.searchsorted(np.asarray(thresholds[1:]), lowest, side="right")
    sums = [np.bincount(place, column, len(thresholds)) for column in given.sums.T]
    return Histogram(np.arange(len(thresholds)), np.stack(sums, axis=1))


def confusion_matrices(
    thresholds: list[float], histogram: Sequence[Bucket]
) -> binary_confusion_matrices.Matrices:
    """The confusion matrix at each threshold; see TFMA's function.

    Args:
        thresholds: Ascending.
        histogram: With a bucket for each threshold, and perhaps one below and one above them.
    """
    sums = Histogram.of(histogram).sums
    positive, negative = sums[:, 0], sums[:, 2] - sums[:, 0]
    below = 1 if (thresholds[0] >= 0 or len(thresholds) == 1) and len(sums) > 1 else 0
    kept = slice(below, below + len(thresholds))
    tp, fp = (np.cumsum(side[::-1])[::-1][kept] for side in (positive, negative))
    fn, tn = (np.append(0.0, np.cumsum(side)[:-1])[kept] for side in (positive, negative))
    tp, fp = tp.copy(), fp.copy()
    # Nothing is above 1, whatever bucket it is in.
    for index in np.flatnonzero(np.asarray(thresholds) >= 1.0 + _EPSILON):
        tp[index] = fp[index] = 0.0
        fn[index], tn[index] = tp[0], fp[0]
    counts = (side.tolist() for side in (tp, tn, fp, fn))
    return binary_confusion_matrices.Matrices(thresholds, *counts)


def _replace(module: Any, name: str, function: Any) -> None:
    tfma_parts.check_parameters(getattr(module, name), function)
    setattr(module, name, function)


_replace(calibration_histogram, "rebin", rebin)
_replace(binary_confusion_matrices, "_histogram_to_binary_confusion_matrices", confusion_matrices)

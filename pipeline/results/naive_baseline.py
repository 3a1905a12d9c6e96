"""What one and the same answer for every row would reach: the least that a model is for.

The answer is the best there is for all rows of the test split: its most frequent class, the shares
of its classes as probabilities, its mean or its median. On a slice it stays that answer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.evaluation.plot_data import OTHERS
from pipeline.config.model_config import Evaluation
from pipeline.record.run_details import LabelSpread, Plots
from pipeline.record.run_record import OVERALL, SliceMetric


def fill(metrics: Sequence[SliceMetric], plots: Mapping[str, Plots], settings: Evaluation) -> None:
    """Gives each metric its naive baseline, where it is one of which that is known.

    Args:
        metrics: Of this run; each one's `naive` is set.
        plots: By slice, as the Evaluator wrote them.
        settings: The config's `evaluation` section.
    """
    overall = _labels(plots.get(OVERALL))
    if overall is None:
        return
    for metric in metrics:
        here = _labels(plots.get(metric.slice))
        if here is None or settings.metrics[metric.metric].options:
            continue  # With options, such as of one class, it is another metric.
        value = _value(settings.class_of(metric.metric), overall, here)
        metric.naive = value if value is not None and math.isfinite(value) else None


@dataclass(frozen=True)
class _Classes:
    """The labels of a classifier's rows."""

    shares: Mapping[str, float]
    binary: bool

    @property
    def positive(self) -> float:
        return self.shares.get("1", 0.0)


_Labels = _Classes | LabelSpread


def _labels(plots: Plots | None) -> _Labels | None:
    if plots is None:
        return None
    if plots.confusion:
        counts = [sum(row) for row in plots.confusion.counts]
        shares = dict(zip(plots.confusion.classes, counts, strict=True))
        return _Classes(_of_all(shares), binary=False)
    if plots.labels:
        return plots.labels
    if plots.residuals or not plots.calibration:
        return None
    positive = sum(one.count * one.label for one in plots.calibration)
    rows = sum(one.count for one in plots.calibration)
    return _Classes(_of_all({"0": rows - positive, "1": positive}), binary=True)


def _of_all(counts: Mapping[str, float]) -> dict[str, float]:
    return {name: count / (sum(counts.values()) or 1) for name, count in counts.items()}


def _value(metric: str, overall: _Labels, here: _Labels) -> float | None:
    """The metric of a class, of a guess by all rows, on the rows here."""
    if isinstance(overall, LabelSpread):
        return _of_numbers(metric, overall, here) if isinstance(here, LabelSpread) else None
    if isinstance(here, LabelSpread):
        return None
    if overall.binary and here.binary:
        return _of_two_classes(metric, overall.positive, here.positive)
    return _of_classes(metric, overall.shares, here.shares)


def _of_two_classes(metric: str, guess: float, share: float) -> float | None:
    """Of a binary classifier.

    Args:
        metric: Its class.
        guess: The share of the class 1 among all rows.
        share: Among the rows here.
    """
    likelier = share if guess >= 0.5 else 1 - share
    squared = share * (1 - guess) ** 2 + (1 - share) * guess**2
    both = 0 < share < 1
    match metric:
        case "BinaryAccuracy" | "Accuracy":
            return likelier
        case "AUC":
            return 0.5 if both else None
        case "AUCPrecisionRecall":
            return share if both else None
        case "BinaryCrossEntropy" | "BinaryCrossentropy":
            return _cross_entropy({"0": 1 - guess, "1": guess}, {"0": 1 - share, "1": share})
        case "MeanSquaredError":
            return squared
        case "RootMeanSquaredError":
            return math.sqrt(squared)
        case "Precision":  # Of who says 1 of every row.
            return share
        case "F1Score":
            return 2 * share / (1 + share)
        case "Calibration":
            return guess / share if share else None
    return None


def _of_classes(
    metric: str, overall: Mapping[str, float], here: Mapping[str, float]
) -> float | None:
    """Of a classifier with several classes."""
    match metric:
        case "SparseCategoricalAccuracy" | "CategoricalAccuracy":
            # Of those that stand together as one, each is rarer than any that has a name.
            named = [name for name in overall if name != OTHERS]
            most = max(named, key=lambda name: overall[name])
            return here.get(most, None if OTHERS in here else 0.0)
        case (
            "SparseCategoricalCrossentropy"
            | "CategoricalCrossentropy"
            | "SparseCategoricalCrossEntropy"
            | "CategoricalCrossEntropy"
        ):
            # Classes that stand together as one do not tell their own shares.
            return None if OTHERS in {**overall, **here} else _cross_entropy(overall, here)
    return None


def _of_numbers(metric: str, overall: LabelSpread, here: LabelSpread) -> float | None:
    """Of a regression: the mean is best for squared errors, the median for absolute ones."""
    squared = here.std**2 + (here.mean - overall.mean) ** 2
    match metric:
        case "MeanSquaredError":
            return squared
        case "RootMeanSquaredError":
            return math.sqrt(squared)
        case "MeanAbsoluteError":
            # Of a slice, distances from the median of all rows are not recorded.
            return overall.mean_distance if here == overall else None
    return None


def _cross_entropy(guess: Mapping[str, float], shares: Mapping[str, float]) -> float | None:
    total = 0.0
    for name, share in shares.items():
        if share > 0:
            if not guess.get(name):
                return None
            total -= share * math.log(guess[name])
    return total

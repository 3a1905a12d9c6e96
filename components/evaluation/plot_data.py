"""Labels and predictions summed up for plots, as `run_details.Plots` of the pipeline has them."""

from __future__ import annotations

from typing import Any

import numpy as np

_ROC_POINTS = 100
_BINS = 10
_RESIDUAL_BINS = 30
_TAIL = 0.005
"""The share of the residuals at either end that the histogram leaves out."""
_NOTHING = 1e-300
"""What is smaller has no six digits."""
_MOST_CLASSES = 30
OTHERS = "others"


def plots(labels: np.ndarray, predictions: np.ndarray, classes: int) -> dict[str, Any]:
    """What fits the rows: of a binary classifier ROC and calibration, of one with several classes
    a confusion matrix, of a regression residuals and calibration; nothing of no rows.

    Args:
        labels: [rows], numbers; of several classes the number of the class.
        predictions: [rows], numbers; of several classes the number of the predicted one.
        classes: How many numbers the model predicts of a row.
    """
    if not labels.size or not classes:
        return {}
    found: dict[str, Any] = {"rows": int(labels.size)}
    if classes > 1:
        return found | {"confusion": confusion(labels.astype(int), predictions.astype(int))}
    if np.isin(labels, (0, 1)).all() and predictions.min() >= 0 and predictions.max() <= 1:
        edges = np.linspace(0, 1, _BINS + 1)
        return found | {
            "roc": roc(labels, predictions),
            "calibration": calibration(labels, predictions, edges),
        }
    edges = np.unique(np.quantile(predictions, np.linspace(0, 1, _BINS + 1)))
    return found | {
        "calibration": calibration(labels, predictions, edges),
        "residuals": residuals(labels, predictions),
        "labels": spread(labels),
    }


def roc(labels: np.ndarray, scores: np.ndarray) -> list[dict[str, float | None]]:
    """The receiver operating characteristic: a point for each threshold at or above which a score
    counts as positive, thinned evenly along the curve; nothing where one class is missing.

    Args:
        labels: [rows], 0 or 1.
        scores: [rows], higher for the class 1.
    """
    order = np.argsort(-scores, kind="stable")
    scores, labels = scores[order], labels[order]
    last_of_score = np.append(np.flatnonzero(np.diff(scores)), scores.size - 1)
    true = np.concatenate([[0], np.cumsum(labels)[last_of_score]])
    false = np.concatenate([[0], 1 + last_of_score]) - true
    if not true[-1] or not false[-1]:
        return []
    thresholds = np.concatenate([[np.nextafter(scores[0], np.inf)], scores[last_of_score]])
    along = true / true[-1] + false / false[-1]  # From 0 to 2, rising by each row.
    kept = np.unique(np.searchsorted(along, np.linspace(0, 2, _ROC_POINTS)).clip(0, along.size - 1))
    return [
        {
            "threshold": _short(thresholds[point]),
            "false_positive_rate": _short(false[point] / false[-1]),
            "true_positive_rate": _short(true[point] / true[-1]),
            "precision": _short(true[point] / (true[point] + false[point])) if point else None,
        }
        for point in kept
    ]


def calibration(
    labels: np.ndarray, predictions: np.ndarray, edges: np.ndarray
) -> list[dict[str, float]]:
    """Mean label against mean prediction in ranges of the prediction; empty ranges are left out.

    Args:
        labels: [rows].
        predictions: [rows].
        edges: The ranges' edges, ascending; a value on an edge is in the range above it.
    """
    if edges.size < 2:  # Every prediction is the same.
        edges = np.array([predictions[0], predictions[0]])
    bins = np.clip(np.searchsorted(edges, predictions, side="right") - 1, 0, edges.size - 2)
    return [
        {
            "low": _short(edges[bin_]),
            "high": _short(edges[bin_ + 1]),
            "count": int((bins == bin_).sum()),
            "prediction": _short(predictions[bins == bin_].mean()),
            "label": _short(labels[bins == bin_].mean()),
        }
        for bin_ in np.unique(bins)
    ]


def residuals(labels: np.ndarray, predictions: np.ndarray) -> list[dict[str, float]]:
    """A histogram of label minus prediction, without the half percent at either end.

    Args:
        labels: [rows].
        predictions: [rows].
    """
    differences = labels.astype(np.float64) - predictions
    # Quantiles that are values, so that few rows are all inside of the histogram.
    low = np.quantile(differences, _TAIL, method="lower")
    high = np.quantile(differences, 1 - _TAIL, method="higher")
    # Edges have six digits, and NumPy 2 refuses a range of fewer numbers than there are edges.
    size = max(abs(low), abs(high))
    narrowest = 1e-5 * _RESIDUAL_BINS * size if size > _NOTHING else 1.0
    if high - low < narrowest:
        low, high = low - narrowest / 2, high + narrowest / 2
    counts, edges = np.histogram(differences, bins=_RESIDUAL_BINS, range=(low, high))
    return [
        {"low": _short(edges[bin_]), "high": _short(edges[bin_ + 1]), "count": int(count)}
        for bin_, count in enumerate(counts)
    ]


def spread(labels: np.ndarray) -> dict[str, float]:
    """What a guess that is the same for every row is measured by.

    Args:
        labels: [rows].
    """
    median = np.median(labels)
    found = {
        "mean": labels.mean(),
        "std": labels.std(),
        "median": median,
        "mean_distance": np.abs(labels - median).mean(),
    }
    return {name: _short(value) for name, value in found.items()}


def confusion(labels: np.ndarray, predictions: np.ndarray) -> dict[str, Any]:
    """How often each class was predicted as each; rare classes beyond the thirtieth are one.

    Args:
        labels: [rows], the classes' numbers.
        predictions: [rows], the predicted classes' numbers.
    """
    numbers, counts = np.unique(np.concatenate([labels, predictions]), return_counts=True)
    names = [str(number) for number in numbers]
    place = np.arange(numbers.size)
    if numbers.size > _MOST_CLASSES:
        frequent = np.sort(np.argsort(-counts, kind="stable")[: _MOST_CLASSES - 1])
        place = np.full(numbers.size, frequent.size)
        place[frequent] = np.arange(frequent.size)
        names = [*(names[index] for index in frequent), OTHERS]
    matrix = np.zeros((len(names), len(names)), dtype=int)
    rows = place[np.searchsorted(numbers, labels)]
    columns = place[np.searchsorted(numbers, predictions)]
    np.add.at(matrix, (rows, columns), 1)
    return {"classes": names, "counts": matrix.tolist()}


def _short(number: float) -> float:
    """Six digits: there is a plot for each slice, and nobody sees more."""
    return float(f"{number:.6g}")

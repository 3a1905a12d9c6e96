"""Metrics before labels come, estimated from the answers alone; each says that it is one.

What share of rows with such an answer had the label is known from the test split (isotonic
regression of its counts: calibrated scores); of several classes, how often the class that is
answered was right, by its score. If that still holds, a metric follows from the answers of a
window, as in NannyML's CBPE and Bialek et al. 2024, arXiv:2401.08348. What the model was judged by
is the start: the estimate is the metric on the test split, and by how much it changes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from scipy.stats import norm
from sklearn.isotonic import isotonic_regression

from monitoring.core.finding import Finding
from monitoring.core.settings import Settings
from monitoring.labels import live, metrics
from monitoring.profile.reference_profile import Metric, Numbers, Output, ReferenceProfile
from monitoring.summary.window_summary import WindowSummary

ASSUMPTION = "if rows with such answers still have the label as often as on the test split"
_RESAMPLES = 100
_FEWEST = 30
"""Rows, without which nothing is estimated."""
_EPSILON = 1e-7


class _Bins(NamedTuple):
    """A score's bins: of a binary label, or of several classes the highest score of each row."""

    scores: np.ndarray
    """[bins]: the middle of each."""
    reference: np.ndarray
    """[bins]: rows of the test split."""
    positives: np.ndarray
    """[bins]: how many of those had the label, or the class that was answered."""
    served: np.ndarray
    """[bins]: rows of the window."""


Function = Callable[[np.ndarray, np.ndarray, np.ndarray, float], float]
"""Of rows [bins], their share of the label [bins], scores [bins] and a threshold."""


def estimates(
    profile: ReferenceProfile, window: WindowSummary, settings: Settings | None = None
) -> tuple[Finding, ...]:
    """Metrics of a binary model on a window, or of several classes the accuracy, estimated.

    Args:
        profile: The version's.
        window: Its traffic.
        settings: The model's; whether estimates raise alarms. Default: they do not.
    """
    settings = settings or Settings()
    if profile.label is None or (bins := _bins(profile, window)) is None:
        return ()
    found = []
    known = {n: m for n, m in metrics.tracked(profile).items() if m.value is not None}
    judged = [name for name, one in known.items() if metrics.kind(one) in _FUNCTIONS]
    for name in judged:
        found.append(_finding(known[name], name, bins, len(judged), settings))
    return tuple(found)


def _finding(
    metric: Metric, name: str, bins: _Bins, comparisons: int, settings: Settings
) -> Finding:
    assert metric.value is not None
    rows = int(bins.served.sum())
    lower, upper = live.bounds(metric, live.ALL)
    value = error = None
    if rows >= _FEWEST:
        value, error = _estimate(metric, bins)
    bounded = lower is not None or upper is not None
    p_value = None
    if value is not None and error is not None and bounded:
        beyond = max(
            lower - value if lower is not None else -math.inf,
            value - upper if upper is not None else -math.inf,
        )
        p = float(norm.sf(beyond / error)) if error > 0 else float(beyond <= 0)
        p_value = min(1.0, p * comparisons)
    differs = p_value is not None and p_value < settings.false_alarms
    verdict = "too early" if value is None else "differs" if differs else "same"
    said = f"{name} is estimated at {value:.4g}" if value is not None else f"{name}: too few rows"
    beside = f", {metric.value:.4g} on the test split"
    words = f"{said}{beside if value is not None else ''} (without labels, {ASSUMPTION})."
    return Finding(
        subject="metric",
        name=name,
        test="estimate",
        against="bound",
        statistic=metric.metric,
        effect=None if value is None else value - metric.value,
        reference=metric.value,
        served=value,
        low=None if value is None or error is None else value - 1.96 * error,
        high=None if value is None or error is None else value + 1.96 * error,
        matters_from=lower if lower is not None else upper,
        p_value=p_value,
        rows=rows,
        rows_needed=_FEWEST,
        verdict=verdict,  # type: ignore[arg-type]
        counts=bounded and "estimate" in settings.alarm_on,
        words=words,
    )


def _estimate(metric: Metric, bins: _Bins) -> tuple[float | None, float | None]:
    """The metric on the window, and its standard error by a parametric bootstrap."""
    assert metric.value is not None
    function = _FUNCTIONS[metrics.kind(metric)]
    threshold = metrics.threshold(metrics.kind(metric), metric.settings)

    def change(reference: np.ndarray, positives: np.ndarray, served: np.ndarray) -> float:
        shares = _calibrated(reference, positives)
        was = function(reference, shares, bins.scores, threshold)
        return function(served, shares, bins.scores, threshold) - was

    moved = change(bins.reference, bins.positives, bins.served)
    if not math.isfinite(moved):
        return None, None
    chance = np.random.default_rng(0)
    shares = _calibrated(bins.reference, bins.positives)
    totals = int(bins.reference.sum()), int(bins.served.sum())
    again = []
    for _ in range(_RESAMPLES):
        reference = chance.multinomial(totals[0], bins.reference / totals[0])
        positives = chance.binomial(reference, np.clip(shares, 0, 1))
        served = chance.multinomial(totals[1], bins.served / totals[1])
        again.append(change(reference.astype(float), positives.astype(float), served.astype(float)))
    finite = [one for one in again if math.isfinite(one)]
    return metric.value + moved, float(np.std(finite)) if finite else None


def _calibrated(rows: np.ndarray, positives: np.ndarray) -> np.ndarray:
    """[bins]: the share of the label, which grows with the score."""
    overall = positives.sum() / max(1.0, rows.sum())
    shares = np.where(rows > 0, positives / np.maximum(rows, 1), overall)
    fitted: np.ndarray = isotonic_regression(
        shares, sample_weight=np.maximum(rows, 1e-9), y_min=0.0, y_max=1.0
    )
    return fitted


def _accuracy(rows: np.ndarray, shares: np.ndarray, scores: np.ndarray, threshold: float) -> float:
    right = np.where(scores > threshold, shares, 1 - shares)
    return float((rows * right).sum() / rows.sum())


def _precision(rows: np.ndarray, shares: np.ndarray, scores: np.ndarray, threshold: float) -> float:
    predicted = rows * (scores > threshold)
    return float((predicted * shares).sum() / predicted.sum()) if predicted.sum() else math.nan


def _recall(rows: np.ndarray, shares: np.ndarray, scores: np.ndarray, threshold: float) -> float:
    positives = rows * shares
    found = positives[scores > threshold].sum()
    return float(found / positives.sum()) if positives.sum() else math.nan


def _auc(rows: np.ndarray, shares: np.ndarray, scores: np.ndarray, threshold: float) -> float:
    positives, negatives = rows * shares, rows * (1 - shares)
    pairs = positives.sum() * negatives.sum()
    if not pairs:
        return math.nan
    below = np.cumsum(negatives) - negatives / 2
    return float((positives * below).sum() / pairs)


def _cross_entropy(
    rows: np.ndarray, shares: np.ndarray, scores: np.ndarray, threshold: float
) -> float:
    clipped = np.clip(scores, _EPSILON, 1 - _EPSILON)
    loss = -shares * np.log(clipped) - (1 - shares) * np.log1p(-clipped)
    return float((rows * loss).sum() / rows.sum())


def _calibration(
    rows: np.ndarray, shares: np.ndarray, scores: np.ndarray, threshold: float
) -> float:
    positives = (rows * shares).sum()
    return float((rows * scores).sum() / positives) if positives else math.nan


def _right(rows: np.ndarray, shares: np.ndarray, scores: np.ndarray, threshold: float) -> float:
    return float((rows * shares).sum() / rows.sum())


_FUNCTIONS: Mapping[str, Function] = {
    "BinaryAccuracy": _accuracy,
    "AUC": _auc,
    "BinaryCrossEntropy": _cross_entropy,
    "Precision": _precision,
    "Recall": _recall,
    "Calibration": _calibration,
    "SparseCategoricalAccuracy": _right,
}


def _positive(profile: ReferenceProfile) -> tuple[str, Output] | None:
    """The output that says how likely the label is, by its name in the profile."""
    assert profile.label is not None
    parts = [
        (name, one) for name, one in profile.outputs.items() if one.output == profile.label.output
    ]
    parts.sort(key=lambda item: item[1].position or 0)
    return parts[min(1, len(parts) - 1)] if parts else None


def _bins(profile: ReferenceProfile, window: WindowSummary) -> _Bins | None:
    """The bins of the answers by which the label is judged; None: the profile has none."""
    assert profile.label is not None
    top = profile.top_score
    if profile.label.task == "multiclass" and top is not None:
        return _counted(top.numbers, top.right, window.top_score)
    output = _positive(profile) if profile.label.task == "binary" else None
    if output is None or output[1].numbers is None or output[1].calibration is None:
        return None
    served = window.outputs.get(output[0])
    if served is None:
        return None
    return _counted(output[1].numbers, output[1].calibration.positives, served.bins)


def _counted(numbers: Numbers, positives: tuple[int, ...], served: tuple[int, ...]) -> _Bins | None:
    reference = np.array(numbers.counts, dtype=np.float64)
    fits = len(positives) == len(served) == len(reference)
    if not fits or not numbers.edges or not reference.sum():
        return None
    low = numbers.minimum if numbers.minimum is not None else 0.0
    high = numbers.maximum if numbers.maximum is not None else 1.0
    ends = np.array([min(low, numbers.edges[0]), *numbers.edges, max(high, numbers.edges[-1])])
    counts = (np.array(each, dtype=np.float64) for each in (positives, served))
    return _Bins((ends[:-1] + ends[1:]) / 2, reference, *counts)

"""Metrics of joined labels, each kept as sums with a confidence sequence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import Field

from monitoring.core.record import Record
from monitoring.labels.confidence import MeanSequence
from monitoring.profile.reference_profile import Metric, ReferenceProfile

_EPSILON = 1e-7
"""To which Keras clips probabilities in cross entropies."""
_TIMES_THE_BOUND = 10.0
_MOST_UNPAIRED = 1_000
_SCORE_BINS = 1_000

BINARY = ("BinaryAccuracy", "AUC", "BinaryCrossEntropy", "Precision", "Recall", "Calibration")
MULTICLASS = ("SparseCategoricalAccuracy", "SparseCategoricalCrossentropy")
REGRESSION = ("MeanAbsoluteError", "MeanSquaredError", "RootMeanSquaredError")
OF_TASK: Mapping[str, tuple[str, ...]] = {
    "binary": BINARY, "multiclass": MULTICLASS, "regression": REGRESSION, "other": (),
}  # fmt: skip
_SAME = {
    "BinaryCrossentropy": "BinaryCrossEntropy",
    "CategoricalAccuracy": "SparseCategoricalAccuracy",
    "CategoricalCrossentropy": "SparseCategoricalCrossentropy",
    "CategoricalCrossEntropy": "SparseCategoricalCrossentropy",
    "SparseCategoricalCrossEntropy": "SparseCategoricalCrossentropy",
}


class Joined(Record):
    """Kept sums of one metric, of all rows or of a slice."""

    rows: int = 0
    """That it rests on."""
    sequence: MeanSequence
    """Of what each row adds, divided by `scale`; of AUC, of pairs; of Calibration, of answers."""
    labels: MeanSequence | None = None
    """Of Calibration: the mean label."""
    scale: float = 1.0
    """What a row adds at most; more is cut, so that the interval's lower end is always right."""
    cut: int = 0
    """How many rows were cut."""
    exact: float = 0.0
    """The sum of what rows add, without being cut."""
    positives: dict[int, int] = Field(default_factory=dict)
    """Of AUC: positive rows by their score, in 1,000 bins."""
    negatives: dict[int, int] = Field(default_factory=dict)
    unpaired: tuple[float, ...] = ()
    """Of AUC: scores that wait for one of the other label, all of one label."""
    unpaired_positive: bool = False


class Interval(Record):
    """A live metric: its value, and where the true one is, at all times at once."""

    value: float | None
    lower: float
    upper: float | None
    """None: not known, as no row has the label yet."""
    rows: int
    cut: bool = False
    """Whether rows were cut, so that the upper end is that of the rest."""


def tracked(profile: ReferenceProfile) -> dict[str, Metric]:
    """The metrics that are kept for a version: the profile's, and its task's common ones."""
    task = profile.label.task if profile.label else "other"
    known = OF_TASK[task]
    found = {name: one for name, one in profile.metrics.items() if kind(one) in known}
    kinds = {kind(one) for one in found.values()}
    common = {name: Metric(metric=name, value=None) for name in known if name not in kinds}
    return {**found, **common}


def kind(metric: Metric) -> str:
    """A metric's class, by one name of several."""
    return _SAME.get(metric.metric, metric.metric)


def begun(metric: Metric, alpha: float, upper: float | None) -> Joined:
    """Before the first row.

    Args:
        metric: The metric.
        alpha: The chance that its interval is ever wrong.
        upper: Its bound `at_most`, by which errors are cut; None: by its value on the test split.
    """
    scale, name = 1.0, kind(metric)
    if name in (*REGRESSION, "BinaryCrossEntropy", "SparseCategoricalCrossentropy"):
        about = upper if upper is not None else metric.value
        scale = _TIMES_THE_BOUND * abs(about or 1.0)
        if name == "RootMeanSquaredError":
            scale = _TIMES_THE_BOUND * (about or 1.0) ** 2
    if name == "Calibration":  # It follows from two means.
        alpha /= 2
        return Joined(sequence=MeanSequence(alpha=alpha), labels=MeanSequence(alpha=alpha))
    return Joined(sequence=MeanSequence(alpha=alpha), scale=scale)


def after(before: Joined, metric: Metric, labels: np.ndarray, answers: np.ndarray) -> Joined:
    """After more rows.

    Args:
        before: What was kept.
        metric: The metric.
        labels: [rows]: 0 or 1, the class's place, or a number.
        answers: [rows] of numbers, or [rows, classes].
    """
    if not len(labels):
        return before
    name = kind(metric)
    if name == "AUC":
        return _after_pairs(before, labels > 0.5, answers)
    if name == "Calibration":
        assert before.labels is not None
        return before.model_copy(
            update={
                "rows": before.rows + len(labels),
                "sequence": before.sequence.after(np.clip(answers, 0, 1)),
                "labels": before.labels.after(labels),
            }
        )
    adds = _adds(name, metric.settings, labels, answers)
    cut = int((adds > before.scale).sum())
    return before.model_copy(
        update={
            "rows": before.rows + len(adds),
            "sequence": before.sequence.after(np.minimum(adds / before.scale, 1.0)),
            "cut": before.cut + cut,
            "exact": before.exact + float(adds.sum()),
        }
    )


def interval(kept: Joined, metric: Metric) -> Interval:
    """A metric's value and interval."""
    name, one = kind(metric), kept.sequence
    if name == "Calibration":
        assert kept.labels is not None
        value = one.total / kept.labels.total if kept.labels.total else None
        lower = one.lower / kept.labels.upper if kept.labels.upper else 0.0
        upper = one.upper / kept.labels.lower if kept.labels.lower else None
        return Interval(value=value, lower=lower, upper=upper, rows=kept.rows)
    if name == "AUC":
        return Interval(value=_auc(kept), lower=one.lower, upper=one.upper, rows=kept.rows)
    value = kept.exact / kept.rows if kept.rows else None
    lower, upper = one.lower * kept.scale, one.upper * kept.scale
    if name == "RootMeanSquaredError":
        value = None if value is None else math.sqrt(value)
        lower, upper = math.sqrt(max(0.0, lower)), math.sqrt(upper)
    cut = kept.scale != 1.0 and (kept.cut > 0 or not kept.rows)
    return Interval(value=value, lower=lower, upper=upper, rows=kept.rows, cut=cut)


def _adds(
    name: str, settings: Mapping[str, Any], labels: np.ndarray, answers: np.ndarray
) -> np.ndarray:
    """[n]: what each row that counts adds to the metric's mean."""
    if name in ("BinaryAccuracy", "Precision", "Recall"):
        positive, predicted = labels > 0.5, answers > threshold(name, settings)
        if name == "BinaryAccuracy":
            return (positive == predicted).astype(np.float64)
        which = predicted if name == "Precision" else positive
        return (positive & predicted)[which].astype(np.float64)
    if name == "BinaryCrossEntropy":
        scores = np.clip(answers, _EPSILON, 1 - _EPSILON)
        return -np.where(labels > 0.5, np.log(scores), np.log1p(-scores))
    if name in MULTICLASS:
        places = labels.astype(np.int64)
        if name == "SparseCategoricalAccuracy":
            return (answers.argmax(axis=1) == places).astype(np.float64)
        found = np.clip(answers[np.arange(len(places)), places], _EPSILON, 1.0)
        return -np.log(found)
    differences = np.abs(answers - labels)
    return differences if name == "MeanAbsoluteError" else differences**2


def threshold(name: str, settings: Mapping[str, Any]) -> float:
    """The score from which on a row counts as positive."""
    given = settings.get("threshold" if name == "BinaryAccuracy" else "thresholds")
    return float(given) if isinstance(given, int | float) else 0.5


def _after_pairs(before: Joined, positive: np.ndarray, scores: np.ndarray) -> Joined:
    """AUC is the mean of pairs of a positive and a negative row, each row in one pair."""
    first = list(before.unpaired)
    waiting = {True: first if before.unpaired_positive else [], False: []}
    if not before.unpaired_positive:
        waiting[False] = first
    waiting[True] += scores[positive].tolist()
    waiting[False] += scores[~positive].tolist()
    pairs = min(len(waiting[True]), len(waiting[False]))
    above = np.array(waiting[True][:pairs]) - np.array(waiting[False][:pairs])
    left_positive = len(waiting[True]) > pairs
    left = waiting[left_positive][pairs:]
    return before.model_copy(
        update={
            "rows": before.rows + len(scores),
            "sequence": before.sequence.after((np.sign(above) + 1) / 2),
            "positives": _counted(before.positives, scores[positive]),
            "negatives": _counted(before.negatives, scores[~positive]),
            "unpaired": tuple(left[:_MOST_UNPAIRED]),
            "unpaired_positive": left_positive,
        }
    )


def _counted(before: Mapping[int, int], scores: np.ndarray) -> dict[int, int]:
    bins = np.clip((scores * _SCORE_BINS).astype(np.int64), 0, _SCORE_BINS - 1)
    values, counts = np.unique(bins, return_counts=True)
    found = dict(before)
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        found[value] = found.get(value, 0) + count
    return found


def _auc(kept: Joined) -> float | None:
    positives, negatives = np.zeros(_SCORE_BINS), np.zeros(_SCORE_BINS)
    for counts, bins in ((kept.positives, positives), (kept.negatives, negatives)):
        for place, count in counts.items():
            bins[place] = count
    pairs = positives.sum() * negatives.sum()
    if not pairs:
        return None
    below = np.cumsum(negatives) - negatives / 2
    return float((positives * below).sum() / pairs)

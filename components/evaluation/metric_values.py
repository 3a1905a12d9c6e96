"""The metrics' values that the Evaluator found, by slice."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import tensorflow_model_analysis as tfma

from components.evaluation.slice_names import slice_name, value_in_words

NEEDS_BOTH_CLASSES = {"AUC", "AUCPrecisionRecall"}
"""Metrics that TFMA gives as 0 where a slice has labels of one class; there they are undefined."""
SHARE_OF_POSITIVES = "share_of_positives"
_BASELINE = "baseline"


@dataclass(frozen=True)
class MetricValue:
    """A metric in a slice."""

    metric: str
    """Its name in `evaluation.metrics`."""
    slice: str
    """The slice's name."""
    pairs: tuple[tuple[str, str], ...]
    """The slice's features with their values; empty for all rows."""
    value: float | None
    """None where it is not defined."""
    low: float | None
    """The ends of its 95 % interval; None: not known."""
    high: float | None
    baseline: float | None
    """Of the model that it is compared with."""


def read(evaluation_uri: str, classes: Mapping[str, str]) -> list[MetricValue]:
    """The values of metrics in each slice.

    Args:
        evaluation_uri: The Evaluator's `evaluation` artifact.
        classes: The class of each metric that is wanted, by its name.
    """
    values: dict[tuple[str, str], dict[str, float | None]] = {}
    intervals: dict[tuple[str, str], tuple[float, float]] = {}
    positives: dict[tuple[str, bytes], float | None] = {}
    sub_keys: dict[str, bytes] = {}
    pairs = {}
    for result in tfma.load_metrics(evaluation_uri):
        of_slice = pairs_of(result.slice_key)
        name = slice_name(of_slice)
        pairs[name] = of_slice
        for item in result.metric_keys_and_values:
            if item.key.is_diff or item.value.WhichOneof("type") != "double_value":
                continue
            value, sub_key = _finite(item.value.double_value.value), _sub_key(item.key)
            if item.key.name == SHARE_OF_POSITIVES:
                positives[name, sub_key] = value
                continue
            sub_keys[item.key.name] = sub_key
            found = values.setdefault((name, item.key.name), {})
            model = "candidate" if is_candidate(item.key) else _BASELINE
            found[model] = value
            if model == "candidate" and item.HasField("confidence_interval"):
                intervals[name, item.key.name] = _interval(item.confidence_interval)
    rows = []
    for (name, metric), found in values.items():
        if metric not in classes:
            continue
        one_class = positives.get((name, sub_keys[metric])) in (0, 1)
        if one_class and classes[metric] in NEEDS_BOTH_CLASSES:
            found = {}
        low, high = intervals.get((name, metric), (math.nan, math.nan))
        certain = bool(found) and math.isfinite(low) and math.isfinite(high)
        rows.append(
            MetricValue(
                metric=metric,
                slice=name,
                pairs=pairs[name],
                value=found.get("candidate"),
                low=low if certain else None,
                high=high if certain else None,
                baseline=found.get(_BASELINE),
            )
        )
    return rows


def is_candidate(key: Any) -> bool:
    """Whether a metric's key is of the model that is judged, not of the baseline."""
    return bool(key.model_name != _BASELINE)


def pairs_of(slice_key: Any) -> tuple[tuple[str, str], ...]:
    """A slice's features with their values, as its name has them."""
    return tuple(
        (part.column, value_in_words(getattr(part, part.WhichOneof("kind"))))
        for part in slice_key.single_slice_keys
    )


def _sub_key(key: Any) -> bytes:
    """Which class or such a metric is of, as something to compare."""
    return bytes(key.sub_key.SerializeToString())


def _interval(interval: Any) -> tuple[float, float]:
    return (
        interval.lower_bound.double_value.value,
        interval.upper_bound.double_value.value,
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None

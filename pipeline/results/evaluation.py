"""What the Evaluator found, read from its artifacts: metrics by slice, and why a model was
not blessed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import tensorflow_model_analysis as tfma

from components.evaluation.slice_names import slice_name, value_in_words
from pipeline.config.model_config import Evaluation
from pipeline.config.slice_bounds import SliceKey
from pipeline.record import bounds
from pipeline.record.run_record import OVERALL, Refusal, SliceMetric

NEEDS_BOTH_CLASSES = {"AUC", "AUCPrecisionRecall"}
"""Metrics that TFMA gives as 0 where a slice has labels of one class; there they are undefined."""
SHARE_OF_POSITIVES = "share_of_positives"
_BASELINE = "baseline"


def slice_metrics(evaluation_uri: str, settings: Evaluation) -> list[SliceMetric]:
    """Every metric of every slice, overall first, with its bounds and the baseline's value.

    Args:
        evaluation_uri: The Evaluator's `evaluation` artifact.
        settings: The config's `evaluation` section.
    """
    values: dict[tuple[str, str], dict[str, float | None]] = {}
    intervals: dict[tuple[str, str], tuple[float, float]] = {}
    positives: dict[tuple[str, bytes], float | None] = {}
    sub_keys: dict[str, bytes] = {}
    keys = {}
    for result in tfma.load_metrics(evaluation_uri):
        name = _slice_name(result.slice_key)
        keys[name] = result.slice_key
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
    limits_of = _Limits(settings)
    for (name, metric), found in values.items():
        if metric not in settings.metrics:
            continue
        one_class = positives.get((name, sub_keys[metric])) in (0, 1)
        if one_class and settings.class_of(metric) in NEEDS_BOTH_CLASSES:
            found = {}
        at_least, at_most = limits_of(metric, keys[name])
        low, high = intervals.get((name, metric), (math.nan, math.nan))
        certain = found and math.isfinite(low) and math.isfinite(high)
        rows.append(
            SliceMetric(
                metric=metric,
                slice=name,
                features=[part.column for part in keys[name].single_slice_keys],
                value=found.get("candidate"),
                low=low if certain else None,
                high=high if certain else None,
                baseline=found.get(_BASELINE),
                at_least=at_least,
                at_most=at_most,
            )
        )
    order = {metric: index for index, metric in enumerate(settings.metrics)}
    return sorted(
        rows,
        key=lambda row: (row.slice != OVERALL, row.slice, order[row.metric]),
    )


def refusals(
    evaluation_uri: str, settings: Evaluation, metrics: Iterable[SliceMetric]
) -> list[Refusal]:
    """Each threshold that the model failed, with the metric, the slice, the value and the bound.

    Args:
        evaluation_uri: The Evaluator's `evaluation` artifact.
        settings: The config's `evaluation` section.
        metrics: What `slice_metrics` gave for the same.
    """
    known = {(metric.metric, metric.slice): metric for metric in metrics}
    result = tfma.load_validation_result(evaluation_uri)
    found = [
        refusal
        for validation in result.metric_validations_per_slice
        for refusal in _failures(validation, settings, known)
    ]
    refused = {refusal.slice for refusal in found}
    for missing in result.missing_slices:
        pairs = [f"{name}={value}" for name, value in missing.feature_values.items()]
        name = ", ".join(sorted([*missing.feature_keys, *pairs])) or OVERALL
        if name not in refused:  # Whose metric is missing has rows.
            found.append(Refusal(metric="rows", slice=name, value=0, bound="at least 1"))
    return found


def is_candidate(key: Any) -> bool:
    """Whether a metric's key is of the model that is judged, not of the baseline."""
    return key.model_name != _BASELINE


def _failures(
    validation: Any, settings: Evaluation, known: dict[tuple[str, str], SliceMetric]
) -> Iterator[Refusal]:
    name = _slice_name(validation.slice_key)
    limits_of = _Limits(settings)
    for failure in validation.failures:
        metric = failure.metric_key.name
        measured = known.get((metric, name))
        value = measured.value if measured else None
        if failure.metric_key.is_diff:
            bound = _regression(settings, metric, value, measured.baseline if measured else None)
        else:
            at_least, at_most = limits_of(metric, validation.slice_key)
            bound = bounds.in_words(at_least, at_most) or "a value"
            if not bounds.missed(value, at_least, at_most):
                # Whatever it was that TFMA judged, it is not this value.
                value = None
        if told := " ".join(failure.message.split()):
            bound = f"{bound}; TFMA says: {told}"
        yield Refusal(metric=metric, slice=name, value=value, bound=bound)


def _regression(
    settings: Evaluation, metric: str, value: float | None, baseline: float | None
) -> str:
    """The bound of a change in words, the baseline with as many digits as tell it apart."""
    limit = settings.metrics[metric]
    assert limit.max_regression is not None
    higher = limit.direction == "higher"
    told = "unknown value"
    if baseline is not None:
        told = f"{baseline:.4g}"
        if value is not None:
            nearest = value + limit.max_regression if higher else value - limit.max_regression
            told = bounds.shown(baseline, told, nearest)
    side = "below" if higher else "above"
    most = bounds.number(limit.max_regression)
    return f"at most {most} {side} the latest blessed model's {told}"


class _Limits:
    """The tightest bounds of a metric on a slice; none where the config sets none."""

    def __init__(self, settings: Evaluation) -> None:
        self._metrics = settings.metrics
        self._per_slice: Mapping[str, Mapping[SliceKey, Any]] = {
            name: settings.slice_bounds(name) for name in settings.metrics
        }

    def __call__(self, metric: str, slice_key: Any) -> tuple[float | None, float | None]:
        if metric not in self._metrics:
            return None, None
        values = {part.column: _slice_value(part) for part in slice_key.single_slice_keys}
        found: list[Any] = [
            limits for key, limits in self._per_slice[metric].items() if key.covers(values)
        ]
        if not values:
            found = [self._metrics[metric]]
        lower = [each.at_least for each in found if each.at_least is not None]
        upper = [each.at_most for each in found if each.at_most is not None]
        return max(lower, default=None), min(upper, default=None)


def _sub_key(key: Any) -> bytes:
    """Which class or such a metric is of, as something to compare."""
    return bytes(key.sub_key.SerializeToString())


def _slice_name(key: Any) -> str:
    return slice_name((part.column, _value(part)) for part in key.single_slice_keys)


def _slice_value(part: Any) -> str:
    return value_in_words(_value(part))


def _value(part: Any) -> float | bytes:
    found: float | bytes = getattr(part, part.WhichOneof("kind"))
    return found


def _interval(interval: Any) -> tuple[float, float]:
    return (
        interval.lower_bound.double_value.value,
        interval.upper_bound.double_value.value,
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None

"""What the Evaluator found, read from its artifacts: metrics by slice, and why a model was
not blessed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import tensorflow_model_analysis as tfma

from pipeline.config.model_config import Bounds, Evaluation
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
    keys = {}
    for result in tfma.load_metrics(evaluation_uri):
        name = _slice_name(result.slice_key)
        keys[name] = result.slice_key
        for item in result.metric_keys_and_values:
            if item.key.is_diff or item.value.WhichOneof("type") != "double_value":
                continue
            found = values.setdefault((name, item.key.name), {})
            model = "candidate" if is_candidate(item.key) else _BASELINE
            found[model] = _finite(item.value.double_value.value)
            if model == "candidate" and item.HasField("confidence_interval"):
                intervals[name, item.key.name] = _interval(item.confidence_interval)
    rows = []
    for (name, metric), found in values.items():
        positives = values.get((name, SHARE_OF_POSITIVES), {}).get("candidate")
        if metric in NEEDS_BOTH_CLASSES and positives in (0, 1):
            found = {}
        limits = _bounds(settings, metric, keys[name])
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
                at_least=limits.at_least,
                at_most=limits.at_most,
            )
        )
    order = {metric: index for index, metric in enumerate(settings.metrics)}
    return sorted(
        (row for row in rows if row.metric in order),
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
    for missing in result.missing_slices:
        pairs = [f"{name}={value}" for name, value in missing.feature_values.items()]
        name = ", ".join([*missing.feature_keys, *pairs])
        found.append(Refusal(metric="rows", slice=name, value=0, bound="at least 1"))
    return found


def is_candidate(key: Any) -> bool:
    """Whether a metric's key is of the model that is judged, not of the baseline."""
    return key.model_name != _BASELINE


def _failures(
    validation: Any, settings: Evaluation, known: dict[tuple[str, str], SliceMetric]
) -> Iterator[Refusal]:
    name = _slice_name(validation.slice_key)
    for failure in validation.failures:
        metric = failure.metric_key.name
        measured = known.get((metric, name))
        value = measured.value if measured else None
        if failure.metric_key.is_diff:
            limit = settings.metrics[metric]
            side = "below" if limit.direction == "higher" else "above"
            baseline = measured.baseline if measured else None
            bound = (
                f"at most {limit.max_regression:g} {side} the latest blessed model's "
                f"{_shown(baseline)}"
            )
        else:
            limits = _bounds(settings, metric, validation.slice_key)
            bound = bounds.in_words(limits.at_least, limits.at_most) or "a value"
        yield Refusal(metric=metric, slice=name, value=value, bound=bound)


def _bounds(settings: Evaluation, metric: str, slice_key: Any) -> Bounds:
    """The tightest bounds of a metric on a slice; none where the config sets none."""
    limits = settings.metrics.get(metric)
    if limits is None:
        return Bounds()
    if not slice_key.single_slice_keys:
        return limits
    if len(slice_key.single_slice_keys) > 1:
        return Bounds()  # No threshold is for crossed features.
    feature, slice_name = slice_key.single_slice_keys[0].column, _slice_name(slice_key)
    found = [limits.per_slice[key] for key in (feature, slice_name) if key in limits.per_slice]
    lower = [each.at_least for each in found if each.at_least is not None]
    upper = [each.at_most for each in found if each.at_most is not None]
    return Bounds(at_least=max(lower, default=None), at_most=min(upper, default=None))


def _slice_name(key: Any) -> str:
    pairs = [f"{part.column}={_slice_value(part)}" for part in key.single_slice_keys]
    return ", ".join(pairs) or OVERALL


def _slice_value(part: Any) -> str:
    value = getattr(part, part.WhichOneof("kind"))
    return value.decode(errors="replace") if isinstance(value, bytes) else f"{value:g}"


def _interval(interval: Any) -> tuple[float, float]:
    return (
        interval.lower_bound.double_value.value,
        interval.upper_bound.double_value.value,
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _shown(value: float | None) -> str:
    return "unknown value" if value is None else f"{value:.4g}"

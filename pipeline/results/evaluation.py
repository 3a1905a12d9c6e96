"""What the Evaluator found, read from its artifacts: metrics by slice, and why a model was
not blessed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import tensorflow_model_analysis as tfma

from components.evaluation import metric_values
from components.evaluation.slice_names import SliceKey, slice_name
from pipeline.config.model_config import Evaluation
from pipeline.record import bounds
from pipeline.record.run_record import OVERALL, Refusal, SliceMetric


def slice_metrics(evaluation_uri: str, settings: Evaluation) -> list[SliceMetric]:
    """Every metric of every slice, overall first, with its bounds and the baseline's value.

    Args:
        evaluation_uri: The Evaluator's `evaluation` artifact.
        settings: The config's `evaluation` section.
    """
    limits_of = _Limits(settings)
    rows = []
    for found in metric_values.read(evaluation_uri, _classes(settings)):
        at_least, at_most = limits_of(found.metric, dict(found.pairs))
        rows.append(
            SliceMetric(
                metric=found.metric,
                slice=found.slice,
                features=[column for column, _ in found.pairs],
                value=found.value,
                low=found.low,
                high=found.high,
                baseline=found.baseline,
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


def _failures(
    validation: Any, settings: Evaluation, known: dict[tuple[str, str], SliceMetric]
) -> Iterator[Refusal]:
    name = slice_name(metric_values.pairs_of(validation.slice_key))
    limits_of = _Limits(settings)
    for failure in validation.failures:
        metric = failure.metric_key.name
        measured = known.get((metric, name))
        value = measured.value if measured else None
        if failure.metric_key.is_diff:
            bound = _regression(settings, metric, value, measured.baseline if measured else None)
        else:
            at_least, at_most = limits_of(
                metric, dict(metric_values.pairs_of(validation.slice_key))
            )
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

    def __call__(self, metric: str, values: Mapping[str, str]) -> tuple[float | None, float | None]:
        if metric not in self._metrics:
            return None, None
        found: list[Any] = [
            limits for key, limits in self._per_slice[metric].items() if key.covers(values)
        ]
        if not values:
            found = [self._metrics[metric]]
        lower = [each.at_least for each in found if each.at_least is not None]
        upper = [each.at_most for each in found if each.at_most is not None]
        return max(lower, default=None), min(upper, default=None)


def _classes(settings: Evaluation) -> dict[str, str]:
    return {name: settings.class_of(name) for name in settings.metrics}

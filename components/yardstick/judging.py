"""The metrics of a prediction by the definitions of the Evaluator: TFMA's own, without Beam."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tensorflow_model_analysis.metrics import metric_types
from tensorflow_model_analysis.proto import config_pb2
from tensorflow_model_analysis.slicer import slicer_lib

from components.evaluation.in_process import MetricComputations
from components.evaluation.slice_names import OVERALL, slice_name
from components.yardstick.rows import Rows

MOST_ROWS = 10_000
"""TFMA takes about half a millisecond for a row and five metrics: more are not judged."""
MOST_SLICES = 30
"""Slices that are judged, those with the most rows."""
PARTS = 10
"""The rows are dealt into so many parts, whose values say how far a metric is certain."""
_LEAST_IN_A_PART = 10
"""With fewer rows in a part there is no telling."""
_TRIED = 64
"""Rows on which each metric is tried by itself before all see all rows."""


@dataclass
class Judged:
    """What the metrics give."""

    values: list[tuple[str, str, float | None]] = field(default_factory=list)
    """Metric, slice and value; None where it is not defined."""
    noise: dict[str, float | None] = field(default_factory=dict)
    """By metric the half width of the 95 % interval of its overall value; None: not known."""
    not_computed: dict[str, str] = field(default_factory=dict)
    """The metrics that cannot be computed of these predictions, with the reason."""


def judge(
    specs: Sequence[config_pb2.MetricsSpec],
    rows: Rows,
    predictions: np.ndarray,
    slices: Sequence[Sequence[str]] = (),
) -> Judged:
    """Computes metrics overall and by slice.

    Args:
        specs: The metrics.
        rows: Of the test split.
        predictions: [rows, width], as a network answers them.
        slices: The features of each kind of slice.
    """
    judged = Judged()
    config = config_pb2.EvalConfig(
        model_specs=[
            config_pb2.ModelSpec(
                label_key="label", example_weight_key="" if rows.weight is None else "weight"
            )
        ]
    )
    elements = list(_elements(rows, predictions))
    kept = _computable(specs, config, elements[:_TRIED], judged)
    if not kept:
        return judged
    computations = MetricComputations(kept, config)
    parts = [computations.new() for _ in range(PARTS)]
    for number, element in enumerate(elements):
        parts[number % PARTS] = computations.add(parts[number % PARTS], element)
    overall = _numbers(computations, computations.merged(parts))
    judged.values += [(name, OVERALL, value) for name, value in overall.items()]
    for key, numbers in _slices(rows.features, slices).items():
        partial = computations.new()
        for number in numbers:
            partial = computations.add(partial, elements[number])
        found = _numbers(computations, partial)
        judged.values += [(name, slice_name(key), value) for name, value in found.items()]
    if len(elements) >= PARTS * _LEAST_IN_A_PART:
        of_parts = [_numbers(computations, part) for part in parts]
        judged.noise = {name: _half_width([each[name] for each in of_parts]) for name in overall}
    return judged


def _elements(rows: Rows, predictions: np.ndarray) -> Iterator[metric_types.StandardMetricInputs]:
    """Each row as TFMA has it of a model."""
    labels = rows.label.reshape(len(rows.label), -1)
    weights = np.ones(len(labels)) if rows.weight is None else rows.weight
    for label, prediction, weight in zip(labels, predictions, weights, strict=True):
        yield metric_types.StandardMetricInputs(
            label=label, prediction=prediction.astype(np.float32), example_weight=np.array([weight])
        )


def _slices(
    features: Sequence[Mapping[str, np.ndarray]], slices: Sequence[Sequence[str]]
) -> dict[Any, list[int]]:
    """The slices with the most rows by TFMA's keys, and the numbers of these rows."""
    kinds = [slicer_lib.SingleSliceSpec(columns=list(names)) for names in slices]
    found: dict[Any, list[int]] = {}
    for number, row in enumerate(features):
        for key in slicer_lib.get_slices_for_features_dicts([row], None, kinds):
            found.setdefault(key, []).append(number)
    largest = sorted(found, key=lambda key: -len(found[key]))[:MOST_SLICES]
    return {key: found[key] for key in largest}


def _computable(
    specs: Sequence[config_pb2.MetricsSpec],
    config: config_pb2.EvalConfig,
    rows: Sequence[metric_types.StandardMetricInputs],
    judged: Judged,
) -> list[config_pb2.MetricsSpec]:
    """The metrics that give a number for a few rows; the others are noted."""
    kept = []
    for spec in specs:
        for metric in spec.metrics:
            alone = config_pb2.MetricsSpec(metrics=[metric], binarize=spec.binarize)
            try:
                computations = MetricComputations([alone], config)
                partial = computations.new()
                for row in rows:
                    partial = computations.add(partial, row)
                if _numbers(computations, partial):
                    kept.append(alone)
            except Exception as error:
                lines = str(error).strip().splitlines() or [type(error).__name__]
                judged.not_computed[_name_of(metric)] = lines[0]
    return kept


def _name_of(metric: config_pb2.MetricConfig) -> str:
    options: Mapping[str, Any] = json.loads(metric.config or "{}")
    return str(options.get("name", metric.class_name))


def _numbers(computations: MetricComputations, partial: Any) -> dict[str, float | None]:
    """The metrics that are one number, by name; None where one is not defined."""
    found = {}
    for key, value in computations.values(partial).items():
        if np.ndim(value) == 0 and isinstance(value, int | float | np.number):
            found[key.name] = float(value) if math.isfinite(value) else None
    return found


def _half_width(values: Sequence[float | None]) -> float | None:
    """Of the 95 % interval of a metric of all rows, by its values on equal parts of them.

    The variance of the mean of independent batches is that of the batches over their number
    (Law and Kelton, "Simulation Modeling and Analysis", on batch means); 2.26 is Student's
    quantile for 9 degrees of freedom.
    """
    known = [value for value in values if value is not None]
    if len(known) < PARTS:
        return None
    return float(2.26 * np.std(known, ddof=1) / math.sqrt(PARTS))

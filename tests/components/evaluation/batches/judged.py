"""Metrics of rows twice: by TFMA row by row, and by batches."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.evaluators import metrics_plots_and_validations_evaluator as tfma
from tensorflow_model_analysis.metrics import metric_specs, metric_types
from tensorflow_model_analysis.proto import config_pb2
from tensorflow_model_analysis.utils import util

from components.evaluation.batches import extracts
from components.evaluation.batches.combining import Batch, BatchCombineFn

Options = Mapping[str, Any]


def spec(
    *metrics: tuple[str, Options], sub_key: config_pb2.BinarizationOptions | None = None
) -> config_pb2.MetricsSpec:
    """Metrics by class and options; their names are their numbers."""
    configs = [
        config_pb2.MetricConfig(
            class_name=name, config=json.dumps({**options, "name": options.get("name", name)})
        )
        for name, options in metrics
    ]
    return config_pb2.MetricsSpec(metrics=configs, binarize=sub_key)


def config(*, weighted: bool = False) -> config_pb2.EvalConfig:
    """Of one model."""
    model = config_pb2.ModelSpec(label_key="y", example_weight_key="w" if weighted else "")
    return config_pb2.EvalConfig(model_specs=[model])


def rows(labels: Any, predictions: Any, weights: Any = None) -> dict[str, Any]:
    """A batch as TFMA's extractors give it."""
    found = {constants.LABELS_KEY: labels, constants.PREDICTIONS_KEY: predictions}
    return found if weights is None else {**found, constants.EXAMPLE_WEIGHTS_KEY: weights}


def parts_of(batch: Mapping[str, Any], sizes: Sequence[int]) -> list[dict[str, Any]]:
    """The batch in pieces, the last of which has what is left."""
    ends = np.cumsum(sizes)
    return [
        extracts.take(batch, piece)
        for piece in np.split(
            np.arange(util.batch_size(batch)), ends[ends < util.batch_size(batch)]
        )
    ]


def computations(given: config_pb2.MetricsSpec, settings: config_pb2.EvalConfig) -> Any:
    """TFMA's computations of metrics, and what is derived from them."""
    return tfma._filter_and_separate_computations(
        metric_specs.to_computations([given], eval_config=settings)
    )


def of_batches(
    given: config_pb2.MetricsSpec,
    settings: config_pb2.EvalConfig,
    batches: Sequence[Mapping[str, Any]],
    draws: Sequence[np.ndarray] | None = None,
    partials: int = 2,
) -> list[dict[str, Any]]:
    """The metrics of all rows, and of each sample."""
    found = computations(given, settings)
    draws = draws or [np.zeros((util.batch_size(batch), 0), np.uint8) for batch in batches]
    fn = BatchCombineFn(found.non_derived_computations, draws[0].shape[1])
    fn.setup()
    made = [fn.create_accumulator() for _ in range(partials)]
    for number, (batch, drawn) in enumerate(zip(batches, draws, strict=True)):
        inputs = extracts.of_rows(batch)
        made[number % partials] = fn.add_input(made[number % partials], Batch(inputs, drawn))
    outputs = fn.extract_output(fn.merge_accumulators(fn.compact(one) for one in made))
    return [_named(values, found.derived_computations) for values in outputs]


def of_tfma(
    given: config_pb2.MetricsSpec,
    settings: config_pb2.EvalConfig,
    batch: Mapping[str, Any],
    times: np.ndarray | None = None,
) -> dict[str, Any]:
    """The metrics as TFMA has them, of each row as often as it is told."""
    found = computations(given, settings)
    combiner = tfma._ComputationsCombineFn(found.non_derived_computations)
    combiner.setup()
    accumulator = combiner.create_accumulator()
    for number, row in enumerate(util.split_extracts(batch)):
        element = {
            tfma._COMBINER_INPUTS_KEY: [None] * len(found.non_derived_computations),
            tfma._DEFAULT_COMBINER_INPUT_KEY: [metric_types.StandardMetricInputs(row)],
        }
        for _ in range(1 if times is None else int(times[number])):
            accumulator = combiner.add_input(accumulator, element)
    return _named(combiner.extract_output(accumulator), found.derived_computations)


def _named(values: Mapping[Any, Any], derived: Sequence[Any]) -> dict[str, Any]:
    found = dict(values)
    for computation in derived:
        found.update(computation.result(found))
    return {key.name: value for key, value in found.items() if not key.name.startswith("_")}


def same(one: Any, other: Any, relative: float = 1e-6) -> bool:
    """Whether two values are, structures of numbers too."""
    if hasattr(one, "to_proto") and not isinstance(one, metric_types.MetricKey):
        one, other = one.to_proto(), other.to_proto()
    if hasattr(one, "DESCRIPTOR"):
        return _same_message(one, other, relative)
    left, right = np.asarray(one, float), np.asarray(other, float)
    return left.shape == right.shape and bool(
        np.allclose(left, right, rtol=relative, atol=1e-9, equal_nan=True)
    )


def _same_message(one: Any, other: Any, relative: float) -> bool:
    if type(one) is not type(other):
        return False
    fields = [field for field, _ in one.ListFields()]
    if fields != [field for field, _ in other.ListFields()]:
        return False
    for field in fields:
        left, right = getattr(one, field.name), getattr(other, field.name)
        pairs = [(left, right)] if not hasattr(left, "__len__") else list(zip(left, right))
        if hasattr(left, "__len__") and len(left) != len(right):
            return False
        for a, b in pairs:
            same_ = (
                same(a, b, relative)
                if hasattr(a, "DESCRIPTOR") or not isinstance(a, str)
                else a == b
            )
            if not same_:
                return False
    return True

"""Tries a metric on a few made-up rows: what TFMA cannot judge is told before anything runs.

TFMA ties a threshold to a key that it derives from the configuration, and a metric gives its value
under a key of its own: where these differ, the threshold fails whatever the value is.
"""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow_model_analysis.metrics import metric_specs, metric_types
from tensorflow_model_analysis.proto import config_pb2

from components.evaluation.in_process import MetricComputations
from models.common.errors import ConfigError, ProjectError
from pipeline.graph import metric_classes

SUB_KEYS = ("class_id", "k", "top_k")
"""Options that say which of several numbers a metric looks at: part of its key in TFMA."""
_ROWS = 6
_WRAPPERS = ("Error when deserializing", "in user code:")
_NOT_TOLD = "it cannot be computed from labels and predictions"


@dataclass(frozen=True)
class Resolved:
    """A metric as TFMA has to be told of it."""

    config: config_pb2.MetricConfig
    sub_key: tuple[str, int] | None
    """Which of SUB_KEYS, and its value, where the threshold's key has to have it."""


def resolve(
    model: str, name: str, class_name: str, options: Mapping[str, Any], *, judged: bool
) -> Resolved:
    """Finds how TFMA computes a metric under the key that a threshold for it has.

    Args:
        model: The model's name.
        name: The metric's name in `evaluation.metrics`.
        class_name: Its class.
        options: What the class is made with.
        judged: Whether it has a bound, so that its value has to be one number.

    Raises:
        ConfigError: There is no such class, it does not take these options, it needs more than
            labels and predictions, or it has a bound and gives no single number.
        ModelCodeError: It is of the model's own folder, and failed.
    """
    reasons = []
    for resolved in _ways(model, name, class_name, options):
        most = max((options[key] for key in SUB_KEYS if _is_index(options.get(key))), default=0)
        reason = _reason_against(resolved, name, max(3, most + 1), judged=judged)
        if reason is None:
            return resolved
        reasons.append(reason)
    told = json.dumps(dict(options)) if options else "none"
    raise ConfigError(
        f"models/{model}/config.yaml: evaluation.metrics.{name}: {class_name} cannot be "
        f"{'judged' if judged else 'computed'} here",
        f"Received: the options {told}. {reasons[0]}",
        "Correct its options, remove its bounds where it has some, or take another metric.",
    )


def _ways(model: str, name: str, class_name: str, options: Mapping[str, Any]) -> Iterator[Resolved]:
    for config in metric_classes.configs(model, name, class_name, options):
        yield Resolved(config, None)
    given = [key for key in SUB_KEYS if _is_index(options.get(key))]
    if len(given) == 1:
        others = {key: value for key, value in options.items() if key not in given}
        for config in metric_classes.configs(model, name, class_name, others):
            yield Resolved(config, (given[0], options[given[0]]))


def metrics_spec(resolved: Resolved) -> config_pb2.MetricsSpec:
    """A `MetricsSpec` of this metric alone."""
    return config_pb2.MetricsSpec(metrics=[resolved.config], binarize=binarize(resolved.sub_key))


def binarize(sub_key: tuple[str, int] | None) -> config_pb2.BinarizationOptions | None:
    """What makes TFMA compute all metrics of a `MetricsSpec` for one class, or for the top ones."""
    if sub_key is None:
        return None
    key, value = sub_key
    field = {"class_id": "class_ids", "k": "k_list", "top_k": "top_k_list"}[key]
    return config_pb2.BinarizationOptions(**{field: {"values": [value]}})


def _reason_against(resolved: Resolved, name: str, classes: int, *, judged: bool) -> str | None:
    """Why a metric cannot be had in this way; None where it can."""
    reason = _NOT_TOLD
    for kind in ("binary", "classes", "one-hot"):
        try:
            values = _values(resolved, kind, classes)
        except ProjectError:
            raise
        except Exception as error:
            reason = _in_words(error)
            continue
        expected = _expected(resolved)
        if any(key.is_diff for key in values):
            reason = "It compares two models; `max_regression` of another metric does that."
        elif expected not in values:
            found = ", ".join(sorted({key.name for key in values})) or "nothing"
            reason = f"It gives {found}, and nothing that is called {name}."
        elif judged and not _is_number(values[expected]):
            kind_of_value = type(values[expected]).__name__
            reason = f"A bound needs one number; it gives {kind_of_value}."
        else:
            return None
    return reason


def _expected(resolved: Resolved) -> metric_types.MetricKey:
    """The key that TFMA gives to a threshold of this metric."""
    [(key, *_)] = metric_specs.keys_and_metrics_from_specs(
        config_pb2.EvalConfig(), [metrics_spec(resolved)]
    )
    return key


# Translating what a metric of Keras does for a graph would take longer than everything else here.
@tf.autograph.experimental.do_not_convert
def _values(resolved: Resolved, kind: str, classes: int) -> dict[metric_types.MetricKey, Any]:
    """What a metric gives for a few rows, by TFMA's keys, without Beam."""
    config = config_pb2.EvalConfig(model_specs=[config_pb2.ModelSpec(label_key="label")])
    computations = MetricComputations([metrics_spec(resolved)], config)
    parts = [computations.new(), computations.new()]
    for number, row in enumerate(_rows(kind, classes)):
        parts[number % 2] = computations.add(parts[number % 2], row)
    # In parts, as Beam does it: some of Keras' metrics cannot be merged by TFMA.
    return computations.values(computations.merged(parts))


@functools.cache
def _rows(kind: str, classes: int) -> tuple[metric_types.StandardMetricInputs, ...]:
    """Rows of a binary classifier, of one with several classes, and with one-hot labels."""
    made = []
    for number in range(max(_ROWS, classes)):
        label = np.array([float(number % 2)])
        prediction = np.array([(0.2, 0.7, 0.6, 0.9, 0.4, 0.3)[number % 6]])
        if kind != "binary":
            true = number % classes
            prediction = np.full(classes, 0.5 / classes)
            prediction[(true + (number % 3 == 0)) % classes] += 0.5
            label = np.eye(classes)[true] if kind == "one-hot" else np.array([float(true)])
        made.append(
            metric_types.StandardMetricInputs(
                label=label.astype(np.float32),
                prediction=prediction.astype(np.float32),
                example_weight=np.array([1.0]),
            )
        )
    return tuple(made)


def _is_index(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Any) -> bool:
    with contextlib.suppress(TypeError, ValueError):
        return np.ndim(value) == 0 and isinstance(float(value), float)
    return False


def _in_words(error: Exception) -> str:
    """The line that says what is wrong, of the error at the root, which TFMA and Keras wrap."""
    while isinstance(error.__cause__, Exception):
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if lines and lines[0].startswith(_WRAPPERS):
        lines = lines[:0:-1]
    told = lines[0].removeprefix("Exception encountered: ") if lines else ""
    return f"{type(error).__name__}: {told:.300}"

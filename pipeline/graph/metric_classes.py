"""The classes of metrics that a config may name: TFMA's, Keras' and the model's own."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import json
from collections.abc import Iterator, Mapping
from typing import Any

import keras
import tensorflow_model_analysis as tfma
import tf_keras
from tensorflow_model_analysis.proto import config_pb2

from components.evaluation import metric_names
from components.evaluation.judged_rows import JudgedRows
from components.evaluation.keras_metric import KerasMetric
from models.common import model_folder
from models.common.errors import ModelCodeError

_OURS = {JudgedRows.__name__, KerasMetric.__name__}
_BASES = {"Metric", "MeanMetricWrapper"}
"""What metrics are made of, and none themselves."""


def configs(
    model: str, name: str, class_name: str, options: Mapping[str, Any]
) -> Iterator[config_pb2.MetricConfig]:
    """The ways in which TFMA can be told to compute a metric, the better first.

    Args:
        model: The model's name.
        name: The metric's name in `evaluation.metrics`.
        class_name: Its class.
        options: What the class is made with.

    Raises:
        ConfigError: There is no such class.
        ModelCodeError: The model's `metrics.py` cannot be imported, or its class has the name of
            one of TFMA's or Keras'.
    """
    own = _own(model)
    known = {*_tfma(), *_in_keras(tf_keras), *_in_keras(keras), *own}
    if class_name not in known:
        raise metric_names.unknown(model, class_name, known, set(own))
    module = f"models.{model}.metrics"
    if class_name in own and issubclass(own[class_name], tfma.metrics.Metric):
        yield _config(class_name, {**options, "name": name}, module)
    elif class_name in own:
        yield _of_keras(name, module, class_name, options)
    else:
        if class_name in _tfma() or class_name in _in_keras(tf_keras):
            yield _config(class_name, {**options, "name": name})
        if class_name not in _tfma() and class_name in _in_keras(keras):
            yield _of_keras(name, "keras.metrics", class_name, options)


def _config(
    class_name: str, options: Mapping[str, Any], module: str = ""
) -> config_pb2.MetricConfig:
    return config_pb2.MetricConfig(
        class_name=class_name, module=module, config=json.dumps(dict(options))
    )


def _of_keras(
    name: str, module: str, class_name: str, options: Mapping[str, Any]
) -> config_pb2.MetricConfig:
    made = {"name": name, "module": module, "class_name": class_name, "options": dict(options)}
    return _config(KerasMetric.__name__, made, KerasMetric.__module__)


def _tfma() -> set[str]:
    registered = tfma.metrics.metric_types.registered_metrics()
    return {
        name
        for name, found in registered.items()
        if name not in _OURS and not found.__module__.startswith(("models.", "components."))
    }


@functools.cache
def _in_keras(library: Any) -> frozenset[str]:
    found = vars(library.metrics).items()
    return frozenset(
        name for name, value in found if _is_a(value, library.metrics.Metric) if name not in _BASES
    )


def _own(model: str) -> dict[str, type]:
    """The metrics that the model's folder has, by the name of their class."""
    module = f"models.{model}.metrics"
    if importlib.util.find_spec(f"models.{model}") is None:
        return {}
    if importlib.util.find_spec(module) is None:
        return {}
    with model_folder.errors_of(model, f"importing models/{model}/metrics.py"):
        names = vars(importlib.import_module(module))
    bases = (tfma.metrics.Metric, keras.metrics.Metric, tf_keras.metrics.Metric)
    own = {
        name: value
        for name, value in names.items()
        if _is_a(value, bases) and value.__module__.startswith("models.")
    }
    for name in own:
        if name in {*_tfma(), *_in_keras(tf_keras), *_in_keras(keras)}:
            raise ModelCodeError(
                f"models/{model}/metrics.py: the class {name} has the name of another metric",
                f"TFMA or Keras has a metric {name} too, and evaluation.metrics names it.",
                f"Give the class another name, such as Own{name}, here and in config.yaml.",
            )
    return own


def _is_a(value: Any, base: Any) -> bool:
    return isinstance(value, type) and issubclass(value, base)

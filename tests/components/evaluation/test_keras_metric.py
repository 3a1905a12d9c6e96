"""A metric of Keras sees each row of a slice once, however the rows were gathered."""

from __future__ import annotations

import sys
import types
from typing import Any

import keras
import numpy as np
import pytest
import tf_keras
from tensorflow_model_analysis.metrics import metric_types
from tensorflow_model_analysis.proto import config_pb2

from components.beam_errors import unpack_data_error
from components.evaluation import keras_metric
from components.evaluation.keras_metric import KerasMetric
from models.common.errors import ModelCodeError

pytestmark = [pytest.mark.tfx, pytest.mark.slow]


class Worst(keras.metrics.Metric):
    """The largest error: weights that must not be added up."""

    def __init__(self, name: str = "worst", scale: float = 1.0) -> None:
        super().__init__(name=name)
        self.worst = self.add_weight(name="worst", initializer="zeros")
        self.scale = scale

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        found = keras.ops.max(keras.ops.abs(y_true - y_pred))
        self.worst.assign(keras.ops.maximum(self.worst, found))

    def result(self) -> Any:
        return self.worst * self.scale


class Old(tf_keras.metrics.Mean):
    """Of the Keras that TFMA knows."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        return super().update_state(np.asarray(y_true) + np.asarray(y_pred), sample_weight)


class Broken(Worst):
    """Cannot be asked."""

    def result(self) -> Any:
        raise RuntimeError("no result")


@pytest.fixture(autouse=True)
def module(monkeypatch: pytest.MonkeyPatch) -> None:
    made = types.ModuleType("models.trips.metrics")
    for found in (Worst, Old, Broken):
        setattr(made, found.__name__, found)
    monkeypatch.setitem(sys.modules, "models.trips.metrics", made)


def combiner(class_name: str, *, weighted: bool = False, **options: Any) -> Any:
    metric = KerasMetric("m", "models.trips.metrics", class_name, options)
    config = config_pb2.EvalConfig(model_specs=[config_pb2.ModelSpec(label_key="y")])
    [computation] = metric.computations(eval_config=config, example_weighted=weighted)
    return computation.combiner


def measured(made: Any, labels: list[float], parts: int = 1, weight: float = 1.0) -> Any:
    accumulators = [made.create_accumulator() for _ in range(parts)]
    for number, label in enumerate(labels):
        row = metric_types.StandardMetricInputs(
            label=np.array([label]), prediction=np.array([0.0]), example_weight=np.array([weight])
        )
        accumulators[number % parts] = made.add_input(accumulators[number % parts], row)
    [value] = made.extract_output(made.merge_accumulators(accumulators)).values()
    return value


@pytest.mark.parametrize("parts", [1, 2, 5])
@pytest.mark.parametrize("chunk", [1, 2, 1024])
def test_all_rows_are_seen_once(monkeypatch: pytest.MonkeyPatch, parts: int, chunk: int) -> None:
    monkeypatch.setattr(keras_metric, "_CHUNK", chunk)
    assert measured(combiner("Worst"), [1.0, 5.0, 3.0], parts) == 5.0
    assert measured(combiner("Worst", scale=2.0), [1.0, 5.0, 3.0], parts) == 10.0
    assert measured(combiner("Old"), [1.0, 5.0, 3.0], parts) == 3.0


def test_weights_are_handed_over_where_there_are_any() -> None:
    assert measured(combiner("Old", weighted=True), [1.0, 3.0], weight=0.5) == 2.0


def test_no_rows_have_no_value() -> None:
    assert np.isnan(measured(combiner("Worst"), []))


def test_an_error_names_the_metric() -> None:
    with pytest.raises(ModelCodeError, match="the metric Broken failed"), unpack_data_error():
        measured(combiner("Broken"), [1.0])


def test_it_is_found_by_its_name_in_a_config() -> None:
    assert metric_types.registered_metrics()["KerasMetric"] is KerasMetric

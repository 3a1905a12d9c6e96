"""TFMA's metrics without Beam."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tensorflow_model_analysis.metrics import metric_types
from tensorflow_model_analysis.proto import config_pb2

from components.evaluation.in_process import MetricComputations

pytestmark = pytest.mark.tfx

CONFIG = config_pb2.EvalConfig(model_specs=[config_pb2.ModelSpec(label_key="label")])
LABELS, PREDICTIONS = [0.0, 1.0, 1.0, 0.0], [0.1, 0.8, 0.3, 0.4]


def computations(*names: str) -> MetricComputations:
    metrics = [
        config_pb2.MetricConfig(class_name=name, config=json.dumps({"name": name}))
        for name in names
    ]
    return MetricComputations([config_pb2.MetricsSpec(metrics=metrics)], CONFIG)


def row(number: int) -> metric_types.StandardMetricInputs:
    return metric_types.StandardMetricInputs(
        label=np.array([LABELS[number]]),
        prediction=np.array([PREDICTIONS[number]]),
        example_weight=np.array([1.0]),
    )


@pytest.mark.parametrize("parts", [1, 2, 4])
def test_the_parts_of_the_rows_make_the_whole(parts: int) -> None:
    found = computations("BinaryAccuracy", "MeanSquaredError", "ExampleCount")
    partials = [found.new() for _ in range(parts)]
    for number in range(4):
        partials[number % parts] = found.add(partials[number % parts], row(number))
    for _ in range(2):  # What was merged stays as it was.
        values = {key.name: value for key, value in found.values(found.merged(partials)).items()}
        assert float(values["BinaryAccuracy"]) == 0.75 and float(values["ExampleCount"]) == 4
        error = np.mean((np.array(LABELS) - PREDICTIONS) ** 2)
        assert float(values["MeanSquaredError"]) == pytest.approx(error)


def test_a_metric_that_needs_more_than_labels_and_predictions_is_refused() -> None:
    with pytest.raises(ValueError, match="labels and predictions"):
        computations("SetMatchRecall")

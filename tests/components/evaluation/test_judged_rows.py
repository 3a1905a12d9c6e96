"""The sample of labels and predictions that a slice's plots are drawn from."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from tensorflow_model_analysis.metrics import metric_types
from tensorflow_model_analysis.proto import config_pb2

from components.evaluation import judged_rows, plot_data

pytestmark = pytest.mark.tfx

CONFIG = config_pb2.EvalConfig(model_specs=[config_pb2.ModelSpec(label_key="y")])


def combiner() -> Any:
    [computation] = judged_rows.JudgedRows().computations(eval_config=CONFIG)
    return computation.combiner


def element(label: Any, prediction: Any) -> metric_types.StandardMetricInputs:
    """One row as TFMA hands it to a metric."""
    return metric_types.StandardMetricInputs(
        label=np.asarray(label), prediction=np.asarray(prediction), example_weight=np.array([1.0])
    )


def plots(rows: list[tuple[Any, Any]], parts: int = 1) -> dict[str, Any]:
    """What the metric gives for the rows, gathered in several accumulators."""
    sample = combiner()
    accumulators = [sample.create_accumulator() for _ in range(parts)]
    for number, row in enumerate(rows):
        part = number % parts
        accumulators[part] = sample.add_input(accumulators[part], element(*row))
    [(key, value)] = sample.extract_output(sample.merge_accumulators(accumulators)).items()
    assert key.name == judged_rows.NAME
    return dict(json.loads(value))


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize(
    ("rows", "labels", "predictions", "classes"),
    [
        ([([0], [0.25]), ([1], [0.75])], [0, 1], [0.25, 0.75], 1),
        ([([3.5], [3.0]), ([1.0], [2.0])], [3.5, 1], [3, 2], 1),
        # Of several numbers the largest is the predicted class; a label may be one-hot.
        ([([2], [0.1, 0.2, 0.7]), ([0], [0.2, 0.5, 0.3])], [2, 0], [2, 1], 3),
        ([([0, 0, 1], [0.1, 0.2, 0.7]), ([1, 0, 0], [0.2, 0.5, 0.3])], [2, 0], [2, 1], 3),
    ],
)
def test_rows_plot_as_their_labels_and_predictions(
    rows: list[tuple[Any, Any]],
    labels: list[float],
    predictions: list[float],
    classes: int,
    parts: int,
) -> None:
    assert plots(rows, parts) == plot_data.plots(np.array(labels), np.array(predictions), classes)


@pytest.mark.parametrize(
    ("label", "prediction"),
    [
        (["yes"], [0.5]),
        ([np.nan], [0.5]),
        ([1.0], [np.inf]),
        ([1.0, 0.0], [0.5]),
        ([], [0.5]),
        ([1.0], []),
    ],
)
def test_a_row_without_one_label_and_prediction_is_left_out(label: Any, prediction: Any) -> None:
    good = [([0.0], [0.25]), ([1.0], [0.75])]
    assert plots([*good, (label, prediction)]) == plots(good)
    assert plots([(label, prediction)]) == {}


def test_outputs_by_name_plot_as_nothing() -> None:
    sample = combiner()
    row = metric_types.StandardMetricInputs(
        label=np.array([1.0]),
        prediction={"a": np.array([0.5]), "b": np.array([0.5])},
        example_weight=np.array([1.0]),
    )
    [value] = sample.extract_output(sample.add_input([], row)).values()
    assert json.loads(value) == {}


def test_rows_with_other_numbers_of_classes_plot_as_nothing() -> None:
    assert plots([([1], [0.5]), ([1], [0.2, 0.8])]) == {}


@pytest.mark.parametrize("parts", [1, 4])
def test_of_many_rows_a_random_sample_is_taken(monkeypatch: pytest.MonkeyPatch, parts: int) -> None:
    monkeypatch.setattr(judged_rows, "MOST_ROWS", 100)
    half = [([0.0], [0.25])] * 600 + [([1.0], [0.75])] * 600
    found = plots(half, parts)
    assert found["rows"] == 100
    counts = {bin["label"]: bin["count"] for bin in found["calibration"]}
    assert sum(counts.values()) == 100
    # Far less than one in a million samples is further from the middle.
    assert 20 < counts[0.0] < 80


def test_the_metric_is_found_by_its_name_in_a_config() -> None:
    [name] = [name for name in metric_types.registered_metrics() if name == "JudgedRows"]
    assert metric_types.registered_metrics()[name] is judged_rows.JudgedRows

"""Metrics by slice, read from what TFMA writes; tests/pipeline/results reads whole evaluations."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow_model_analysis as tfma
from google.protobuf import text_format
from tensorflow_model_analysis.proto import metrics_for_slice_pb2

from components.evaluation import metric_values
from components.evaluation.metric_values import MetricValue

pytestmark = pytest.mark.tfx


def slice_of(text: str, **values: float) -> Any:
    found = metrics_for_slice_pb2.MetricsForSlice()
    text_format.Parse(text, found.slice_key)
    for name, value in values.items():
        item = found.metric_keys_and_values.add()
        name, _, model = name.partition("__")
        item.key.name, item.key.model_name = name, model
        item.value.double_value.value = value
    return found


DAY = "single_slice_keys { column: 'day' int64_value: 3 }"
BOTH = DAY + "single_slice_keys { column: 'kind' bytes_value: 'T\\303\\266r' }"


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        slice_of("", AUC=0.5, AUC__baseline=0.75, other=1.0),
        slice_of(DAY, AUC=0.0, share_of_positives=1.0),
        slice_of(BOTH, AUC=float("nan"), ExampleCount=7.0, share_of_positives=0.5),
    ]
    monkeypatch.setattr(tfma, "load_metrics", lambda _: found)


@pytest.mark.usefixtures("results")
def test_each_metric_has_a_value_in_each_slice() -> None:
    found = metric_values.read("anywhere", {"AUC": "AUC", "ExampleCount": "ExampleCount"})
    both = (("day", "3"), ("kind", "Tör"))
    assert found == [
        MetricValue("AUC", "overall", (), 0.5, None, None, 0.75),
        # Of one class alone it is not defined.
        MetricValue("AUC", "day=3", (("day", "3"),), None, None, None, None),
        MetricValue("AUC", "day=3, kind=Tör", both, None, None, None, None),
        MetricValue("ExampleCount", "day=3, kind=Tör", both, 7.0, None, None, None),
    ]

"""What TFMA cannot judge is refused before a run; what it can has the key of its threshold."""

from __future__ import annotations

from typing import Any

import pytest

from models.common.errors import ConfigError
from pipeline.graph import metric_probe

pytestmark = pytest.mark.tfx


def resolve(class_name: str, *, judged: bool = True, **options: Any) -> metric_probe.Resolved:
    return metric_probe.resolve("taxi", "mine", class_name, options, judged=judged)


@pytest.mark.parametrize("name", ["Recall", "AUC", "MeanLabel", "BinaryAccuracy", "F1Score"])
@pytest.mark.parametrize(("key", "value"), [("class_id", 0), ("class_id", 11), ("k", 1)])
def test_one_class_of_any_metric_is_part_of_its_key(name: str, key: str, value: int) -> None:
    options: dict[str, Any] = {key: value}
    resolved = resolve(name, **options)
    assert resolved.sub_key == (key, value)
    assert getattr(metric_probe._expected(resolved).sub_key, key) == value


def test_the_top_classes_are_part_of_the_key_where_they_are_in_tfma() -> None:
    assert resolve("Precision", top_k=2).sub_key == ("top_k", 2)
    # Keras' own argument of that name is no part of a key.
    assert resolve("TopKCategoricalAccuracy", k=2).sub_key is None


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("Precision", {"thresholds": [0.3, 0.6]}, "needs one number"),
        ("ConfusionMatrixPlot", {}, "needs one number"),
        ("PrecisionAtRecall", {}, "'recall'"),
        ("IoU", {}, "'num_classes'"),
        ("Recall", {"bad": 1}, "'bad'"),
        ("NegToNegFlipRate", {}, "compares two models"),
        ("MinLabelPosition", {}, "query_key"),
        ("SetMatchRecall", {}, "labels and predictions"),
        ("Recall", {"class_id": "a"}, "str"),
    ],
)
def test_a_metric_that_cannot_be_judged_is_told_by_name_and_reason(
    name: str, options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(name, **options)
    assert "config.yaml: evaluation.metrics.mine: " + name in caught.value.headline
    assert reason in caught.value.detail and caught.value.remedy


@pytest.mark.slow
def test_without_a_bound_a_plot_is_let_be() -> None:
    assert resolve("ConfusionMatrixPlot", judged=False).config.class_name == "ConfusionMatrixPlot"


def test_what_tfma_merges_wrong_is_computed_otherwise() -> None:
    assert resolve("R2Score").config.class_name == "KerasMetric"
    assert resolve("RootMeanSquaredError").config.class_name == "RootMeanSquaredError"

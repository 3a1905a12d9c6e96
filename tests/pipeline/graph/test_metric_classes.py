"""The metrics that a config may name: of TFMA, of Keras, and of the model's folder."""

from __future__ import annotations

import importlib.util
import json
import sys
import types
from typing import Any

import keras
import pytest
import tensorflow_model_analysis as tfma

from models.common.errors import ConfigError, ModelCodeError
from pipeline.graph import metric_classes

pytestmark = pytest.mark.tfx


class Profit(keras.metrics.Mean):
    """Of Keras."""


class Share(tfma.metrics.Metric):
    """Of TFMA."""


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """`models/taxi/metrics.py`, which has two metrics and names two that are not its own."""
    made = types.ModuleType("models.taxi.metrics")
    monkeypatch.setattr(Profit, "__module__", made.__name__)
    monkeypatch.setattr(Share, "__module__", made.__name__)
    vars(made).update(Profit=Profit, Share=Share, Mean=keras.metrics.Mean, number=1)
    monkeypatch.setitem(sys.modules, made.__name__, made)
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name: made if name == made.__name__ else find(name),
    )
    return made


def told(class_name: str, **options: Any) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (config.class_name, config.module, json.loads(config.config))
        for config in metric_classes.configs("taxi", "m", class_name, options)
    ]


def test_tfma_computes_its_own_and_those_of_the_keras_that_it_knows() -> None:
    assert told("AUC", num_thresholds=9) == [("AUC", "", {"num_thresholds": 9, "name": "m"})]
    first, second = told("RootMeanSquaredError")
    assert first == ("RootMeanSquaredError", "", {"name": "m"})
    assert second[2]["module"] == "keras.metrics" and second[0] == "KerasMetric"


def test_a_newer_metric_of_keras_is_known() -> None:
    [(name, _, config)] = told("PearsonCorrelation", axis=0)
    assert name == "KerasMetric" and config["name"] == "m"
    assert (config["class_name"], config["options"]) == ("PearsonCorrelation", {"axis": 0})


def test_metrics_of_the_models_folder_are_known(own: types.ModuleType) -> None:
    [(name, _, config)] = told("Profit", cost=2)
    assert name == "KerasMetric" and config["module"] == "models.taxi.metrics"
    assert (config["class_name"], config["options"]) == ("Profit", {"cost": 2})
    assert told("Share") == [("Share", "models.taxi.metrics", {"name": "m"})]


def test_a_class_that_is_missing_is_told_with_those_that_are_there(own: types.ModuleType) -> None:
    with pytest.raises(ConfigError, match="unknown metric 'Profits'; did you mean 'Profit'") as it:
        told("Profits")
    assert "metrics.py, which has: Profit, Share" in it.value.detail


@pytest.mark.parametrize("name", ["AUC", "MeanSquaredError", "R2Score"])
def test_a_class_with_the_name_of_another_metric_is_refused(
    own: types.ModuleType, name: str
) -> None:
    setattr(own, name, Profit)
    with pytest.raises(ModelCodeError, match=rf"metrics.py: the class {name} has the name"):
        told("AUC")


@pytest.mark.parametrize("name", ["Metric", "MeanMetricWrapper", "JudgedRows", "KerasMetric"])
def test_what_is_no_metric_to_name_is_unknown(name: str) -> None:
    with pytest.raises(ConfigError, match="unknown metric"):
        told(name)

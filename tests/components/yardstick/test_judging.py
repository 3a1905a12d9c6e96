"""Metrics of predictions by TFMA's definitions, overall and by slice."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics
from tensorflow_model_analysis.proto import config_pb2

from components.yardstick import judging
from components.yardstick.rows import Rows

pytestmark = pytest.mark.tfx

ROWS = 1_000
CHANCE = np.random.default_rng(0)
LABEL = CHANCE.integers(0, 2, ROWS).astype(float)
PREDICTION = np.clip(LABEL * 0.3 + CHANCE.uniform(0, 0.7, ROWS), 0, 1).reshape(-1, 1)


def rows(weight: np.ndarray | None = None, label: np.ndarray = LABEL) -> Rows:
    number = np.arange(len(label))
    features = [
        {"kind": np.array([b"even" if one % 2 == 0 else b"odd"]), "third": np.array([one % 3])}
        for one in number
    ]
    return Rows({}, label, weight, features, len(label))


def specs(**classes: dict[str, Any]) -> list[config_pb2.MetricsSpec]:
    return [
        config_pb2.MetricsSpec(
            metrics=[
                config_pb2.MetricConfig(
                    class_name=name, config=json.dumps({"name": name, **options})
                )
                for name, options in classes.items()
            ]
        )
    ]


def overall(judged: judging.Judged) -> dict[str, float | None]:
    return {metric: value for metric, name, value in judged.values if name == "overall"}


@pytest.mark.parametrize("weight", [None, CHANCE.uniform(0, 2, ROWS)])
def test_metrics_are_those_of_the_rows(weight: np.ndarray | None) -> None:
    wanted = specs(AUC={}, BinaryAccuracy={}, MeanSquaredError={})
    found = overall(judging.judge(wanted, rows(weight), PREDICTION))
    score = PREDICTION[:, 0]
    auc = sklearn_metrics.roc_auc_score(LABEL, score, sample_weight=weight)
    right = sklearn_metrics.accuracy_score(LABEL, score > 0.5, sample_weight=weight)
    error = sklearn_metrics.mean_squared_error(LABEL, score, sample_weight=weight)
    assert found["AUC"] == pytest.approx(auc, abs=1e-3)
    assert found["BinaryAccuracy"] == pytest.approx(right, abs=1e-6)
    assert found["MeanSquaredError"] == pytest.approx(error, abs=1e-5)


def test_slices_are_named_and_judged_as_the_evaluator_does() -> None:
    judged = judging.judge(
        specs(BinaryAccuracy={}), rows(), PREDICTION, [["kind"], ["kind", "third"]]
    )
    found = {name: value for _, name, value in judged.values}
    assert {"kind=even", "kind=odd", "kind=even, third=0", "kind=odd, third=2"} < found.keys()
    right = (PREDICTION[:, 0] > 0.5) == (LABEL == 1)
    assert found["kind=odd"] == pytest.approx(right[1::2].mean(), abs=1e-6)


@pytest.mark.slow
def test_the_noise_is_that_of_a_share() -> None:
    """Half a 95 % interval, within what ten parts tell of it."""
    widths = []
    for seed in range(12):
        label = np.random.default_rng(seed).integers(0, 2, 1_000).astype(float)
        judged = judging.judge(
            specs(BinaryAccuracy={}), rows(label=label), np.full((1_000, 1), 0.9)
        )
        widths.append(judged.noise["BinaryAccuracy"])
    exact = 2.26 * np.sqrt(0.25 / 1_000)
    assert np.mean(widths) == pytest.approx(exact, rel=0.3)


def test_few_rows_tell_nothing_of_the_noise() -> None:
    judged = judging.judge(specs(BinaryAccuracy={}), rows(label=LABEL[:99]), PREDICTION[:99])
    assert judged.noise == {} and overall(judged)["BinaryAccuracy"] is not None


def test_what_cannot_be_computed_is_said_and_the_others_are_computed() -> None:
    wanted = specs(BinaryAccuracy={}, NoSuchMetric={})
    judged = judging.judge(wanted, rows(), PREDICTION)
    assert list(judged.not_computed) == ["NoSuchMetric"] and judged.not_computed["NoSuchMetric"]
    assert overall(judged).keys() == {"BinaryAccuracy"}
    assert judging.judge(specs(NoSuchMetric={}), rows(), PREDICTION).values == []


def test_a_metric_of_classes_sees_one_number_for_each() -> None:
    label = CHANCE.integers(0, 3, ROWS).astype(float)
    answers = np.eye(3)[label.astype(int)] * 0.5 + CHANCE.uniform(0, 0.6, (ROWS, 3))
    found = overall(judging.judge(specs(SparseCategoricalAccuracy={}), rows(label=label), answers))
    right = (answers.argmax(axis=1) == label).mean()
    assert found["SparseCategoricalAccuracy"] == pytest.approx(right, abs=1e-6)


def test_only_the_largest_slices_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "MOST_SLICES", 1)
    judged = judging.judge(specs(BinaryAccuracy={}), rows(), PREDICTION, [["kind"], ["third"]])
    assert len({name for _, name, _ in judged.values} - {"overall"}) == 1

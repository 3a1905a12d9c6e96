"""What guessing reaches, beside the same guess judged by scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import metrics as judge

from components.evaluation import plot_data
from pipeline.config.model_config import Evaluation
from pipeline.record.run_details import Plots
from pipeline.record.run_record import SliceMetric
from pipeline.results import naive_baseline

pytestmark = pytest.mark.tfx

NAMES = (
    *("BinaryAccuracy", "AUC", "AUCPrecisionRecall", "BinaryCrossEntropy", "Precision"),
    *("F1Score", "Calibration", "MeanSquaredError", "RootMeanSquaredError", "MeanAbsoluteError"),
    *("SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "ExampleCount", "Recall"),
)


def filled(
    slices: dict[str, tuple[np.ndarray, np.ndarray]], classes: int, **options: Any
) -> dict[tuple[str, str], float | None]:
    """The naive baselines by slice and metric."""
    settings: dict[str, Any] = {name: {"options": options} for name in NAMES}
    settings["Calibration"]["at_least"] = 0.5  # Some bound has to be there.
    evaluation = Evaluation.model_validate({"metrics": settings})
    measured = [SliceMetric(metric=n, slice=s, value=0.0) for s in slices for n in NAMES]
    plots = {
        name: Plots.model_validate(plot_data.plots(labels, predictions, classes))
        for name, (labels, predictions) in slices.items()
    }
    naive_baseline.fill(measured, plots, evaluation)
    return {(one.slice, one.metric): one.naive for one in measured}


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


def test_of_two_classes(random: np.random.Generator) -> None:
    labels = (random.random(400) < 0.3).astype(float)
    here = np.concatenate([np.ones(30), np.zeros(10)])
    found = filled(
        {"overall": (labels, random.random(400)), "x=1": (here, random.random(40))}, classes=1
    )
    share = labels.mean()
    for name, rows in (("overall", labels), ("x=1", here)):
        guess, zeros = np.full(rows.size, share), np.zeros(rows.size)
        expected = {
            "BinaryAccuracy": judge.accuracy_score(rows, zeros),
            "AUC": judge.roc_auc_score(rows, guess),
            "AUCPrecisionRecall": judge.average_precision_score(rows, guess),
            "BinaryCrossEntropy": judge.log_loss(rows, guess),
            "Precision": judge.precision_score(rows, zeros + 1),
            "F1Score": judge.f1_score(rows, zeros + 1),
            "Calibration": guess.mean() / rows.mean(),
            "MeanSquaredError": judge.mean_squared_error(rows, guess),
            "RootMeanSquaredError": judge.mean_squared_error(rows, guess) ** 0.5,
        }
        for metric, value in expected.items():
            assert found[name, metric] == pytest.approx(value, rel=1e-4), (name, metric)
    assert found["overall", "ExampleCount"] is found["overall", "Recall"] is None


def test_of_a_slice_with_one_class(random: np.random.Generator) -> None:
    labels = (random.random(100) < 0.3).astype(float)
    found = filled(
        {"overall": (labels, random.random(100)), "x=1": (np.zeros(9), random.random(9))}, 1
    )
    assert found["x=1", "AUC"] is found["x=1", "AUCPrecisionRecall"] is None
    assert found["x=1", "Calibration"] is None
    assert found["x=1", "BinaryAccuracy"] == 1


def test_of_several_classes(random: np.random.Generator) -> None:
    labels = random.choice([0, 1, 2], 300, p=[0.2, 0.5, 0.3])
    here = np.array([0, 0, 1, 2])
    guess = random.integers(0, 3, 300)
    found = filled({"overall": (labels, guess), "x=1": (here, guess[:4])}, classes=3)
    shares = np.bincount(labels) / labels.size
    for name, rows in (("overall", labels), ("x=1", here)):
        probabilities = np.tile(shares, (rows.size, 1))
        expected = judge.log_loss(rows, probabilities, labels=[0, 1, 2])
        assert found[name, "SparseCategoricalCrossentropy"] == pytest.approx(expected)
        assert found[name, "SparseCategoricalAccuracy"] == (rows == 1).mean()
    assert found["overall", "AUC"] is None


def test_of_more_classes_than_are_drawn() -> None:
    labels = np.concatenate([np.arange(40), np.zeros(9, dtype=int)])
    found = filled({"overall": (labels, labels)}, classes=40)
    assert found["overall", "SparseCategoricalAccuracy"] == pytest.approx(10 / 49)
    assert found["overall", "SparseCategoricalCrossentropy"] is None


def test_of_numbers(random: np.random.Generator) -> None:
    labels, here = random.lognormal(size=500), random.lognormal(size=50) + 3
    slices = {"overall": (labels, labels + 1), "x=1": (here, here)}
    found = filled(slices, classes=1)
    for name, rows in (("overall", labels), ("x=1", here)):
        squared = judge.mean_squared_error(rows, np.full(rows.size, labels.mean()))
        assert found[name, "MeanSquaredError"] == pytest.approx(squared, rel=1e-4)
        assert found[name, "RootMeanSquaredError"] == pytest.approx(squared**0.5, rel=1e-4)
    median = judge.mean_absolute_error(labels, np.full(labels.size, np.median(labels)))
    assert found["overall", "MeanAbsoluteError"] == pytest.approx(median, rel=1e-4)
    assert found["x=1", "MeanAbsoluteError"] is None
    assert found["overall", "AUC"] is None


def test_a_metric_with_options_is_another_one(random: np.random.Generator) -> None:
    labels = (random.random(50) < 0.5).astype(float)
    found = filled({"overall": (labels, random.random(50))}, classes=1, top_k=2)
    assert set(found.values()) == {None}


def test_where_there_are_no_plots_nothing_is_said() -> None:
    assert set(filled({"overall": (np.array([]), np.array([]))}, classes=1).values()) == {None}

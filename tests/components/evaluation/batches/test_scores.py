"""Histograms, confusion matrices and counts are TFMA's, whatever labels, scores and weights."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.components.evaluation.batches import judged

pytestmark = [
    pytest.mark.tfx,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]

BINARY: list[judged.Asked] = [
    ("AUC", {}),
    ("AUCPrecisionRecall", {}),
    ("AUC", {"num_thresholds": 50}),
    ("BinaryAccuracy", {}),
    ("BinaryAccuracy", {"threshold": 0.3}),
    ("Precision", {"thresholds": [0.7, 0.0, 0.25]}),
    ("Recall", {}),
    ("F1Score", {}),
    ("Specificity", {}),
    ("SensitivityAtSpecificity", {"specificity": 0.5}),
    ("PrecisionAtRecall", {"recall": 0.5}),
    ("Calibration", {}),
    ("MeanLabel", {}),
    ("MeanPrediction", {}),
    ("ExampleCount", {}),
    ("WeightedExampleCount", {}),
    ("CalibrationPlot", {}),
    ("ConfusionMatrixPlot", {"num_thresholds": 20}),
    ("ConfusionMatrixAtThresholds", {"thresholds": [0.2, 0.5]}),
]
CLASSES: list[judged.Asked] = [
    ("MultiClassConfusionMatrixAtThresholds", {"thresholds": [0.1, 0.4]}),
    ("MultiClassConfusionMatrixPlot", {}),
    ("AUC", {}),
    ("AUC", {"class_id": 1}),
    ("Precision", {"top_k": 2}),
    ("Recall", {"top_k": 1}),
    ("Precision", {"class_id": 0}),
    ("ExampleCount", {}),
    ("Calibration", {}),
]
SCORES = st.sampled_from([0.0, 0.5, 1.0, 0.25, 1e-7, 1 - 1e-7, 0.3, 0.7]) | st.floats(
    0, 1, width=32
)


@settings(max_examples=5, deadline=None)
@given(st.data(), st.integers(1, 9), st.sampled_from([0, 1]))
def test_of_two_classes(data: st.DataObject, rows: int, width: int) -> None:
    labels = data.draw(judged.arrays(st.sampled_from([0.0, 1.0, 1.0, 0.25]), rows, width))
    scores = data.draw(judged.arrays(SCORES, rows, width))
    weights = data.draw(judged.weights(rows))
    judged.check_same(BINARY, judged.batch(labels, scores, weights), data.draw(judged.drawn(rows)))


@settings(max_examples=5, deadline=None)
@given(st.data(), st.integers(1, 9), st.integers(2, 4), st.sampled_from(["number", "1", "one-hot"]))
def test_of_several_classes(data: st.DataObject, rows: int, classes: int, kind: str) -> None:
    scores = data.draw(judged.arrays(SCORES, rows, classes))
    numbers = data.draw(st.lists(st.integers(0, classes - 1), min_size=rows, max_size=rows))
    labels = np.array(numbers)
    if kind == "one-hot":
        labels = np.eye(classes, dtype=np.float32)[labels]
    elif kind == "1":
        labels = labels[:, None]
    weights = data.draw(judged.weights(rows))
    judged.check_same(CLASSES, judged.batch(labels, scores, weights), data.draw(judged.drawn(rows)))

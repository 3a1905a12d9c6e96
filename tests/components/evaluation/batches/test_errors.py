"""Mean errors, correlation and cross entropies are TFMA's, whatever labels and predictions."""

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

MEANS: list[judged.Asked] = [
    ("MeanSquaredError", {}),
    ("MeanAbsoluteError", {}),
    ("MeanAbsolutePercentageError", {}),
    ("MeanSquaredLogarithmicError", {}),
    ("ExampleCount", {}),
]
NUMBERS = st.sampled_from([0.0, -1.0, 2.0]) | st.floats(-1e4, 1e4, width=32)


@settings(max_examples=15, deadline=None)
@given(st.data(), st.integers(1, 9), st.sampled_from([0, 1, 3]))
def test_of_a_regression(data: st.DataObject, rows: int, width: int) -> None:
    labels, predictions = (data.draw(judged.arrays(NUMBERS, rows, width)) for _ in range(2))
    weights = data.draw(judged.weights(rows))
    judged.check_same(
        MEANS, judged.batch(labels, predictions, weights), data.draw(judged.drawn(rows))
    )


@settings(max_examples=10, deadline=None)
@given(st.data(), st.integers(3, 12))
def test_a_correlation(data: st.DataObject, rows: int) -> None:
    # It is a difference of sums that are nearly the same where few numbers differ.
    spread = np.linspace(1, 2, rows, dtype=np.float32)
    labels = spread + data.draw(judged.arrays(st.floats(0, 1, width=32), rows))
    predictions = spread + data.draw(judged.arrays(st.floats(0, 1, width=32), rows))
    weights = data.draw(st.none() | judged.arrays(st.sampled_from([0.5, 1.0, 3.0]), rows))
    judged.check_same(
        [("SquaredPearsonCorrelation", {})],
        judged.batch(labels, predictions, weights),
        ([], np.ones((rows, judged.SAMPLES), np.uint8)),
    )


@pytest.mark.parametrize("logits", [False, True])
@settings(max_examples=8, deadline=None)
@given(data=st.data(), rows=st.integers(1, 9), width=st.sampled_from([0, 1, 3]))
def test_cross_entropies(data: st.DataObject, rows: int, width: int, logits: bool) -> None:
    scores = st.floats(-5, 5, width=32) if logits else st.floats(0, 1, width=32)
    predictions = data.draw(judged.arrays(scores, rows, width))
    labels = data.draw(judged.arrays(st.sampled_from([0.0, 1.0, 0.25]), rows, width))
    weights = data.draw(judged.weights(rows))
    for kind in ("BinaryCrossEntropy", "CategoricalCrossEntropy"):
        asked: list[judged.Asked] = [
            (kind, {"from_logits": logits}),
            (kind, {"from_logits": logits, "label_smoothing": 0.1}),
        ]
        # TFMA's categorical one changes the predictions that it is given.
        rows_ = judged.batch(labels.copy(), predictions.copy(), weights)
        judged.check_same(asked, rows_, data.draw(judged.drawn(rows)))

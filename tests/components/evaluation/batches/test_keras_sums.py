"""Metrics of Keras are what they are in TFMA, means and others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.components.evaluation.batches import judged

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

SPARSE: list[judged.Asked] = [
    ("SparseCategoricalAccuracy", {}),
    ("SparseCategoricalCrossentropy", {}),
    ("SparseTopKCategoricalAccuracy", {"k": 2}),
]
DENSE: list[judged.Asked] = [
    ("CategoricalAccuracy", {}),
    ("CategoricalCrossentropy", {}),
    ("BinaryCrossentropy", {}),
    ("TopKCategoricalAccuracy", {"k": 2}),
    ("RootMeanSquaredError", {}),
    ("CosineSimilarity", {}),
    ("Accuracy", {}),
]
NUMBER: list[judged.Asked] = [
    ("RootMeanSquaredError", {}),
    ("BinaryCrossentropy", {}),
    ("LogCoshError", {}),
    ("MeanIoU", {"num_classes": 2}),
]
SHARES = st.floats(2**-7, 1, width=32)


@settings(max_examples=4, deadline=None)
@given(st.data(), st.integers(1, 9), st.booleans())
def test_of_several_classes(data: st.DataObject, rows: int, one_hot: bool) -> None:
    scores = data.draw(judged.arrays(SHARES, rows, 3))
    scores /= scores.sum(axis=1, keepdims=True)
    numbers = np.array(data.draw(st.lists(st.integers(0, 2), min_size=rows, max_size=rows)))
    labels = np.eye(3, dtype=np.float32)[numbers] if one_hot else numbers[:, None]
    weights = data.draw(judged.weights(rows))
    judged.check_same(
        DENSE if one_hot else SPARSE,
        judged.batch(labels, scores, weights),
        data.draw(judged.drawn(rows)),
    )


@settings(max_examples=4, deadline=None)
@given(st.data(), st.integers(1, 9), st.sampled_from([0, 1]))
def test_of_one_number(data: st.DataObject, rows: int, width: int) -> None:
    labels, predictions = (data.draw(judged.arrays(SHARES, rows, width)) for _ in range(2))
    weights = data.draw(judged.weights(rows))
    judged.check_same(
        NUMBER, judged.batch(labels, predictions, weights), data.draw(judged.drawn(rows))
    )

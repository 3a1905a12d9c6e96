"""What replaces functions of TFMA gives what they give."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_model_analysis.metrics import binary_confusion_matrices, calibration_histogram
from tensorflow_model_analysis.metrics.calibration_histogram import Bucket

from components.evaluation.batches import histogram

pytestmark = pytest.mark.tfx


def original(module: str) -> Any:
    """A module of TFMA's as it is in its file."""
    spec = importlib.util.find_spec(f"tensorflow_model_analysis.metrics.{module}")
    assert spec and spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


REBIN = original("calibration_histogram").rebin
MATRICES = original("binary_confusion_matrices")._histogram_to_binary_confusion_matrices
SUMS = st.floats(0, 100)
BUCKETS = st.dictionaries(st.integers(0, 12), st.tuples(SUMS, SUMS, SUMS), max_size=8).map(
    lambda found: [Bucket(key, *found[key]) for key in sorted(found)]
)
THRESHOLDS = st.lists(
    st.sampled_from([-1e-7, 0.0, 0.1, 0.25, 0.3, 0.5, 1.0, 1 + 1e-7, 1.5]), min_size=1, unique=True
).map(sorted)


def listed(buckets: Any) -> list[tuple[float, ...]]:
    return [
        (one.bucket_id, one.weighted_labels, one.weighted_predictions, one.weighted_examples)
        for one in buckets
    ]


@settings(max_examples=100, deadline=None)
@given(THRESHOLDS, BUCKETS)
def test_buckets_and_matrices_at_thresholds(thresholds: list[float], buckets: list[Any]) -> None:
    theirs = REBIN(thresholds, buckets, 10, 0.0, 1.0)
    ours = histogram.rebin(thresholds, buckets, 10, 0.0, 1.0)
    np.testing.assert_allclose(listed(ours), listed(theirs))
    for rows in (theirs, ours, buckets):
        # With a bucket below the thresholds, as TFMA's caller adds one.
        wanted = thresholds[1:] if thresholds[0] < 0 and len(thresholds) > 2 else thresholds
        if len(rows) < len(wanted) + 1:
            continue
        assert [list(each) for each in histogram.confusion_matrices(wanted, rows)] == [
            pytest.approx(list(each)) for each in MATRICES(wanted, list(rows))
        ]


def test_a_single_threshold_for_the_best_classes() -> None:
    buckets = [Bucket(0, 1.0, 0.0, 3.0), Bucket(2, 2.0, 0.0, 5.0)]
    for rows in (buckets, buckets[:1], buckets[1:]):
        expected = MATRICES([float("-inf")], rows)
        assert histogram.confusion_matrices([float("-inf")], rows) == expected


def test_buckets_are_made_when_they_are_asked_for() -> None:
    made = histogram.Histogram(np.array([1, 4]), np.arange(6.0).reshape(2, 3))
    assert len(made) == 2 and made[1] == Bucket(4, 3.0, 4.0, 5.0)
    assert list(made[:1]) == [Bucket(1, 0.0, 1.0, 2.0)]


def test_tfma_calls_what_replaces_its_functions() -> None:
    assert calibration_histogram.rebin is histogram.rebin
    replaced = binary_confusion_matrices._histogram_to_binary_confusion_matrices
    assert replaced is histogram.confusion_matrices

"""The metrics that people use are summed up; what may be anything is not."""

from __future__ import annotations

import json
from typing import Any

import apache_beam as beam
import pytest
from tensorflow_model_analysis.metrics import mean_regression_error

from components.evaluation.batches import kinds
from tests.components.evaluation.batches import judged, test_errors, test_keras_sums, test_scores

pytestmark = pytest.mark.tfx

COMMON = [
    *test_scores.BINARY,
    *test_scores.CLASSES,
    *test_errors.MEANS,
    *test_keras_sums.SPARSE,
    *test_keras_sums.DENSE,
    ("SquaredPearsonCorrelation", {}),
    ("BinaryCrossEntropy", {}),
    ("CategoricalCrossEntropy", {}),
]


def combiners(asked: Any) -> list[beam.CombineFn]:
    found = judged.computations(json.dumps(asked), weighted=True)
    return [one.combiner for one in found.non_derived_computations]


def test_common_metrics_are_never_added_up_row_by_row() -> None:
    assert all(map(kinds.statistic_of, combiners(COMMON)))


def test_others_are() -> None:
    assert not any(map(kinds.statistic_of, combiners([("CoefficientOfDiscrimination", {})])))


def test_a_subclass_is_not_taken_for_its_base() -> None:
    class Own(mean_regression_error._MeanAbsoluteErrorCombiner):
        pass

    made = Own(None, "", "", None, None, None, False)
    assert kinds.statistic_of(made) is None

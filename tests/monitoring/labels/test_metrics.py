"""Metrics that are kept; test_live.py has their values."""

from __future__ import annotations

import numpy as np
import pytest

from monitoring.labels import metrics
from monitoring.profile.reference_profile import Metric
from tests.monitoring.labels.conftest import METRICS
from tests.monitoring.trip_profile import profile


def test_the_profiles_metrics_and_the_common_ones_of_its_task_are_kept() -> None:
    found = metrics.tracked(
        profile(metrics={**METRICS, "n": {"metric": "ExampleCount", "value": 9}})
    )
    assert set(found) == {"accuracy", "AUC", "loss", "Precision", "Recall", "Calibration"}
    assert metrics.tracked(profile(label=None)) == {}


@pytest.mark.parametrize(
    ("metric", "upper", "scale"),
    [
        ("BinaryAccuracy", None, 1),
        ("BinaryCrossEntropy", 0.4, 4),
        ("BinaryCrossentropy", None, 5),
        ("RootMeanSquaredError", 2.0, 40),
        ("MeanAbsoluteError", 0.0, 10),
    ],
)
def test_errors_are_cut_at_ten_times_their_bound(
    metric: str, upper: float | None, scale: float
) -> None:
    one = metrics.begun(Metric(metric=metric, value=0.5), 0.05, upper)
    assert one.scale == pytest.approx(scale)


def test_thresholds_are_the_metrics_own() -> None:
    strict = Metric(metric="BinaryAccuracy", value=None, settings={"threshold": 0.9})
    kept = metrics.begun(strict, 0.05, None)
    kept = metrics.after(kept, strict, np.array([1.0, 1.0]), np.array([0.8, 0.95]))
    assert metrics.interval(kept, strict).value == 0.5


def test_pairs_wait_for_each_other_in_bounded_number() -> None:
    auc = Metric(metric="AUC", value=None)
    kept = metrics.begun(auc, 0.05, None)
    for _ in range(3):
        kept = metrics.after(kept, auc, np.zeros(900), np.linspace(0, 0.5, 900))
    assert len(kept.unpaired) == 1_000
    kept = metrics.after(kept, auc, np.ones(600), np.full(600, 0.9))
    assert (kept.sequence.count, kept.sequence.mean) == (600, 1.0)
    assert len(kept.unpaired) == 400
    assert metrics.interval(kept, auc).value == 1.0
    assert kept.rows == 3_300

"""Live metrics against their bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from monitoring.core.finding import Finding
from monitoring.core.settings import Settings
from monitoring.labels import live
from monitoring.profile.reference_profile import ReferenceProfile
from tests.monitoring.labels.conftest import METRICS
from tests.monitoring.trip_profile import profile


def found(
    one: ReferenceProfile, labels: Any, answers: Any, slices: Any = None, **settings: Any
) -> dict[tuple[str, str], Finding]:
    how = Settings(**settings)
    kept = live.begun(one, 1, how)
    labels, answers = np.asarray(labels, float), np.asarray(answers, float)
    for start in range(0, len(labels), 500):
        some = slice(start, start + 500)
        parts = {name: mask[some] for name, mask in (slices or {}).items()}
        kept = live.after(kept, one, labels[some], answers[some], parts)
        kept = live.LiveMetrics.model_validate_json(kept.model_dump_json())
    return {(f.name, f.slice): f for f in live.live_findings(kept, one, how)}


def scored(rows: int, seed: int = 0, flipped: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Labels and calibrated scores, of which some labels are turned over."""
    chance = np.random.default_rng(seed)
    answers = chance.beta(0.2, 0.2, rows)
    labels = chance.random(rows) < answers
    return labels ^ (chance.random(rows) < flipped), answers


def test_values_are_those_of_scikit_learn() -> None:
    from sklearn import metrics

    labels, answers = scored(3_000)
    answers = answers.astype(np.float32).astype(float)
    some = found(profile(), labels, answers)
    expected = {
        "BinaryAccuracy": metrics.accuracy_score(labels, answers > 0.5),
        "AUC": metrics.roc_auc_score(labels, answers),
        "BinaryCrossEntropy": metrics.log_loss(labels, np.clip(answers, 1e-7, 1 - 1e-7)),
        "Precision": metrics.precision_score(labels, answers > 0.5),
        "Recall": metrics.recall_score(labels, answers > 0.5),
        "Calibration": answers.mean() / labels.mean(),
    }
    assert {name for name, _ in some} == set(expected)
    for name, value in expected.items():
        one = some[name, ""]
        assert one.served == pytest.approx(value, abs=2e-4), name
        assert one.low is not None and one.low <= value
        assert one.high is None or value <= one.high


def test_several_classes_and_regression() -> None:
    label = {"name": "y", "columns": ["y"], "output": "p"}
    several = profile(label={**label, "task": "multiclass", "classes": ["a", "b", "c"]})
    answers = [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]]
    some = found(several, [0, 1, 0], answers)
    assert some["SparseCategoricalAccuracy", ""].served == pytest.approx(2 / 3)
    loss = -np.log([0.7, 0.8, 0.3]).mean()
    assert some["SparseCategoricalCrossentropy", ""].served == pytest.approx(loss)
    number = profile(label={**label, "task": "regression"})
    some = found(number, [1.0, 2.0, 3.0], [1.0, 3.0, 1.0])
    assert some["MeanAbsoluteError", ""].served == pytest.approx(1)
    assert some["MeanSquaredError", ""].served == pytest.approx(5 / 3)
    assert some["RootMeanSquaredError", ""].served == pytest.approx((5 / 3) ** 0.5)


@pytest.mark.parametrize(
    ("flipped", "rows", "verdict"),
    [(0.0, 5_000, "same"), (0.3, 5_000, "differs"), (0.0, 20, "too early"), (0.0, 0, "too early")],
)
def test_a_metric_differs_when_all_of_its_interval_is_beyond_the_bound(
    flipped: float, rows: int, verdict: str
) -> None:
    one = profile(metrics=METRICS)
    some = found(one, *scored(rows, flipped=flipped))
    assert {some[name, ""].verdict for name in ("accuracy", "AUC", "loss")} == {verdict}
    accuracy = some["accuracy", ""]
    assert accuracy.counts and accuracy.matters_from == 0.8
    assert str(rows) in accuracy.words
    assert not some["Precision", ""].counts
    assert not found(one, *scored(9), alarm_on=("outputs",))["accuracy", ""].counts


def test_a_slice_has_a_bound_of_its_own() -> None:
    metric = {**METRICS["accuracy"], "slices": {"company=A": {"value": 0.9, "lower": 0.85}}}
    labels, answers = scored(6_000)
    inside = np.arange(6_000) % 3 == 0
    labels = labels ^ (inside & (np.random.default_rng(1).random(6_000) < 0.4))
    some = found(profile(metrics={"accuracy": metric}), labels, answers, {"company=A": inside})
    assert some["accuracy", "company=A"].verdict == "differs"
    assert some["accuracy", "company=A"].rows == 2_000
    assert some["accuracy", ""].verdict != "differs"


def test_errors_without_a_limit_are_cut_and_still_found() -> None:
    """One error of a million is no reason for an alarm, and a mean above its bound is."""
    label = {"name": "y", "columns": ["y"], "output": "p", "task": "regression"}
    metric = {"metric": "MeanAbsoluteError", "value": 1.0, "upper": 1.5}
    one = profile(label=label, metrics={"MAE": metric})
    chance = np.random.default_rng(0)
    ordinary = chance.exponential(1.0, 4_000)
    rare = ordinary.copy()
    rare[100] = 1e9
    assert found(one, np.zeros(4_000), ordinary)["MAE", ""].verdict == "same"
    after = found(one, np.zeros(4_000), rare)["MAE", ""]
    assert after.verdict == "same" and after.high is None
    assert found(one, np.zeros(4_000), 2 * ordinary)["MAE", ""].verdict == "differs"


def test_one_label_alone_gives_no_auc() -> None:
    some = found(profile(), [1, 1, 1], [0.2, 0.5, 0.9])
    assert some["AUC", ""].served is None
    assert some["AUC", ""].verdict == "same"  # It has no bound here.


def test_false_alarms_are_bounded_over_all_looks() -> None:
    """The worst case: a metric that is exactly at its bound, looked at after every 500 labels."""
    metric = {"metric": "BinaryAccuracy", "value": 0.8, "lower": 0.8}
    one = profile(metrics={"accuracy": metric}, slices={})
    how = Settings(false_alarms=0.05)
    alarms = 0
    for seed in range(100):
        right = np.random.default_rng(seed).random(5_000) < 0.8
        kept = live.begun(one, 1, how)
        kept = live.after(kept, one, right.astype(float), np.ones(5_000), {})
        (judged,) = [f for f in live.live_findings(kept, one, how) if f.name == "accuracy"]
        alarms += judged.verdict == "differs"
    assert alarms <= 11  # Of 100 at 5 %: more would be a chance of one in 1,000.

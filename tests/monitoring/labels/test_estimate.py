"""Metrics that are estimated before labels come."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from monitoring.core.settings import Settings
from monitoring.labels.estimate import ASSUMPTION, estimates
from monitoring.profile.reference_profile import ReferenceProfile
from monitoring.summary.rows import Rows
from monitoring.summary.summarizing import Summarizer
from monitoring.summary.window_summary import WindowSummary
from tests.monitoring.trip_profile import profile


def reference(rows: int = 20_000, **bounds: Any) -> ReferenceProfile:
    """Of calibrated scores, which are sure most of the time."""
    labels, scores = served(rows, 0, 0.3)
    edges = np.unique(np.quantile(scores, [0.01, 0.05, *np.arange(0.1, 1, 0.05), 0.99]))
    places = np.searchsorted(edges, scores)
    counts = np.bincount(places, minlength=len(edges) + 1)
    output = {
        "output": "probability", "rows": rows,
        "numbers": {
            "edges": edges.tolist(), "counts": counts.tolist(), "minimum": scores.min(),
            "maximum": scores.max(),
        },
        "calibration": {
            "positives": np.bincount(places[labels], minlength=len(counts)).tolist()
        },
    }  # fmt: skip
    accuracy = float((labels == (scores > 0.5)).mean())
    metrics = {
        "accuracy": {"metric": "BinaryAccuracy", "value": accuracy, **bounds},
        "AUC": {"metric": "AUC", "value": auc(labels, scores)},
        "other": {"metric": "Sensitivity", "value": 1.0},
    }
    return profile(outputs={"probability": output}, metrics=metrics, slices={}, test_rows=rows)


def served(rows: int, seed: int, sure: float) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    scores = chance.beta(sure, sure, rows)
    return chance.random(rows) < scores, scores


def auc(labels: np.ndarray, scores: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(labels, scores))


def window(one: ReferenceProfile, scores: np.ndarray) -> WindowSummary:
    summarizer = Summarizer(one, 1)
    outputs = {"probability": scores.tolist()}
    summarizer.add(Rows(size=len(scores), outputs=outputs, requests=len(scores)))
    return summarizer.summary()


@pytest.mark.parametrize("sure", [0.3, 1.0, 3.0])
def test_is_near_what_the_labels_say_later(sure: float) -> None:
    """The less sure a calibrated model's answers are, the less often they are right."""
    one = reference()
    labels, scores = served(5_000, 1, sure)
    found = {f.name: f for f in estimates(one, window(one, scores))}
    assert set(found) == {"accuracy", "AUC"}
    accuracy = (labels == (scores > 0.5)).mean()
    assert found["accuracy"].served == pytest.approx(accuracy, abs=0.03)
    assert found["AUC"].served == pytest.approx(auc(labels, scores), abs=0.03)
    assert ASSUMPTION in found["accuracy"].words
    assert found["accuracy"].test == "estimate"


@pytest.mark.parametrize(("sure", "verdict"), [(0.3, "same"), (3.0, "differs")])
def test_differs_beyond_the_bound_and_counts_only_where_it_is_asked_to(
    sure: float, verdict: str
) -> None:
    one = reference(lower=0.8)
    summary = window(one, served(3_000, 2, sure)[1])
    found = {f.name: f for f in estimates(one, summary)}
    assert found["accuracy"].verdict == verdict
    assert not found["accuracy"].counts
    asked = {f.name: f for f in estimates(one, summary, Settings(alarm_on=("estimate",)))}
    assert asked["accuracy"].counts
    assert not asked["AUC"].counts  # It has no bound.


@pytest.mark.slow
def test_the_same_data_seldom_differ_from_a_bound_they_are_at() -> None:
    one = reference()
    at = one.metrics["accuracy"].model_copy(update={"lower": one.metrics["accuracy"].value})
    one = one.model_copy(update={"metrics": {"accuracy": at}})
    alarms = 0
    for seed in range(20):
        (found,) = estimates(one, window(one, served(1_000, 100 + seed, 0.3)[1]))
        alarms += found.verdict == "differs"
    assert alarms <= 4  # Of 20 at 5 %, with a chance of 3 in 1,000 for more.


def test_of_few_rows_nothing_is_said() -> None:
    one = reference()
    found = estimates(one, window(one, np.array([0.5] * 10)))
    assert {f.verdict for f in found} == {"too early"}
    assert {f.served for f in found} == {None}


@pytest.mark.parametrize(
    "changes",
    [
        {"label": None},
        {"label": {"name": "y", "task": "regression", "columns": ["y"], "output": "probability"}},
        {"outputs": {}},
    ],
)
def test_nothing_is_estimated_without_calibrated_scores(changes: dict[str, Any]) -> None:
    one = profile(**changes)
    assert estimates(one, Summarizer(one, 1).summary()) == ()


def of_classes(rows: int, sharp: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores of four classes, [rows, 4], and labels of which each is as likely as its score."""
    chance = np.random.default_rng(seed)
    scores = chance.dirichlet(np.full(4, 1 / sharp), rows)
    labels = (scores.cumsum(axis=1) < chance.random((rows, 1))).sum(axis=1)
    return scores, labels.clip(max=3)


def with_classes(rows: int = 20_000, seed: int = 0, **bounds: Any) -> ReferenceProfile:
    """Of a model with four classes, with scores that are the square of what is true."""
    scores, labels = of_classes(rows, 4, seed)
    highest, right = (scores**2).max(axis=1), scores.argmax(axis=1) == labels
    edges = np.unique(np.quantile(highest, np.arange(0.01, 1, 0.01)))
    places = np.searchsorted(edges, highest)
    counts = np.bincount(places, minlength=len(edges) + 1)
    top = {
        "output": "scores", "classes": 4,
        "numbers": {"edges": edges.tolist(), "counts": counts.tolist()},
        "right": np.bincount(places[right], minlength=len(counts)).tolist(),
    }  # fmt: skip
    accuracy = {"metric": "SparseCategoricalAccuracy", "value": right.mean(), **bounds}
    label = {"name": "y", "task": "multiclass", "columns": ["y"], "output": "scores"}
    one = {"output": "scores", "rows": rows}
    return profile(
        outputs={f"scores[{n}]": {**one, "position": n} for n in range(4)}, slices={}, label=label,
        metrics={"accuracy": accuracy}, top_score=top,
    )  # fmt: skip


def window_of(one: ReferenceProfile, scores: np.ndarray) -> WindowSummary:
    summarizer = Summarizer(one, 1)
    for part in np.array_split(scores**2, 3):
        given = [*part.tolist(), [0.5, 0.5], None]  # Answers of another length do not count.
        summarizer.add(Rows(size=len(given), outputs={"scores": given}, requests=len(given)))
    return summarizer.summary()


@pytest.mark.slow
def test_of_several_classes_the_accuracy_is_near_what_labels_say_later() -> None:
    """In 15 windows, whose answers are less sure than the test split's, alike, or surer."""
    errors, within = [], 0
    for seed, sharp in enumerate([1, 2, 4, 6, 8] * 3):
        one = with_classes(5_000, seed)
        scores, _ = of_classes(2_000, sharp, 100 + seed)
        (found,) = estimates(one, window_of(one, scores))
        assert found.name == "accuracy" and found.rows == 2_000 and found.served is not None
        truth = float(scores.max(axis=1).mean())  # Of calibrated scores, what is to be expected.
        errors.append(found.served - truth)
        assert found.low is not None and found.high is not None
        within += found.low <= truth <= found.high
    assert abs(np.mean(errors)) < 0.01 and np.abs(errors).max() < 0.04
    assert within >= 11  # Of 95 %, less comes once in 10,000 times.


def test_of_several_classes_an_estimate_beyond_its_bound_is_an_alarm_where_that_counts() -> None:
    one = with_classes(lower=0.6)
    settings = Settings(alarm_on=("estimate",))
    for sharp, verdict in ((4, "same"), (1, "differs")):
        scores, _ = of_classes(2_000, sharp, 1)
        (found,) = estimates(one, window_of(one, scores), settings)
        assert (found.verdict, found.counts) == (verdict, True)


def test_a_profile_of_an_earlier_release_has_no_estimate_of_several_classes() -> None:
    old = with_classes().model_dump()
    del old["top_score"]
    one = ReferenceProfile.model_validate(old)
    assert estimates(one, window_of(one, of_classes(100, 4, 0)[0])) == ()

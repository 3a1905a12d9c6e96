"""Plots say of rows what the rows themselves say."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.evaluation import plot_data

NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False)
PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=60)
SCORED = st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1, max_size=60)


def columns(pairs: list[tuple[float, float]]) -> tuple[Any, Any]:
    labels, predictions = zip(*pairs, strict=True)
    return np.array(labels, dtype=float), np.array(predictions, dtype=float)


@pytest.mark.parametrize(
    ("labels", "predictions", "classes", "kinds"),
    [
        ([0, 1, 1], [0.1, 0.9, 0.4], 1, {"roc", "calibration"}),
        ([0, 1, 1], [-3.0, 2.0, 0.4], 1, {"residuals", "calibration", "labels"}),
        ([7.5, 1.0], [7.0, 2.0], 1, {"residuals", "calibration", "labels"}),
        ([0, 2, 1], [0, 1, 1], 3, {"confusion"}),
    ],
)
def test_the_rows_tell_the_task(
    labels: list[float], predictions: list[float], classes: int, kinds: set[str]
) -> None:
    found = plot_data.plots(np.array(labels), np.array(predictions), classes)
    assert found.keys() == {"rows", *kinds} and found["rows"] == len(labels)


def test_no_rows_no_plots() -> None:
    assert plot_data.plots(np.array([]), np.array([]), 1) == {}


@settings(max_examples=60, deadline=None)
@given(SCORED)
def test_the_area_under_the_roc_is_the_share_of_pairs_in_order(
    pairs: list[tuple[float, float]],
) -> None:
    labels, scores = columns(pairs)
    curve = plot_data.roc(labels, scores)
    positive, negative = scores[labels == 1], scores[labels == 0]
    if not positive.size or not negative.size:
        assert curve == []
        return
    x = [point["false_positive_rate"] or 0.0 for point in curve]
    y = [point["true_positive_rate"] or 0.0 for point in curve]
    assert (x[0], y[0]) == (0, 0) and (x[-1], y[-1]) == (1, 1)
    area = sum(
        (b - a) * (c + d) / 2
        for (a, b), (c, d) in zip(itertools.pairwise(x), itertools.pairwise(y), strict=True)
    )
    gain = np.sign(positive[:, None] - negative[None, :])
    assert area == pytest.approx(float(((gain + 1) / 2).mean()), abs=1e-4)


def test_a_long_roc_is_thinned_and_keeps_its_area() -> None:
    generator = np.random.default_rng(1)
    labels = (generator.random(5_000) < 0.3).astype(float)
    scores = np.clip(generator.normal(0.4 + 0.2 * labels, 0.15), 0, 1)
    curve = plot_data.roc(labels, scores)
    x = np.array([point["false_positive_rate"] for point in curve], dtype=float)
    y = np.array([point["true_positive_rate"] for point in curve], dtype=float)
    area = float((np.diff(x) * (y[1:] + y[:-1]) / 2).sum())
    positive, negative = scores[labels == 1], scores[labels == 0]
    exact = float((positive[:, None] > negative[None, :]).mean())
    assert 50 < len(curve) <= 100 and area == pytest.approx(exact, abs=0.002)


@settings(max_examples=60, deadline=None)
@given(PAIRS)
def test_calibration_holds_every_row_and_its_means(pairs: list[tuple[float, float]]) -> None:
    labels, predictions = columns(pairs)
    bins = plot_data.plots(labels, predictions, 1)["calibration"]
    counts = np.array([one["count"] for one in bins])
    assert counts.sum() == len(pairs) and (counts > 0).all()
    for name, values in (("prediction", predictions), ("label", labels)):
        mean = (counts * [one[name] for one in bins]).sum() / counts.sum()
        assert mean == pytest.approx(values.mean(), rel=1e-4, abs=1e-5 * np.abs(values).max())


@settings(max_examples=60, deadline=None)
@given(PAIRS)
def test_residuals_are_label_minus_prediction(pairs: list[tuple[float, float]]) -> None:
    labels, predictions = columns(pairs)
    buckets = plot_data.residuals(labels, predictions)
    assert sum(bucket["count"] for bucket in buckets) == len(pairs)
    # Edges have six digits.
    residuals = labels - predictions
    assert buckets[0]["low"] <= residuals.min() + 1e-5 * np.abs(residuals).max()


@given(
    st.floats(1e-300, 1e300) | st.just(0.0),
    st.sampled_from([-1.0, 1.0]),
    st.lists(st.integers(0, 40), min_size=1, max_size=9),
    st.sampled_from([np.float32, np.float64]),
)
def test_residuals_that_are_almost_the_same_have_a_histogram_too(
    size: float, sign: float, steps: list[int], dtype: type[np.floating[Any]]
) -> None:
    """They differ by some units in the last place, which NumPy 2 divides into no 30 parts."""
    first = dtype(sign * min(size, float(np.finfo(dtype).max) / 4))
    labels = first + np.array(steps, dtype) * np.spacing(first)
    buckets = plot_data.residuals(labels, np.zeros(len(steps), dtype))
    assert sum(bucket["count"] for bucket in buckets) == len(steps)
    edges = [bucket["low"] for bucket in buckets] + [buckets[-1]["high"]]
    assert edges == sorted(edges)
    assert len(set(edges)) == len(edges)


def test_few_extreme_residuals_do_not_flatten_the_histogram() -> None:
    labels = np.concatenate([np.linspace(-1, 1, 1_000), [1e9, -1e9]])
    buckets = plot_data.residuals(labels, np.zeros(1_002))
    assert buckets[0]["low"] >= -1 and buckets[-1]["high"] <= 1
    assert 980 <= sum(bucket["count"] for bucket in buckets) <= 1_000


def test_a_confusion_matrix_has_a_row_for_each_actual_class() -> None:
    found = plot_data.confusion(np.array([0, 0, 2, 2, 2]), np.array([0, 2, 2, 2, 5]))
    assert found == {"classes": ["0", "2", "5"], "counts": [[1, 1, 0], [0, 2, 1], [0, 0, 0]]}


def test_of_many_classes_the_rare_ones_are_one() -> None:
    labels = np.concatenate([np.repeat(np.arange(20, 49), 3), np.arange(100)])
    found = plot_data.confusion(labels, labels)
    assert found["classes"] == [*map(str, range(20, 49)), plot_data.OTHERS]
    assert sum(map(sum, found["counts"])) == labels.size
    assert found["counts"][-1][-1] == 71 and found["counts"][0][0] == 4

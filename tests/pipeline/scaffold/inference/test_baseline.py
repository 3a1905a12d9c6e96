"""What a constant and a linear model reach, and the bound that follows."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.scaffold.inference import baseline
from pipeline.scaffold.inference.task import Task
from tests.pipeline.scaffold import tables

_DRAW = random.Random(9)
N = 600
X = [_DRAW.gauss(0, 1) for _ in range(N)]
NOISE = [_DRAW.gauss(0, 1) for _ in range(N)]


def figures(
    folder: Path, label: list[Any], *labels: str, **others: list[Any]
) -> dict[str, baseline.Figure]:
    columns = {"x": [round(one, 4) for one in X], **({"y": label} if label else {}), **others}
    found = tables.proposal(folder, columns, *(labels or ("y",)))
    return {f"{one.metric}{one.label or ''}": one for one in found.figures}


def test_of_two_classes(tmp_path: Path) -> None:
    found = figures(tmp_path, [int(x + off > 0) for x, off in zip(X, NOISE, strict=True)])
    auc, accuracy = found["AUC"], found["BinaryAccuracy"]
    assert auc.constant == 0.5 and auc.linear == pytest.approx(0.83, abs=0.05)
    assert auc.linear is not None and 0.5 < auc.bound < auc.linear
    assert accuracy.constant == pytest.approx(0.5, abs=0.06) and accuracy.bound > accuracy.constant
    # Of 120 test rows: sqrt(0.75 * 0.25 / 120) = 0.04.
    assert accuracy.noise == pytest.approx(0.04, abs=0.01)


def test_of_several_classes(tmp_path: Path) -> None:
    found = figures(tmp_path, ["abc"[int(x > -0.5) + int(x > 0.5)] for x in X])
    one = found["SparseCategoricalAccuracy"]
    assert one.linear is not None and one.constant < one.bound < one.linear


@pytest.mark.parametrize(
    ("label", "metric"),
    [
        ([round(3 * x + off, 4) for x, off in zip(X, NOISE, strict=True)], "RootMeanSquaredError"),
        ([round(np.exp(8 + 2 * x)) for x in X], "MeanSquaredLogarithmicError"),
        ([int(_DRAW.expovariate(np.exp(-x))) for x in X], "RootMeanSquaredError"),
    ],
)
def test_of_quantities(tmp_path: Path, label: list[Any], metric: str) -> None:
    one = figures(tmp_path, label)[metric]
    assert not one.higher and one.linear is not None
    assert one.linear < one.bound <= one.constant


def test_where_nothing_helps_the_bound_is_that_of_the_constant(tmp_path: Path) -> None:
    one = figures(tmp_path, [round(off, 4) for off in NOISE])["RootMeanSquaredError"]
    assert one.bound == pytest.approx(one.constant, rel=0.25) and one.bound >= one.constant


def test_of_several_labels_each_has_its_own(tmp_path: Path) -> None:
    others = {"a": [int(x > 0) for x in X], "b": [int(x > 1) for x in NOISE]}
    found = figures(tmp_path, [], "a", "b", **others)
    a, b = found["AUC"], found["AUC1"]
    assert (a.linear or 0) > 0.95 and (b.linear or 1) < 0.7


@pytest.mark.slow
@pytest.mark.parametrize(("tried", "judged"), [(600, 300), (300, 300)])
def test_who_is_as_good_as_a_line_misses_the_bound_once_in_twenty(tried: int, judged: int) -> None:
    """Both are right in 7 of 10 rows; the bound is of other rows than the test split's."""
    random = np.random.default_rng(tried)
    [[metric, higher, score]] = baseline._scores(Task("multi-class", ("y",), ""))
    misses, draws = 0, 400
    for _ in range(draws):
        truth, right = random.integers(0, 3, tried), random.random(tried) < 0.7
        guess = np.eye(3)[np.where(right, truth, (truth + 1) % 3)]
        constant, all_rows = np.full((tried, 3), 1 / 3), np.ones(tried, bool)
        figure = baseline._figure(
            metric, higher, score, truth, constant, guess, all_rows, all_rows, judged, None
        )
        assert figure is not None
        misses += bool((random.random(judged) < 0.7).mean() < figure.bound)
    assert misses / draws <= 0.05 + 2 * (0.05 * 0.95 / draws) ** 0.5


def test_average_precision_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import average_precision_score

    random_numbers = np.random.default_rng(1)
    scores = random_numbers.integers(0, 20, 300).astype(float)
    truth = (random_numbers.random(300) < 0.3).astype(float)
    assert baseline.average_precision(truth, scores) == pytest.approx(
        average_precision_score(truth, scores)
    )


def test_few_rows_have_no_linear_model(tmp_path: Path) -> None:
    found = tables.proposal(tmp_path, {"x": [1.5, 2.5, 3, 4.5] * 3, "y": [0, 1] * 6}, "y")
    assert all(one.linear is None for one in found.figures)

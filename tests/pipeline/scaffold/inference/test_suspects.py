"""Leaks and copies, by figures."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.scaffold.inference import kinds, suspects, task
from pipeline.scaffold.reading.profile import TableProfile
from tests.pipeline.scaffold import tables

_DRAW = random.Random(6)
N = 600


def told(table: TableProfile) -> dict[str, suspects.Telling]:
    choices = {name: kinds.choose(one) for name, one in table.columns.items() if name != "y"}
    learnt = task.find(table, ["y"])
    return suspects.telling(choices, table, learnt, task.values(learnt, table))


def test_a_column_that_tells_a_class_alone_has_its_figure(tmp_path: Path) -> None:
    label = [_DRAW.randint(0, 1) for _ in range(N)]
    columns: dict[str, list[Any]] = {
        "score": [one * 10 + _DRAW.random() for one in label],
        "hue": [("red", "blue")[one] if _DRAW.random() < 0.7 else "grey" for one in label],
        "noise": [_DRAW.random() for _ in label],
        "y": list(label),
    }
    found = told(tables.read(tmp_path, columns, "y"))
    assert found["score"].is_certain and found["score"].auc == pytest.approx(1, abs=0.005)
    assert not found["hue"].is_certain and (found["hue"].auc or 0) > 0.75
    assert not found["noise"].is_strong and (found["noise"].auc or 0) < 0.65
    assert "AUC of 1.000" in found["score"].in_words("y")


def test_a_column_that_explains_a_quantity_has_its_figure(tmp_path: Path) -> None:
    label = [_DRAW.gauss(0, 10) for _ in range(N)]
    columns: dict[str, list[Any]] = {
        "late": [round(one + _DRAW.gauss(0, 1), 3) for one in label],
        "noise": [_DRAW.random() for _ in label],
        "y": list(label),
    }
    found = told(tables.read(tmp_path, columns, "y"))
    assert found["late"].share > 0.9 and found["noise"].share < 0.2
    assert "explains 9" in found["late"].in_words("y")


@pytest.mark.parametrize(
    ("label", "column", "copied"),
    [
        ([n % 2 for n in range(N)], [("no", "yes")[n % 2] for n in range(N)], True),
        (["abc"[n % 3] for n in range(N)], [n % 3 for n in range(N)], True),
        ([n % 2 for n in range(N)], [n % 4 for n in range(N)], False),
        ([n % 2 for n in range(N)], [_DRAW.randint(0, 1) for _ in range(N)], False),
        ([n * 1.5 for n in range(N)], [n * 150 + 3 for n in range(N)], True),
        ([n * 1.5 for n in range(N)], [n + _DRAW.gauss(0, 9) for n in range(N)], False),
        ([n * 1.5 for n in range(N)], ["x"] * N, False),
    ],
)
def test_copies(tmp_path: Path, label: list[Any], column: list[Any], copied: bool) -> None:
    table = tables.read(tmp_path, {"c": column, "y": label}, "y")
    learnt = task.find(table, ["y"])
    profile = table.columns["c"]
    choice = kinds.choose(profile)
    assert suspects.is_copy(profile, choice, task.values(learnt, table), learnt) == copied


@pytest.mark.parametrize(
    ("missing", "late"),
    [
        (lambda n: n % 10 == 0, True),  # Where the label is.
        (lambda n: n % 10 == 0 and n % 20, True),  # In half of those rows.
        (lambda n: n % 50 == 0, False),
        (lambda n: n % 5 == 0, False),  # Elsewhere, too.
        (lambda n: False, False),
    ],
)
def test_what_is_missing_where_the_label_is(tmp_path: Path, missing: Any, late: bool) -> None:
    columns = {
        "c": [None if missing(n) else n % 7 for n in range(N)],
        "y": [None if n % 10 == 0 else n % 2 for n in range(N)],
    }
    table = tables.read(tmp_path, columns, "y")
    assert bool(suspects.missing_with_label(table.columns["c"], table)) == late


def test_the_area_under_the_curve() -> None:
    truth = np.array([0, 0, 1, 1])
    assert suspects.area_under_curve(np.array([1, 2, 3, 4]), truth) == 1
    assert suspects.area_under_curve(np.array([4, 3, 2, 1]), truth) == 0
    assert suspects.area_under_curve(np.array([1, 1, 1, 1]), truth) == 0.5
    assert suspects.area_under_curve(np.array([1, 2]), np.array([1, 1])) is None


def test_the_area_under_the_curve_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import roc_auc_score

    random_numbers = np.random.default_rng(1)
    scores = random_numbers.integers(0, 20, 300)
    truth = (random_numbers.random(300) < 0.3).astype(int)
    assert suspects.area_under_curve(scores, truth) == pytest.approx(roc_auc_score(truth, scores))

"""How much of an outcome hyperparameters account for, beside outcomes whose makers are known."""

from __future__ import annotations

import random
from typing import Any

import pytest

from dashboard.query import importance
from dashboard.query.importance import FEWEST_ROWS, importances

Columns = dict[str, list[Any]]


@pytest.fixture(autouse=True)
def fewer_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as the largest searches get."""
    monkeypatch.setattr(importance, "_SAMPLES", importance._FEWEST_SAMPLES)


def search(rows: int, seed: int = 0) -> tuple[Columns, list[float]]:
    """Of which `rate` makes three quarters of the variance, `kind` a fifth, `idle` nothing."""
    draw = random.Random(seed)
    inputs: Columns = {
        "rate": [draw.random() for _ in range(rows)],
        "kind": [draw.choice("ab") for _ in range(rows)],
        "idle": [draw.random() for _ in range(rows)],
        "same": [7] * rows,
    }
    made = zip(inputs["rate"], inputs["kind"], strict=True)
    return inputs, [2 * rate + 0.6 * (kind == "a") + draw.gauss(0, 0.12) for rate, kind in made]


def test_what_makes_the_outcome_is_told_from_what_does_not() -> None:
    inputs, outcome = search(80)
    found = importances(inputs, outcome)
    by_key = {one.key: one for one in found.found}
    assert [one.key for one in found.found] == ["rate", "kind", "idle"]
    assert by_key["rate"].share == pytest.approx(0.75, abs=0.15)
    assert by_key["kind"].share == pytest.approx(0.2, abs=0.1)
    assert by_key["idle"].share == pytest.approx(0, abs=0.03)
    assert [one.matters for one in found.found] == [True, True, False]
    assert by_key["idle"].low < 0 < by_key["idle"].high
    assert found.explained is not None and 0.8 < found.explained < 1
    assert found.same == ["same"]


def test_trends_are_of_numbers_alone() -> None:
    inputs, outcome = search(60)
    by_key = {one.key: one for one in importances(inputs, outcome).found}
    assert (by_key["rate"].trend or 0) > 0.7
    assert by_key["kind"].trend is None
    falling = importances({"rate": inputs["rate"]}, [-value for value in outcome])
    assert (falling.found[0].trend or 0) < -0.7


def test_chance_alone_is_not_said_to_matter() -> None:
    said = 0
    for seed in range(4):
        draw = random.Random(seed)
        inputs: Columns = {name: [draw.random() for _ in range(15)] for name in "abcd"}
        found = importances(inputs, [draw.random() for _ in range(15)])
        said += sum(one.matters for one in found.found)
    assert said <= 1  # Of 16.


def test_the_same_rows_give_the_same_answer() -> None:
    inputs, outcome = search(20)
    assert importances(inputs, outcome) == importances(inputs, outcome)


def test_rows_without_the_outcome_are_left_out_and_missing_values_are_values() -> None:
    inputs, outcome = search(40)
    inputs["rate"][3] = None
    inputs["kind"][4] = None
    with_gaps: list[Any] = [None, *outcome[1:-1], True]
    found = importances(inputs, with_gaps)
    assert found.rows == 38 and len(found.found) == 3


@pytest.mark.parametrize(
    ("inputs", "outcome", "said"),
    [
        ({}, [1.0] * 20, "No hyperparameter differs"),
        ({"a": [1] * 20}, list(range(20)), "No hyperparameter differs"),
        ({"a": list(range(9))}, list(range(9)), f"At least {FEWEST_ROWS} rows"),
        ({"a": list(range(20))}, [1.0] * 20, "the same in all rows"),
        ({"a": list(range(20))}, [None] * 20, "No hyperparameter differs"),
    ],
)
def test_where_nothing_can_be_told_that_is_said(
    inputs: Columns, outcome: list[Any], said: str
) -> None:
    found = importances(inputs, outcome)
    assert said in found.problem and found.found == [] and found.explained is None


def test_many_hyperparameters_and_rows_are_answered_all_the_same() -> None:
    draw = random.Random(0)
    inputs: Columns = {f"h{n}": [draw.random() for _ in range(500)] for n in range(30)}
    found = importances(inputs, inputs["h7"])
    assert found.rows == 400 and found.found[0].key == "h7" and found.found[0].matters


def test_numbers_of_any_size_are_taken() -> None:
    sizes = [10.0 ** (20 * place - 300) for place in range(30)]
    found = importances({"a": sizes, "b": [-size for size in sizes]}, [s * 1e8 for s in sizes])
    assert len(found.found) == 2 and found.explained is not None

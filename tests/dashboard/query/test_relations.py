"""Runs and trials as a table."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.query import relations
from dashboard.records.runs import Run

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


def run(number: int, **changes: Any) -> Run:
    fields: dict[str, Any] = {
        "model": "taxi",
        "started": 100.0,
        "finished": 160.0,
        "hyperparameters": {"units": 32 * number, "layers": [64, 32]},
        "metrics": {"AUC": 0.9, "loss": None},
        "dataset": "d1",
    }
    return Run(id=f"taxi-{number}", status="pushed", **(fields | changes))


def test_what_was_chosen_is_told_from_what_came_of_it() -> None:
    table = relations.of_runs([run(1), run(2)], 0.0)
    roles = {column.key: (column.role, column.numeric) for column in table.columns}
    assert roles["hyperparameters.units"] == ("input", True)
    assert roles["hyperparameters.layers"] == ("input", False)
    assert roles["dataset"] == ("input", False)
    assert roles["metrics.AUC"] == ("outcome", True)
    assert roles["duration"] == ("outcome", True)
    assert table.values("hyperparameters.units") == [32, 64]
    assert table.values("hyperparameters.layers") == ["[64, 32]"] * 2
    assert table.values("duration") == [60, 60]
    assert table.names == ("taxi-1", "taxi-2")


def test_a_column_that_no_row_has_a_value_for_is_left_out() -> None:
    table = relations.of_runs([run(1)], 0.0)
    assert table.values("metrics.loss") is None
    assert table.values("version") is None


def test_of_very_many_runs_the_first_are_taken_and_the_rest_told() -> None:
    table = relations.of_runs([run(number) for number in range(2_003)], 0.0)
    assert (len(table.rows), table.left_out) == (2_000, 3)


def test_trials_have_their_score_by_the_name_of_the_objective() -> None:
    table = relations.of_trials(
        [
            {"number": 1, "hyperparameters": {"a": 1}, "objective": "val_auc", "score": 0.5},
            {"number": 2, "hyperparameters": {"a": 2, "b": "x"}, "score": None},
        ]
    )
    assert table.names == ("trial 1", "trial 2")
    assert {column.key: column.title for column in table.columns}["score"] == "val_auc"
    assert table.values("score") == [0.5, None]
    assert table.values("hyperparameters.b") == [None, "x"]


@given(st.lists(ANYTHING, max_size=5))
def test_no_trial_is_too_odd(trials: list[Any]) -> None:
    table = relations.of_trials(trials)
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert len(table.rows) == len(table.names)


@pytest.mark.parametrize("word", ["a,b", 'a"b', "a\nb", "ü", "plain"])
def test_csv_gives_back_what_the_table_has(word: str) -> None:
    table = relations.of_runs([run(1, model=word, metrics={"AUC": 0.1 + 0.2})], 0.0)
    [head, row] = csv.reader(io.StringIO(table.as_csv(), newline=""))
    found = dict(zip(head, row, strict=True))
    assert found["model"] == word
    assert float(found["metrics.AUC"]) == 0.1 + 0.2


@pytest.mark.parametrize("word", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_no_text_of_the_csv_is_a_formula(word: str) -> None:
    table = relations.of_runs([run(1, model=word)], 0.0)
    [head, row] = csv.reader(io.StringIO(table.as_csv(), newline=""))
    assert dict(zip(head, row, strict=True))["model"] == f"'{word}"
    assert "-5" in relations.of_runs([run(1, metrics={"m": -5})], 0.0).as_csv()

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.dashboard import sample_runs

Listed = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def some_runs(runs: Path) -> None:
    for number, status in enumerate(sample_runs.STATUSES * 2):
        sample_runs.make_run(runs, number, status)


def test_archived_runs_are_there_when_they_are_asked_for(runs: Path, listed: Listed) -> None:
    archived = sorted(path.name for path in runs.iterdir())[:2]
    for name in archived:
        (runs / name / "notes.json").write_text('{"archived": true}')
    hidden = listed()
    assert (hidden["total"], hidden["archived"], hidden["matching"]) == (12, 2, 12)
    assert not {one["id"] for one in hidden["runs"]} & set(archived)
    shown = listed(archived="1")
    assert (shown["total"], shown["archived"]) == (14, 0)
    only = listed(where="archived")
    assert sorted(one["id"] for one in only["runs"]) == archived
    assert listed(where='"a" in note')["archived"] == 2


def test_a_row_has_the_values_of_the_columns_that_are_asked_for(listed: Listed) -> None:
    names = ["config.training.epochs", "rows.train", "slices.payment_type=Cash.auc", "overrides"]
    rows = listed(column=[*names, "absent", "config.absent"])["runs"]
    assert all(list(row["values"]) == names for row in rows)
    assert {row["values"]["config.training.epochs"] for row in rows} == {sample_runs.EPOCHS}
    judged = [row for row in rows if row["metrics"]]
    assert len(judged) == 4
    assert all(0.8 < row["values"]["slices.payment_type=Cash.auc"] < 1 for row in judged)
    assert "config" not in rows[0] and listed()["runs"][0]["values"] == {}


def test_the_list_is_sorted_and_filtered_by_any_column(listed: Listed) -> None:
    by = "slices.payment_type=Cash.auc"
    rows = listed(sort=f"-{by}", column=[by], where='slices["payment_type=Cash"].auc > 0')["runs"]
    values = [row["values"][by] for row in rows]
    assert len(values) == 4 and values == sorted(values, reverse=True)
    assert listed(where="config.training.epochs == 12 and rows.test > 1502")["matching"] == 14


def column(rows: list[dict[str, Any]], group: str, name: str) -> list[Any]:
    return [row[group].get(name) for row in rows]


@pytest.mark.parametrize("sign", ["", "-"])
def test_sorting_by_a_metric_puts_runs_without_it_last(sign: str, listed: Listed) -> None:
    values = column(listed(sort=f"{sign}metrics.auc")["runs"], "metrics", "AUC")
    there = [value for value in values if value is not None]
    assert len(there) == 4
    assert values == sorted(there, reverse=bool(sign)) + [None] * 10


@pytest.mark.parametrize(
    ("sort", "value"),
    [
        ("status", lambda row: row["status"]),
        ("-model", lambda row: row["model"]),
        ("id", lambda row: row["id"]),
        ("hyperparameters.units", lambda row: row["hyperparameters"]["units"]),
        ("started", lambda row: row["started"]),
    ],
)
def test_sorting(sort: str, value: Callable[[dict[str, Any]], Any], listed: Listed) -> None:
    values = [value(row) for row in listed(sort=sort)["runs"]]
    assert values == sorted(values, reverse=sort.startswith("-"))


def test_sorting_by_mixed_types_does_not_fail(runs: Path, listed: Listed) -> None:
    for number, units in enumerate(["many", [1], {"a": 1}, None, True]):
        sample_runs.make_run(runs, 20 + number, hyperparameters={"units": units})
    assert listed(sort="units")["matching"] == 19


def test_an_unknown_column_is_told(listed: Listed) -> None:
    error = listed(sort="metrics.acu")["error"]
    assert error["headline"] == "No run has a column metrics.acu to sort by"
    assert error["detail"] == "Did you mean metrics.AUC?"


def test_words_are_searched_in_notes_and_names(runs: Path, listed: Listed) -> None:
    [pushed, _] = listed(where='status == "pushed"')["runs"]
    notes = {"tags": ["Candidate"], "note": "More Dropout"}
    (runs / pushed["id"] / "notes.json").write_text(json.dumps(notes))
    for text in ("candidate", "dropout more", pushed["id"], pushed["commit"][:12]):
        assert [row["id"] for row in listed(text=text)["runs"]] == [pushed["id"]], text
    assert listed(text="candidate failed")["matching"] == 0
    assert listed(text="build_model")["matching"] == 2


def test_words_are_searched_in_archived_runs_once_these_are_asked_for(
    runs: Path, listed: Listed
) -> None:
    archived = min(path.name for path in runs.iterdir())
    (runs / archived / "notes.json").write_text('{"archived": true}')
    assert listed(text=archived)["matching"] == 0
    assert listed(text=archived, archived="1")["matching"] == 1


def test_a_part_of_the_list(listed: Listed) -> None:
    every = [row["id"] for row in listed()["runs"]]
    answer = listed(offset=5, limit=3)
    assert [row["id"] for row in answer["runs"]] == every[5:8]
    assert (answer["matching"], answer["total"], answer["running"]) == (14, 14, 2)
    assert listed(offset="x", limit="-1")["runs"]
    assert listed(offset=99)["runs"] == []


def test_the_columns_that_there_are(listed: Listed) -> None:
    columns = listed()["columns"]
    assert columns["hyperparameters"] == ["dropout", "hidden_layers", "learning_rate", "units"]
    assert "AUC" in columns["metrics"]

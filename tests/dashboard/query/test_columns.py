"""The names by which a run's values are found."""

from __future__ import annotations

import pytest

from dashboard.query.columns import FIELDS, Columns
from dashboard.records.runs import Run

NEW = Run(
    "new",
    "pushed",
    metrics={"AUC": 0.9, "loss": 0.2},
    hyperparameters={"units": 64},
    slices={"day=1.AUC": 0.8},
    config={"training.epochs": 12, "label": "tips"},
    rows={"train": 100},
)
OLD = Run("old", "failed", metrics={"auc": 0.8, "Loss": None}, hyperparameters={"loss": "mse"})
COLUMNS = Columns([NEW, OLD])


@pytest.mark.parametrize(
    ("name", "new", "old"),
    [
        ("status", "pushed", "failed"),
        ("AUC", 0.9, 0.8),
        ("auc", 0.9, 0.8),
        ("metrics.Auc", 0.9, 0.8),
        ("loss", 0.2, None),
        ("hyperparameters.loss", None, "mse"),
        ("Hyperparameters.UNITS", 64, None),
        ("slices.DAY=1.auc", 0.8, None),
        ("config.training.epochs", 12, None),
        ("training.epochs", 12, None),
        ("rows.train", 100, None),
    ],
)
def test_a_name_finds_its_value_in_any_spelling(name: str, new: object, old: object) -> None:
    get = COLUMNS.find(name)
    assert get is not None and (get(NEW, 0.0), get(OLD, 0.0)) == (new, old)


@pytest.mark.parametrize(
    "name", ["", "aucc", "metrics.", "metrics.units", "other.auc", "label", "day=1.auc"]
)
def test_what_no_run_has_is_not_found(name: str) -> None:
    assert COLUMNS.find(name) is None


@pytest.mark.parametrize(
    ("name", "close"),
    [
        ("aucc", "AUC"),
        ("unit", "units"),
        ("statsu", "status"),
        ("metrics.los", "metrics.loss"),
        ("hyperparameters.uints", "hyperparameters.units"),
        ("training.epoch", "training.epochs"),
        ("rows.trian", "rows.train"),
        ("xyz", None),
    ],
)
def test_a_slip_finds_the_name_that_was_meant(name: str, close: str | None) -> None:
    assert COLUMNS.close(name) == close


def test_each_name_is_offered_once_as_it_is_spelled_first() -> None:
    assert COLUMNS.names("metrics") == ["AUC", "loss"]
    assert COLUMNS.names("hyperparameters") == ["loss", "units"]
    with pytest.raises(KeyError):
        COLUMNS.names("other")


def test_made_up_columns_are_not_all_offered() -> None:
    many = Run("a", "pushed", metrics={f"m{number:03}": 1.0 for number in range(300)})
    columns = Columns([many])
    assert len(columns.names("metrics")) == 200
    assert columns.find("m299") is not None


def test_a_field_hides_a_metric_of_its_name() -> None:
    columns = Columns([Run("a", "pushed", metrics={"status": 1.0})])
    assert columns.find("status") is FIELDS["status"]
    get = columns.find("metrics.status")
    assert get is not None and get(Run("a", "pushed", metrics={"status": 1.0}), 0.0) == 1.0

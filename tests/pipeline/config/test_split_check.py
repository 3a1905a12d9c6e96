"""What is said of the splits before a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components import tables
from models.common.errors import DataError
from pipeline.config import model_files, split_check
from pipeline.config.model_config import ModelConfig


def check(root: Path, splits: dict[str, Any], path: str = "data") -> tuple[str, ...]:
    config = ModelConfig.model_validate(
        {
            "data": {"path": path},
            "label": "y",
            "splits": splits,
            "evaluation": {"metrics": {"AUC": {"at_least": 0}}},
        }
    )
    source = model_files.table_source(config, root)
    return split_check.check("m", config, source, tables.scan(source), root)


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def table(rows: int, first: int = 0) -> str:
    lines = (f"{n % 30},2025-01-{n % 28 + 1:02},{n},{n % 2}" for n in range(first, first + rows))
    return "user,day,x,y\n" + "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize(
    "splits",
    [
        {},
        {"by": "user"},
        {"by": ["user", "day"]},
        {"time": {"column": "day"}},
        {"time": {"column": "x", "eval_from": 100, "test_from": 150}},
        {"given": {"train": "t.csv", "eval": "v/*.csv", "test": "u"}},
    ],
)
def test_what_can_be_split_passes(tmp_path: Path, splits: dict[str, Any]) -> None:
    write(tmp_path, "data/t.csv", table(200))
    if "given" in splits:
        write(tmp_path, "data/v/x.csv", table(10, 200))
        write(tmp_path, "data/u/x.csv", table(10, 300))
    assert check(tmp_path, splits) == ()


@pytest.mark.parametrize(
    ("splits", "text", "more"),
    [
        ({}, "y,x\n" + "1,2\n3,4\n" * 500, "1,000 rows, but 2 distinct"),
        ({"by": ["y"]}, table(200), "200 rows, but 2 distinct groups"),
        ({"time": {"column": "y"}}, table(200), "Received: 2 in 200 rows"),
        ({"time": {"column": "day", "format": "%d.%m.%Y"}}, table(200), "Expected: a time as %d"),
        (
            {"time": {"column": "day", "eval_from": "2025-02-01", "test_from": "2025-03-01"}},
            table(200),
            "train 200, eval 0, test 0",
        ),
        (
            {"given": {"train": "t.csv", "eval": "t.csv", "test": "t.csv"}},
            table(10),
            "train and eval, by splits.given",
        ),
        (
            {"given": {"train": "t.csv", "eval": "e.csv", "test": "t.csv"}},
            table(10),
            "data has: t.csv",
        ),
    ],
)
def test_what_cannot_is_refused(
    tmp_path: Path, splits: dict[str, Any], text: str, more: str
) -> None:
    write(tmp_path, "data/t.csv", text)
    with pytest.raises(DataError) as caught:
        check(tmp_path, splits)
    assert more in caught.value.detail and caught.value.remedy


def test_splits_that_are_mixed_anew_are_told(tmp_path: Path) -> None:
    for name in ("train", "test"):
        write(tmp_path, f"data/{name}.csv", table(100))
    [notice] = check(tmp_path, {})
    assert "splits.given keeps them" in notice


def test_what_is_worth_to_know_is_told(tmp_path: Path) -> None:
    rows = table(200).replace("\n5,", "\n,")
    for day in (1, 2):
        write(tmp_path, f"data/{day}/t.csv", rows)
    spans, missing = check(tmp_path, {"by": ["user"]}, "data/{SPAN}/*.csv")
    assert spans == "Spans read: 2."
    assert missing.startswith("7 of 200 rows have no value in 'user'")
    given = {"train": "1", "eval": "2", "test": "3"}
    write(tmp_path, "data/2/t.csv", table(10, 195))
    write(tmp_path, "data/3/t.csv", table(10, 205))
    [again] = check(tmp_path, {"given": given})
    assert again == "5 rows of the split 'eval' are in an earlier split too, by splits.given."


@pytest.mark.parametrize("number", ["{}", "{}.5", "1844674407370955{:04}"])
def test_rows_that_only_their_last_digits_tell_apart_are_told_so(
    tmp_path: Path, number: str
) -> None:
    rows = (f"{number.format(n + 10**12 if len(number) < 6 else n)},{n % 2}\n" for n in range(300))
    write(tmp_path, "data/t.csv", "x,y\n" + "".join(rows))
    if number == "{}":  # Whole numbers of 64 bits stay as they are.
        assert check(tmp_path, {}) == ()
        return
    with pytest.raises(DataError, match="In 'x' numbers are equal that are not in the file"):
        check(tmp_path, {})

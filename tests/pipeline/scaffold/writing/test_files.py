"""The Python files, and that they say what was found."""

from __future__ import annotations

import ast
import random
from pathlib import Path
from typing import Any

import pytest

from pipeline.scaffold.inference.proposal import Proposal
from pipeline.scaffold.writing import budget, files
from tests.pipeline.scaffold import tables

N = 200
_DRAW = random.Random(12)


def code(proposal: Proposal) -> dict[str, str]:
    found = files.code("flats", proposal, budget.for_rows(proposal.rows))
    for text in found.values():
        ast.parse(text)
    return found


def features(proposal: Proposal) -> dict[str, Any]:
    found: dict[str, Any] = {}
    exec(code(proposal)["features.py"], found)
    return found


def test_features_say_which_column_is_what(tmp_path: Path) -> None:
    found = tables.proposal(tmp_path, tables.mixed(), "dear")
    said = features(found)
    assert said["NUMBERS"] == ("size (cm)",) and said["BOOLEANS"] == ("sold",)
    assert said["DATES"] == {"day": ("%d.%m.%Y",)}
    assert said["CATEGORIES"] == ("colour", "rooms") and said["TEXTS"] == ("advert",)
    assert sorted(said["INPUTS"]) == sorted(found.inputs)
    assert said["LABEL"] == "dear" and "VECTORS" not in said
    text = code(found)["features.py"]
    assert "#   country: constant" in text and "#   number of row: identifier" in text


@pytest.mark.parametrize(
    ("label", "expression"),
    [
        ([("no", "yes")[n % 2] for n in range(N)], "tf.strings.strip(fill_missing("),
        ([n % 2 for n in range(N)], "numbers(inputs, (features.LABEL,))[:, 0]"),
        ([1 + n % 3 for n in range(N)], "tf.strings.as_string(fill_missing("),
        ([f"{1 + n % 3}.0" for n in range(N)], "tf.strings.as_string(tf.cast("),
        ([("Yes", "no", "yes")[n % 3] for n in range(N)], "booleans(inputs, (features.LABEL,))"),
        ([_DRAW.random() for _ in range(N)], "numbers(inputs, (features.LABEL,))[:, 0]"),
        ([f"${n % 90},000" for n in range(N)], "numbers(inputs, (features.LABEL,))[:, 0]"),
    ],
)
def test_the_label_becomes_what_the_task_needs(
    tmp_path: Path, label: list[Any], expression: str
) -> None:
    columns = {"x": [_DRAW.random() for _ in range(N)], "y": label}
    text = code(tables.proposal(tmp_path, columns, "y"))["preprocessing.py"]
    assert f"features.LABEL: {expression}" in text


def test_numbers_of_a_quantity_are_in_its_features(tmp_path: Path) -> None:
    columns = {"x": [_DRAW.random() for _ in range(N)], "y": [n + 0.5 for n in range(N)]}
    said = features(tables.proposal(tmp_path, columns, "y"))
    assert said["LABEL_MEAN"] == 100 and said["LABEL_STD"] == pytest.approx(57.734, rel=1e-4)


def test_several_labels_have_a_name_together(tmp_path: Path) -> None:
    columns = {
        "labels": [_DRAW.random() for _ in range(N)],
        "a": [n % 2 for n in range(N)],
        "b": [n // 2 % 2 for n in range(N)],
    }
    said = features(tables.proposal(tmp_path, columns, "a", "b"))
    assert said["LABEL"] == "labels_" and said["LABELS"] == ("a", "b")


def test_arrays(tmp_path: Path) -> None:
    columns: dict[str, list[Any]] = {
        f"pixel{p}": [_DRAW.randint(0, 9) for _ in range(N)] for p in range(1, 26)
    }
    found = tables.proposal(tmp_path, {**columns, "y": [n % 2 for n in range(N)]}, "y")
    said = features(found)
    assert said["VECTORS"] == {"pixel": tuple(columns)} and said["INPUTS"] == tuple(columns)
    assert 'inputs["vectors_xf"]' in code(found)["model.py"]

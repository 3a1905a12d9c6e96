"""Runs of columns that are one array."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from pipeline.scaffold.inference import kinds, vectors
from tests.pipeline.scaffold import tables

_DRAW = random.Random(7)


def pixels(names: list[str]) -> dict[str, list[Any]]:
    return {name: [_DRAW.randint(0, 255) for _ in range(30)] for name in names}


@pytest.mark.parametrize(
    ("names", "vector"),
    [
        ([f"pixel{n}" for n in range(1, 26)], "pixel"),
        ([f"pixel_{x}_{y}" for x in range(5) for y in range(5)], "pixel"),
        ([f"band {n}" for n in range(16)], "band"),
        ([f"v{n}" for n in range(64)], "v"),
        ([f"v{n}" for n in range(28)], None),
        ([f"pixel{n}" for n in range(12)], None),
        ([f"pixel{n}" for n in (*range(20), 25)], None),
    ],
)
def test_runs(tmp_path: Path, names: list[str], vector: str | None) -> None:
    columns = pixels(names)
    columns[names[0]] = [0] * 30  # A corner that is always black.
    table = tables.read(tmp_path, {**columns, "y": [n % 2 for n in range(30)]}, "y")
    choices = {name: kinds.choose(table.columns[name]) for name in names}
    found = vectors.together(table, choices)
    assert {choice.vector for choice in found.values()} == {vector or ""}
    if vector:
        assert {choice.kind for choice in found.values()} == {"vector"}
    else:
        assert found == choices


def test_columns_of_many_scales_are_no_array(tmp_path: Path) -> None:
    columns = {f"v{n}": [_DRAW.random() * 3**n for _ in range(30)] for n in range(64)}
    table = tables.read(tmp_path, columns)
    choices = {name: kinds.choose(one) for name, one in table.columns.items()}
    assert vectors.together(table, choices) == choices

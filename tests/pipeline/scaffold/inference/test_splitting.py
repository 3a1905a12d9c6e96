"""How a table asks to be split."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.scaffold.inference import kinds, splitting
from pipeline.scaffold.inference.kinds import Choice
from pipeline.scaffold.reading.profile import TableProfile
from tests.pipeline.scaffold import tables

_DRAW = random.Random(8)
N = 400
DAYS = [f"2024-{1 + n * 12 // N:02}-{1 + n % 28:02}" for n in range(N)]
USERS = [f"u{_DRAW.randint(0, 99)}" for _ in range(N)]


def look(folder: Path, columns: dict[str, Any]) -> tuple[TableProfile, dict[str, Choice]]:
    table = tables.read(folder, {**columns, "y": [n % 2 for n in range(N)]}, "y")
    return table, {name: kinds.choose(one) for name, one in table.columns.items() if name != "y"}


@pytest.mark.parametrize(
    ("columns", "ways"),
    [
        ({"size": [n * 1.5 for n in range(N)]}, [("rows", "")]),
        ({"day": DAYS}, [("time", "day"), ("rows", "")]),
        ({"date_of_birth": DAYS}, [("rows", "")]),
        ({"day": [*DAYS[:-1], None]}, [("rows", "")]),
        ({"user": USERS}, [("by", "user"), ("rows", "")]),
        ({"day": DAYS, "user": USERS}, [("by", "user"), ("time", "day"), ("rows", "")]),
        (
            {"day": DAYS, "code_no": [f"x{n % 99}" for n in range(N)]},
            [("time", "day"), ("by", "code_no"), ("rows", "")],
        ),
        ({"dep": [100 * (n % 24) + n % 60 for n in range(N)]}, [("rows", "")]),
    ],
)
def test_ways(tmp_path: Path, columns: dict[str, Any], ways: list[tuple[str, str]]) -> None:
    found = splitting.ways(*look(tmp_path, columns))
    assert [(way.way, way.column) for way in found] == ways


def test_times_in_one_other_format_are_split_by_it(tmp_path: Path) -> None:
    days = [f"{1 + n % 28:02}.{1 + n * 12 // N:02}.2024" for n in range(N)]
    found = splitting.ways(*look(tmp_path, {"day": days}))[0]
    assert found.format == "%d.%m.%Y"


@pytest.mark.parametrize(
    ("way", "column", "message"),
    [("time", "mixed", "several ways"), ("time", "gap", "no value"), ("by", "two", "3 are needed")],
)
def test_what_rows_cannot_be_split_by(
    tmp_path: Path, way: splitting.Way, column: str, message: str
) -> None:
    columns = {
        "mixed": [day if n % 2 else f"{day[8:]}.{day[5:7]}.2024" for n, day in enumerate(DAYS)],
        "gap": [None, *DAYS[1:]],
        "two": [n % 2 for n in range(N)],
    }
    table, choices = look(tmp_path, columns)
    with pytest.raises(ValueError, match=message):
        splitting.by_column(table, choices, way, column)


def test_moments_are_in_the_order_of_time(tmp_path: Path) -> None:
    table, _ = look(tmp_path, {"day": ["03.01.2024", "2023-12-31", "soon", None, *DAYS[4:]]})
    choice = Choice("day", "date", "", formats=("%Y-%m-%d", "%d.%m.%Y"))
    found = splitting.moments(table.columns["day"], choice)
    assert found[0] > found[1] and np.isnan(found[2:4]).all()


@pytest.mark.parametrize(("rows", "shares"), [(20, (2, 1, 1)), (200, (6, 2, 2)), (2000, (8, 1, 1))])
def test_more_of_a_small_table_is_judged(
    tmp_path: Path, rows: int, shares: tuple[int, int, int]
) -> None:
    table = tables.read(tmp_path, {"x": range(rows), "y": [n % 2 for n in range(rows)]}, "y")
    assert splitting.ways(table, {})[-1].shares == shares

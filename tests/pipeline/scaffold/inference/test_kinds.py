"""Columns, and what each is taken for."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from components.tables import TableSource
from pipeline.scaffold.inference import kinds
from pipeline.scaffold.reading import profile
from tests.pipeline.scaffold import tables

_DRAW = random.Random(3)
N = 400
WORDS = ["good", "bad", "film", "with", "a", "plot", "slow", "and", "great", "acting"]


def times(count: int, values: list[Any]) -> list[Any]:
    return (values * (count // len(values) + 1))[:count]


COLUMNS: list[tuple[str, list[Any], str]] = [
    ("size", [round(_DRAW.gauss(0, 1), 3) for _ in range(N)], "number"),
    ("miles", [_DRAW.randint(0, 5000) for _ in range(N)], "number"),
    ("built", [_DRAW.randint(1900, 2024) for _ in range(N)], "number"),
    ("year", times(N, [2007, 2008, 2009]), "number"),
    ("price", [f"${_DRAW.randint(1, 9)},{_DRAW.randint(100, 999)}.50" for _ in range(N)], "number"),
    ("share", [f"{_DRAW.randint(0, 99)} %" for _ in range(N)], "number"),
    ("gap", times(N, [1.5, 2.25, None, 7.125, "NA"]), "number"),
    ("rooms", times(N, [1, 2, 3, 4, 5]), "code"),
    ("hour", times(N, list(range(24))), "code"),
    ("community_area", times(N, list(range(40))), "code"),
    ("zip", times(N, [f"0{n}" for n in range(1000, 1030)]), "code"),
    ("flag", times(N, [0, 1]), "boolean"),
    ("flag2", times(N, ["Yes", "no"]), "boolean"),
    ("flag3", times(N, ["TRUE", "False", None]), "boolean"),
    ("flag4", times(N, ["t", "f"]), "boolean"),
    ("colour", times(N, ["red", "green", "blue", None]), "category"),
    ("only when true", times(N, ["x", None]), "category"),
    ("sex", times(N, ["male", "female"]), "category"),
    ("day", [f"2024-{1 + n % 12:02}-{1 + n % 28:02}" for n in range(N)], "date"),
    ("day2", [f"{1 + n % 28}.{1 + n % 12}.2024" for n in range(N)], "date"),
    ("when", [f"2024-01-{1 + n % 28:02}T{n % 24:02}:00:00Z" for n in range(N)], "date"),
    ("yyyymmdd", [20240101 + n % 28 for n in range(N)], "date"),
    ("timestamp", [1_700_000_000 + 977 * _DRAW.randint(0, 9999) for _ in range(N)], "date"),
    ("dep", [100 * _DRAW.randint(0, 23) + _DRAW.randint(0, 59) for _ in range(N)], "date"),
    ("review", [" ".join(_DRAW.choices(WORDS, k=9)) for _ in range(N)], "text"),
    ("sample_number", list(range(1, N + 1)), "identifier"),
    ("shuffled", _DRAW.sample(range(1, N + 1), N), "identifier"),
    ("passenger_id", _DRAW.sample(range(10**6, 10**9), N), "identifier"),
    ("uuid", [f"{_DRAW.getrandbits(64):x}" for _ in range(N)], "identifier"),
    ("user_id", times(N, list(range(100, 200))), "group"),
    ("customer", times(N, [f"c{n}" for n in range(100)]), "group"),
    ("userId", times(N, list(range(5000, 5080))), "group"),
    ("country", ["NL"] * N, "constant"),
    ("seven", [7] * N, "constant"),
    ("nothing", [None] * N, "left out"),
    ("rarely", [5 if n % 100 == 0 else None for n in range(N)], "left out"),
    ("comma", [f"{n % 50},{n % 10}5" for n in range(N)], "left out"),
]


@pytest.mark.parametrize(("name", "values", "kind"), COLUMNS, ids=[name for name, *_ in COLUMNS])
def test_kinds(tmp_path: Path, name: str, values: list[Any], kind: str) -> None:
    found = kinds.choose(tables.column(tmp_path, name, values))
    assert found.kind == kind, found
    assert found.why and found.is_input == (kind in kinds.INPUT_KINDS)
    assert bool(found.formats) == (kind == "date")


@pytest.mark.parametrize(
    ("values", "formats"),
    [
        ([f"{1 + n % 12}/{1 + n % 28}/2024" for n in range(N)], ("%m/%d/%Y",)),
        ([20240101 + n % 28 for n in range(N)], ("%Y%m%d",)),
        (["2024-01-31" if n % 3 else f"{n % 28 + 1}.12.2023 10:30" for n in range(N)],
         ("%d.%m.%Y %H:%M", "%Y-%m-%d")),
    ],
)  # fmt: skip
def test_formats_of_dates(tmp_path: Path, values: list[Any], formats: tuple[str, ...]) -> None:
    found = kinds.choose(tables.column(tmp_path, "day", values))
    assert set(found.formats) == set(formats)


def test_a_date_that_can_be_read_in_two_ways_is_told(tmp_path: Path) -> None:
    values = [f"0{1 + n % 9}/0{1 + n % 7}/2024" for n in range(N)]
    found = kinds.choose(tables.column(tmp_path, "day", values))
    assert found.formats == ("%d/%m/%Y",) and "not %m/%d/%Y" in found.notes[0]


@pytest.mark.parametrize(
    ("name", "kind", "possible"),
    [
        ("size", "category", True), ("size", "date", False), ("size", "boolean", False),
        ("size", "text", False), ("colour", "number", False), ("colour", "text", True),
        ("colour", "left out", True), ("sample_number", "number", True), ("day", "category", True),
        ("nothing", "number", False), ("nothing", "identifier", True), ("flag2", "boolean", True),
        ("timestamp", "date", True), ("colour", "vector", False), ("user_id", "category", True),
    ],
)  # fmt: skip
def test_what_a_column_can_be_said_to_be(
    tmp_path: Path, name: str, kind: kinds.Kind, possible: bool
) -> None:
    values = next(values for column, values, _ in COLUMNS if column == name)
    found = kinds.as_kind(tables.column(tmp_path, name, values), kind)
    assert (found is not None) == possible
    assert found is None or found.kind == kind


def test_lists(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    lists = {
        "even": [[1.0, 2.0]] * 4,
        "ragged": [[1.0], [1.0, 2.0]] * 2,
        "texts": [["a", "b"]] * 4,
        "maps": pa.array([[("a", 1)]] * 4, pa.map_(pa.string(), pa.int64())),
    }
    pyarrow.parquet.write_table(pa.table(lists), path)
    table = profile.read(TableSource(str(path), "parquet"), [])
    found = {name: kinds.choose(column).kind for name, column in table.columns.items()}
    assert found == {
        "even": "vector",
        "ragged": "left out",
        "texts": "left out",
        "maps": "left out",
    }

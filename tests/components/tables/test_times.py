"""Times in a column: their order, and what is no time."""

from __future__ import annotations

import datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.tables import times
from models.common.errors import DataError


def in_order(array: pa.Array, format: str | None = None) -> list[Any]:
    return list(times.values(array, "when", format, "t.csv"))


@given(st.lists(st.datetimes(), max_size=6))
def test_text_is_in_the_order_of_time(moments: list[datetime.datetime]) -> None:
    found = in_order(pa.array([moment.isoformat() for moment in moments], pa.string()))
    assert sorted(moments) == [moment for _, moment in sorted(zip(found, moments, strict=True))]
    assert len(set(found)) == len(set(moments))


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2025-01-31", "2025-01-31T00:00"),
        ("2025-01-31 13:05:00Z", "2025-01-31T14:05:00+01:00"),
        ("2025-01-31 13:05:00.1", "2025-01-31T13:05:00,100000000+0000"),
    ],
)
def test_times_that_are_the_same(text: str, same: str) -> None:
    assert times.parse(text) == times.parse(same) is not None


@pytest.mark.parametrize(
    "text", ["", "31.01.2025", "2025-02-30", "2025-1-3", "now", "2025-01-31 25:00"]
)
def test_text_that_is_no_time(text: str) -> None:
    assert times.parse(text) is None


def test_a_format_of_ones_own() -> None:
    assert in_order(pa.array(["02.01.2025", "01.02.2025"]), "%d.%m.%Y") == [
        times.parse("2025-01-02"),
        times.parse("2025-02-01"),
    ]


@pytest.mark.parametrize(
    "array",
    [
        pa.array([3, 1, 2]),
        pa.array([3.5, 1.5, 2.5]),
        pa.array([[3], [1], [2]]),
        pa.array(["2025-03-01", "2025-01-01", "2025-02-01"]),
        pa.array([[b"2025-03-01"], [b"2025-01-01"], [b"2025-02-01"]]),
    ],
)
def test_every_type_of_column(array: pa.Array) -> None:
    third, first, second = in_order(array)
    assert first < second < third


@pytest.mark.parametrize(
    ("array", "headline"),
    [
        (pa.array([1, None]), "t.csv: 1 of 2 rows have no time in 'when'"),
        (pa.array([float("nan"), 1.0]), "t.csv: 1 of 2 rows have no time in 'when'"),
        (pa.array(["2025-01-01", None]), "t.csv: 1 of 2 rows have no time in 'when'"),
        (pa.array([[1], []]), "t.csv: 1 of 2 rows have no time in 'when'"),
        (pa.nulls(2), "t.csv: 2 of 2 rows have no time in 'when'"),
        (pa.array(["2025-01-01", "soon"]), "t.csv: row 2 has no time in 'when' that can be read"),
        (pa.array([[1], [1, 2]]), "t.csv: row 2 has several times in 'when'"),
    ],
)
def test_a_row_without_a_time_is_told(array: pa.Array, headline: str) -> None:
    with pytest.raises(DataError) as caught:
        in_order(array)
    assert caught.value.headline == headline


@pytest.mark.parametrize(
    ("value", "column", "format", "cut"),
    [
        (5, pa.int64(), None, 5),
        ("5", pa.float64(), None, 5.0),
        ("2025-01-31", pa.string(), None, times.parse("2025-01-31")),
        ("31.01.2025", pa.string(), "%d.%m.%Y", times.parse("2025-01-31")),
        ("2025-01-31", pa.list_(pa.binary()), "%d.%m.%Y", times.parse("2025-01-31")),
        (2025, pa.string(), "%Y", times.parse("2025-01-01")),
    ],
)
def test_a_cut_is_comparable(value: Any, column: pa.DataType, format: str | None, cut: Any) -> None:
    assert times.cut(value, "splits.time.eval_from", column, format) == cut


@pytest.mark.parametrize(("value", "column"), [("2025-01-31", pa.int64()), (5, pa.string())])
def test_a_cut_of_another_kind_is_told(value: Any, column: pa.DataType) -> None:
    with pytest.raises(DataError, match="eval_from is no time of the column"):
        times.cut(value, "splits.time.eval_from", column, None)

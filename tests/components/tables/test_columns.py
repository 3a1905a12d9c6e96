"""What is known of a column, batch by batch."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.tables import columns
from components.tables.columns import Column, ColumnType, TableSummary

TYPES: tuple[ColumnType | None, ...] = (None, "INT", "FLOAT", "STRING")
COLUMNS = st.builds(
    Column,
    st.just("c"),
    st.sampled_from(TYPES),
    st.booleans(),
    st.integers(0, 5),
    st.lists(st.integers(0, 3), max_size=2, unique=True).map(tuple),
)


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ([None], None),
        ([None, "INT"], "INT"),
        (["FLOAT", "INT"], "FLOAT"),
        (["INT", "STRING"], "STRING"),
        (["STRING", None, "FLOAT"], "STRING"),
    ],
)
def test_widest(types: list[ColumnType | None], expected: ColumnType | None) -> None:
    assert columns.widest(*types) == expected


@pytest.mark.parametrize(
    ("least", "expected"),
    [
        (None, ["INT", "FLOAT", "STRING"]),
        ("INT", ["INT", "FLOAT", "STRING"]),
        ("FLOAT", ["FLOAT", "STRING"]),
        ("STRING", ["STRING"]),
    ],
)
def test_wider_or_same(least: ColumnType | None, expected: list[ColumnType]) -> None:
    assert columns.wider_or_same(least) == expected


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array([3, 3, 5, 7]), Column("c", "INT", values=(3, 5))),
        (pa.array([None, 3, None]), Column("c", "INT", missing=2, values=(3,))),
        (pa.nulls(2), Column("c", "INT", missing=2)),
        (pa.array([[3], [], None, [5]]), Column("c", "INT", missing=2, values=(3, 5))),
        (pa.array([[3], [5, 7]]), Column("c", "INT", is_list=True)),
        (pa.array([[1, 2]], pa.large_list(pa.int64())), Column("c", "INT", is_list=True)),
        (pa.array([], pa.int64()), Column("c", "INT")),
        (pa.array([], pa.list_(pa.int64())), Column("c", "INT")),
    ],
)
def test_observe(array: pa.Array, expected: Column) -> None:
    assert columns.observe("c", array, "INT") == expected


def test_two_distinct_values_are_enough() -> None:
    assert columns.observe("c", pa.array([7, 8]), "INT", known=(1, 2)).values == ()
    assert columns.observe("c", pa.array([7, 8]), "INT", known=(1,)).values == (7, 8)


@pytest.mark.parametrize(
    ("column", "constant"),
    [
        (Column("c", "INT", values=(1,)), True),
        (Column("c", None, missing=3), True),
        (Column("c", "INT", values=(1, 2)), False),
        (Column("c", "INT", missing=1, values=(1,)), False),
        (Column("c", "INT", is_list=True), False),
    ],
)
def test_constant(column: Column, constant: bool) -> None:
    assert column.constant is constant


@given(COLUMNS, COLUMNS)
def test_merged_columns_hold_both(first: Column, second: Column) -> None:
    both = first.merged(second)
    assert both.name == "c"
    assert both.type == columns.widest(first.type, second.type)
    assert both.is_list is (first.is_list or second.is_list)
    assert both.missing == first.missing + second.missing
    distinct = {*first.values, *second.values}
    assert len(both.values) == min(2, len(distinct)) and set(both.values) <= distinct


@given(st.lists(st.none() | st.integers(0, 3), min_size=1, max_size=12), st.data())
def test_any_batches_of_the_same_rows_say_the_same(values: list[Any], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(values)), max_size=3)))
    bounds = [0, *cuts, len(values)]
    batches = [
        columns.observe("c", pa.array(values[a:b], pa.int64()), "INT")
        for a, b in itertools.pairwise(bounds)
    ]
    whole = columns.observe("c", pa.array(values, pa.int64()), "INT")
    assert functools.reduce(Column.merged, batches) == whole


def test_a_summary_finds_columns_and_their_types() -> None:
    summary = TableSummary(("t.csv",), 2, (Column("a", "INT"), Column("b", None)))
    assert summary.names == ("a", "b")
    assert summary.column("b") == Column("b", None)
    assert summary.types() == {"a": "INT", "b": None}
    assert summary.types({"a": "FLOAT", "b": "STRING", "x": "INT"}) == {"a": "FLOAT", "b": "STRING"}
    narrower = TableSummary(("t.csv",), 2, (Column("a", "STRING"),))
    assert narrower.types({"a": "INT"}) == {"a": "STRING"}

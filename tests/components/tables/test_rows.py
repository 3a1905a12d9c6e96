"""Rows in the form of examples: nothing lost, and a hash of content alone."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.tables.rows import row_hashes, to_lists

VALUES = st.none() | st.integers(-9, 9)


def batch(**columns: Any) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(columns)


@pytest.mark.parametrize(
    ("column", "kind", "values"),
    [
        (pa.array([1, None]), pa.int64(), [[1], []]),
        (pa.array([0.5, None]), pa.float32(), [[0.5], []]),
        (pa.array(["é", None]), pa.binary(), [["é".encode()], []]),
        (pa.array([b"\xff", b""]), pa.binary(), [[b"\xff"], [b""]]),
        (pa.array([[1, 2], None]), pa.int64(), [[1, 2], []]),
        (pa.array([[], ["x"]]), pa.binary(), [[], [b"x"]]),
        (pa.array([None, None], pa.float64()), pa.float32(), [[], []]),
    ],
)
def test_every_column_is_a_list_of_what_an_example_holds(
    column: pa.Array, kind: pa.DataType, values: list[Any]
) -> None:
    [found] = to_lists(batch(c=column)).columns
    assert found.type == pa.list_(kind)
    assert found.to_pylist() == values


def test_columns_are_sorted_and_those_without_a_type_left_out() -> None:
    rows = batch(b=pa.array([1]), a=pa.array([2]), n=pa.nulls(1), m=pa.array([[None]]))
    assert to_lists(rows).schema.names == ["a", "b"]


def hashes(**columns: Any) -> list[int]:
    return list(row_hashes(to_lists(batch(**columns))))


def test_a_rows_hash_is_the_same_in_every_run() -> None:
    # Another hash would put every row of every table into another split.
    assert hashes(a=pa.array([1, None]), b=pa.array(["x", "y"])) == [
        0x97616A4A473EE0C2,
        0x10ED9EFD9CCDACEC,
    ]


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=8))
def test_a_rows_hash_is_that_of_its_content(rows: list[tuple[int | None, int | None]]) -> None:
    a, b = (pa.array(column, pa.int64()) for column in zip(*rows, strict=True))
    found = hashes(a=a, b=b)
    assert found == hashes(b=b, a=a), "the order of columns is not content"
    assert found[1:] == hashes(a=a[1:], b=b[1:]), "neither are the rows before"
    assert len(set(found)) == len(set(rows)), "other rows have other hashes"

"""Lists of every kind become lists of one kind."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.tables.lists import relisted

Lists = list[list[int | None] | None]
LISTS = st.lists(st.none() | st.lists(st.none() | st.integers(0, 9), max_size=4), max_size=6)


@given(LISTS, st.sampled_from([pa.list_, pa.large_list]), st.booleans())
def test_lists_keep_their_values_and_lose_nulls_alone(
    lists: Lists, kind: Callable[[pa.DataType], pa.DataType], nulls: bool
) -> None:
    array = pa.array(lists, kind(pa.int64()))
    found = relisted(array, array.flatten(), nulls=nulls)
    assert found.type == pa.list_(pa.int64())
    assert found.to_pylist() == [
        None if items is None else [item for item in items if nulls or item is not None]
        for items in lists
    ]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_lists_of_one_length_become_lists(size: int) -> None:
    lists: Lists = [[None] + [7] * (size - 1), None, [0] * size]
    array = pa.array(lists, pa.list_(pa.int64(), size))
    assert relisted(array, array.flatten()).to_pylist() == lists


def test_lists_of_a_part_of_an_array_are_those_of_the_part() -> None:
    array = pa.array([[1], [2, 3], [], [4]])[1:]
    assert relisted(array, array.flatten()).to_pylist() == [[2, 3], [], [4]]

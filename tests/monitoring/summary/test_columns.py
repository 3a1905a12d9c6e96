"""Columns as flat values, of every form that a log can have them in."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.summary import columns

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("column", "dtype", "values", "lengths", "wrong"),
    [
        ([1, 2.5, None], "DT_FLOAT", [1, 2.5], [1, 1, 0], []),
        ([0.7], "DT_FLOAT", [float(np.float32(0.7))], [1], []),
        ([0.7], "DT_DOUBLE", [0.7], [1], []),
        ([[1.0], [2.0]], "DT_FLOAT", [1, 2], [1, 1], []),
        ([[1.0], 2, [], None], "DT_FLOAT", [1, 2], [1, 1, 0, 0], []),
        ([[[1.0], [2.0]], [3.0]], "DT_FLOAT", [1, 2, 3], [2, 1], []),
        ([NAN, INF, -INF], "DT_FLOAT", [INF, -INF], [0, 1, 1], []),
        ([1e300], "DT_FLOAT", [INF], [1], []),
        ([10**400, -(10**400)], "DT_FLOAT", [INF, -INF], [1, 1], []),
        (["3", 3], "DT_FLOAT", [3], [0, 1], [0]),
        (["NaN", None], "DT_FLOAT", [], [0, 0], [0]),
        ([True, 1], "DT_FLOAT", [1], [0, 1], [0]),
        ([True, False], "DT_BOOL", [1, 0], [1, 1], []),
        ([{"b64": "AA=="}], "DT_FLOAT", [], [0], [0]),
        ([[1, "x"], [2]], "DT_FLOAT", [2], [0, 1], [0]),
        ([[1, None], [NAN]], "DT_FLOAT", [1], [1, 0], []),
        ([3.0, 3.5, 4], "DT_INT64", [3, 4], [1, 0, 1], [1]),
        ([[3, 3.5], "x"], "DT_INT64", [], [0, 0], [0, 1]),
        ([], "DT_FLOAT", [], [], []),
        (pa.array([1.5, None]), "DT_FLOAT", [1.5], [1, 0], []),
        (pa.array([1, 2], pa.int32()), "DT_FLOAT", [1, 2], [1, 1], []),
        (pa.array([[1.0, 2.0], None, []]), "DT_FLOAT", [1, 2], [2, 0, 0], []),
        (pa.array(["3"]), "DT_FLOAT", [], [0], [0]),
        (pa.array([None, None]), "DT_FLOAT", [], [0, 0], []),
        (pa.array([True]), "DT_BOOL", [1], [1], []),
        (pa.array([True]), "DT_FLOAT", [], [0], [0]),
        (pa.chunked_array([[1.0], [2.0]]), "DT_FLOAT", [1, 2], [1, 1], []),
    ],
)
def test_numbers(
    column: Any, dtype: str, values: list[float], lengths: list[int], wrong: list[int]
) -> None:
    found = columns.numbers(column, dtype)
    assert found.values.tolist() == values
    assert found.lengths.tolist() == lengths
    assert np.flatnonzero(found.wrong).tolist() == wrong
    assert bool(found.examples) == bool(wrong)


@pytest.mark.parametrize(
    ("column", "dtype", "values", "lengths", "wrong"),
    [
        (["a", None, "b"], "DT_STRING", ["a", "b"], [1, 0, 1], []),
        (["", "a"], "DT_STRING", ["a"], [0, 1], []),
        ([["a", "b"], [], "c"], "DT_STRING", ["a", "b", "c"], [2, 0, 1], []),
        ([3, "a"], "DT_STRING", ["a"], [0, 1], [0]),
        ([{"b64": "YQ=="}, {"b64": "/w=="}], "DT_STRING", ["a", "/w=="], [1, 1], []),
        ([{"b64": 1}, {"b64": "a"}, {"c": 1}], "DT_STRING", [], [0, 0, 0], [0, 1, 2]),
        (["\ud800"], "DT_STRING", ["?"], [1], []),
        ([1, None, 2], "DT_INT64", ["1", "2"], [1, 0, 1], []),
        ([1.0, 1.5], "DT_INT64", ["1"], [1, 0], [1]),
        ([1.0, 1.5, NAN], "DT_FLOAT", ["1", "1.5"], [1, 1, 0], []),
        ([10**30], "DT_INT64", [str(10**30)], [1], []),
        (["1"], "DT_INT64", [], [0], [0]),
        ([True], "DT_BOOL", ["1"], [1], []),
        ([True], "DT_INT64", [], [0], [0]),
        (pa.array(["a", None]), "DT_STRING", ["a"], [1, 0], []),
        (pa.array(["a", "a"]).dictionary_encode(), "DT_STRING", ["a", "a"], [1, 1], []),
        (pa.array([["a"], []]), "DT_STRING", ["a"], [1, 0], []),
        (pa.array([7], pa.int64()), "DT_INT64", ["7"], [1], []),
        (pa.array([7], pa.int64()), "DT_STRING", [], [0], [0]),
        (pa.array([b"a"]), "DT_STRING", ["a"], [1], []),
        (pa.array([None, None]), "DT_STRING", [], [0, 0], []),
    ],
)  # fmt: skip
def test_texts(
    column: Any, dtype: str, values: list[str], lengths: list[int], wrong: list[int]
) -> None:
    found = columns.texts(column, dtype)
    assert list(map(str, found.values)) == values
    assert found.lengths.tolist() == lengths
    assert np.flatnonzero(found.wrong).tolist() == wrong


def test_empty_text_is_a_value_where_the_reference_has_it() -> None:
    assert columns.texts(["", "a"], "DT_STRING", empty=True).lengths.tolist() == [1, 1]


@pytest.mark.parametrize("column", [[[1, 2], [3], 4], pa.array([[1, 2], [3], [4]])])
def test_a_list_where_one_value_was_is_wrong(column: Any) -> None:
    for found in (
        columns.numbers(column, "DT_INT64", single=True),
        columns.texts(column, "DT_INT64", single=True),
    ):
        assert found.wrong.tolist() == [True, False, False]
        assert found.lengths.tolist() == [0, 1, 1]
        assert found.examples == ("[1, 2]",)


def test_examples_are_cut_and_do_not_depend_on_the_order() -> None:
    rows: list[Any] = ["x" * 100, "c", "a", "b", "a"]
    one, other = (columns.numbers(each, "DT_FLOAT") for each in (rows, rows[::-1]))
    assert one.examples == other.examples == ('"a"', '"b"', '"c"')
    assert len(columns.numbers(["x" * 100], "DT_FLOAT").examples[0]) == 40


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ([{"b64": "AA=="}, None, "x", 3, [], [1, None, 2]], [1, 0, 1, 1, 0, 2]),
        (pa.array([["a", None], None]), [1, 0]),
        (pa.array(["a", None]), [1, 0]),
    ],
)
def test_presence(column: Any, expected: list[int]) -> None:
    assert columns.presence(column).tolist() == expected


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@given(
    st.lists(_JSON, max_size=8),
    st.sampled_from(["DT_FLOAT", "DT_INT64", "DT_STRING", "DT_BOOL", "DT_DOUBLE"]),
    st.booleans(),
)
def test_each_row_is_missing_wrong_or_has_values(rows: list[Any], dtype: str, single: bool) -> None:
    for read in (columns.numbers, columns.texts, partial(columns.numbers, keep_nan=True)):
        found = read(rows, dtype, single)
        assert len(found.lengths) == len(found.wrong) == len(rows)
        assert len(found.values) == found.lengths.sum()
        assert not (found.wrong & (found.lengths > 0)).any()
        # Alone, a row is what it is among others.
        for number, row in enumerate(rows):
            alone = read([row], dtype, single)
            assert alone.wrong[0] == found.wrong[number]
            assert alone.lengths[0] == found.lengths[number]


@pytest.mark.parametrize("among", [[], ["text"]])
def test_a_place_within_a_list_stays(among: list[Any]) -> None:
    found = columns.numbers([[1, None, 3], None, *among], "DT_FLOAT", keep_nan=True)
    np.testing.assert_array_equal(found.values, [1, np.nan, 3, np.nan])
    assert found.lengths.tolist() == [3, 1, *(0 for _ in among)]


@pytest.mark.parametrize("row", [[None, None], [float("nan"), 1.0], [[], [None, 2]]])
@pytest.mark.parametrize("among", [[], ["text"], [True]])
def test_of_a_list_no_value_is_the_rows(row: list[Any], among: list[Any]) -> None:
    found = columns.numbers([row, *among], "DT_FLOAT", single=True)
    assert found.wrong[0] and not found.lengths[0]


_TEXTS = st.lists(st.none() | st.sampled_from(["", "a", "b", "ä"]), max_size=12)


@given(_TEXTS, st.booleans(), st.integers(0, 3))
def test_texts_are_the_same_with_a_dictionary(rows: list[Any], empty: bool, start: int) -> None:
    """As Parquet has them: a slice of a batch, whose dictionary has values of other rows too."""
    plain = columns.texts(rows[start:], "DT_STRING", empty=empty)
    typed = pa.array([*rows, "other"], pa.string()).dictionary_encode()[start:-1]
    for column in (typed, typed.cast(pa.string()), typed.cast(pa.large_string())):
        found = columns.texts(column, "DT_STRING", empty=empty)
        assert found.values.to_pylist() == plain.values.to_pylist()
        assert found.lengths.tolist() == plain.lengths.tolist()

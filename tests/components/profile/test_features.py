"""Features of every kind: numbers, categories, codes, lists, images; and the sample of rows."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.profile import distribution, features, format
from components.profile.features import Input
from components.profile.format import Feature
from tests.components.profile.examples import column

pytestmark = pytest.mark.tfx

NUMBER, WHOLE, TEXT = Input("DT_FLOAT", False), Input("DT_INT64", False), Input("DT_STRING", False)


def described(of: Input, values: list[Any], is_code: bool = False) -> Feature:
    return features.feature(of, column(values), is_code, 7)


def test_numbers_are_counted_and_missing_ones_too() -> None:
    found = described(NUMBER, [1.0, 2.5, None, 2.5])
    assert (found.kind, found.dtype, found.rows, found.missing) == ("number", "DT_FLOAT", 4, 1)
    assert found.numbers is not None and found.numbers.edges == (1.0, 2.5)
    assert found.numbers.counts == (1, 2, 0) and found.lengths is None and not found.categories


@pytest.mark.parametrize(
    ("values", "is_code", "kind"),
    [
        ([*range(7)] * 10, False, "category"),
        ([*range(500)] * 10, False, "number"),
        ([*range(500)] * 10, True, "category"),  # A vocabulary, such as of users.
        ([*range(20)], False, "number"),  # As many years as rows.
        ([7] * 5, False, "category"),
        ([None] * 5, False, "number"),
        ([], False, "number"),
    ],
)
def test_which_whole_numbers_are_codes(values: list[Any], is_code: bool, kind: str) -> None:
    found = described(WHOLE, values, is_code)
    assert found.kind == kind
    if found.categories:
        assert found.categories.counts == {str(v): n for v, n in Counter(values).items()}


def test_text_is_categories_and_bytes_are_opaque() -> None:
    found = described(TEXT, ["Tör", "a", "Tör", None])
    assert found.categories == format.Categories({"Tör": 2, "a": 1}) and found.missing == 1
    picture = described(TEXT, [b"\xff\xd8\xff", b"\xff", None])
    assert (picture.kind, picture.categories, picture.missing) == ("opaque", None, 1)
    assert described(TEXT, ["novel " * 1_000]).kind == "opaque"
    assert described(TEXT, [None, None]).categories == format.Categories({})


def test_a_list_has_lengths_where_they_may_differ() -> None:
    found = described(TEXT, [["a", "b"], None, ["a"]])
    assert found.lengths is not None and found.lengths.edges == (0, 1, 2)
    assert found.categories == format.Categories({"a": 2, "b": 1}) and found.missing == 1
    image = described(Input("DT_FLOAT", True), [[0.5] * 4, [1.0] * 4])
    assert image.lengths is None and sum(image.numbers.counts) == 8  # type: ignore[union-attr]


CELLS = {
    "numbers": (NUMBER, st.none() | st.floats(-99, 99, width=32, allow_subnormal=False)),
    "whole": (WHOLE, st.none() | st.integers(-(2**62), 2**62)),
    "text": (TEXT, st.none() | st.text(min_size=1, max_size=5)),
    "lists": (WHOLE, st.lists(st.integers(-9, 9), max_size=4)),
}


@given(st.data(), st.sampled_from(sorted(CELLS)), st.integers(0, len(distribution.LEVELS)))
def test_every_value_of_every_row_is_accounted_for(data: Any, kind: str, level: int) -> None:
    of, cells = CELLS[kind]
    values = data.draw(st.lists(cells, max_size=60))
    table = column(values)
    found = features.coarser(features.feature(of, table, False, 7), level)
    assert found.rows == len(values)
    assert found.missing == sum(value in (None, []) for value in values)
    if level == len(distribution.LEVELS):
        assert found.kind == "opaque" and not found.numbers and not found.categories
        return
    if found.numbers:
        assert sum(found.numbers.counts) == len(table.values)
    else:
        assert found.categories is not None
        named = sum(found.categories.counts.values())
        assert named + found.categories.other_rows == len(table.values)
    if found.lengths:
        assert sum(found.lengths.counts) == found.rows
    json.loads(format.to_json(found))


def test_the_sample_is_of_whole_rows_with_exact_values() -> None:
    rows = 3_000
    columns = {
        "x": column([None if n % 7 == 0 else float(np.float32(n / 10)) for n in range(rows)]),
        "n": column([n * 1_000_003 for n in range(rows)]),
        "t": column([f"ä{n % 5}" for n in range(rows)]),
        "id": column([f"{n}" for n in range(rows)]),
        "list": column([[n, n] for n in range(rows)]),
    }
    kinds = {"x": NUMBER, "n": WHOLE, "t": TEXT, "id": TEXT, "list": WHOLE}
    found = {name: features.feature(kinds[name], one, False, 7) for name, one in columns.items()}
    sample = features.sample(found, columns, 100_000)
    assert set(sample) == {"x", "n", "t"}, "no lists, and no text of which nearly all differs"
    assert {len(cells) for cells in sample.values()} == {1_000}
    for x, n, t in zip(sample["x"], sample["n"], sample["t"], strict=True):
        row = int(n) // 1_000_003  # type: ignore[arg-type]
        assert t == f"ä{row % 5}"
        assert x is None if row % 7 == 0 else np.float32(x) == np.float32(row / 10)
    assert features.sample(found, columns, 100_000) == sample
    small = features.sample(found, columns, 4_000)
    assert format.size(small) <= 4_500 and small
    assert all(len(cells) >= 300 for cells in small.values())
    assert features.sample(found, columns, 10) == {}
    assert features.sample({}, {}, 10) == {}

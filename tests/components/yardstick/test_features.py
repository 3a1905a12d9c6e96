"""Columns as the numbers and categories that trees split on."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from components.yardstick.features import MOST_CATEGORIES, NUMBERS_OF_TEXT, Features


def text(*values: str | None) -> np.ndarray:
    column = np.empty(len(values), object)
    column[:] = [value if value is None else value.encode() for value in values]
    return column


def test_numbers_stay_as_they_are_and_missing() -> None:
    columns = {"a": np.array([[1.0], [np.nan]]), "b": np.array([[1.0, 2.0], [3.0, 4.0]])}
    features = Features(columns)
    assert features.categorical == [False] * 3
    np.testing.assert_array_equal(features.numbers(columns), [[1, 1, 2], [np.nan, 3, 4]])


def test_a_text_of_few_values_is_a_category_with_the_most_frequent_first() -> None:
    features = Features({"a": text("x", "y", "x", None)})
    assert features.categorical == [True] and not features.notes and not features.left_out
    found = features.numbers({"a": text("y", "x", None, "never seen")})
    np.testing.assert_array_equal(found, [[1], [0], [np.nan], [np.nan]])


def test_of_many_values_the_rare_ones_are_one() -> None:
    values = [f"tail{number}" for number in range(400) for _ in range(1 + (number < 254) * 3)]
    features = Features({"a": text(*values)})
    assert f"{MOST_CATEGORIES} most frequent" in features.notes["a"]
    found = features.numbers({"a": text("tail0", "tail399", "never seen")})[:, 0]
    assert found[0] < MOST_CATEGORIES and list(found[1:]) == [MOST_CATEGORIES] * 2


@pytest.mark.parametrize(
    ("values", "seconds", "weekday", "hour"),
    [
        (["1970-01-01", "2024-02-29"], 0.0, 3, 0.0),
        (["1970-01-02 06:30:00", "1970-01-03T00:00Z"], 30.5 * 3600, 4, 6.5),
        (["05.01.1970", "31.12.1999"], 4 * 86400.0, 0, 0.0),
        (["01/02/1970 12:00", "12/31/1999 00:00"], 1.5 * 86400.0, 4, 12.0),
        (["13/01/1970", "01/01/1970"], 12 * 86400.0, 1, 0.0),
    ],
)
def test_dates_are_the_time_that_has_passed_the_weekday_and_the_hour(
    values: list[str], seconds: float, weekday: int, hour: float
) -> None:
    features = Features({"when": text(*values, None)})
    assert "date" in features.notes["when"] and features.categorical == [False] * 3
    found = features.numbers({"when": text(*values, None, "no date")})
    np.testing.assert_allclose(found[0], [seconds, weekday, hour])
    assert np.isnan(found[2:]).all()


def test_words_are_numbers_that_tell_texts_apart() -> None:
    chance = random.Random(0)
    about = {"cat": ["cat", "purr", "mouse", "paw"], "car": ["wheel", "road", "motor", "gear"]}
    kinds = [("cat", "car")[number % 2] for number in range(600)]
    values = [" ".join([*chance.choices(about[kind], k=4), str(i)]) for i, kind in enumerate(kinds)]
    features = Features({"story": text(*values)})
    assert "TF-IDF" in features.notes["story"]
    found = features.numbers({"story": text(*values)})
    assert found.shape == (600, NUMBERS_OF_TEXT) and np.isfinite(found).all()
    cats, cars = found[0::2].mean(axis=0), found[1::2].mean(axis=0)
    assert np.linalg.norm(cats - cars) > 0.5


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (text(*(f"id-{number}" for number in range(400))), "400 different values in 400 rows"),
        (text(None, None), "no value in any row"),
    ],
)
def test_what_no_tree_can_use_is_left_out_and_said(column: Any, reason: str) -> None:
    features = Features({"a": column, "b": np.ones((len(column), 1))})
    assert features.left_out == {"a": reason} and features.names == ["b"]


def test_bytes_that_are_no_text_are_left_out() -> None:
    column = np.empty(1, object)
    column[0] = b"\xff\xd8\xff"
    assert Features({"image": column}).left_out == {"image": "bytes that are no text"}

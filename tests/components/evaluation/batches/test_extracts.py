"""Batches are taken apart and put together without a change of their rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tensorflow_model_analysis.api import types
from tensorflow_model_analysis.utils import util

from components.evaluation.batches import extracts

pytestmark = pytest.mark.tfx

ROWS = {
    "labels": np.array([1.0, 0.0, 1.0]),
    "predictions": {"a": np.arange(6.0).reshape(3, 2), "b": {"c": np.arange(3)}},
    "features": {
        "text": np.array([[b"x"], [b"y"], [b"z"]], dtype=object),
        "several": types.VarLenTensorValue.from_dense_rows(
            [np.array([1, 2]), np.array([], int), np.array([3])]
        ),
    },
    "weights": None,
}


def same(one: Any, other: Any) -> None:
    np.testing.assert_equal(one, other)


def test_rows_one_by_one_are_those_of_tfma() -> None:
    same(extracts.one_by_one(extracts.of_rows(ROWS)), util.split_extracts(ROWS))


def test_rows_that_are_taken_and_joined_are_the_same() -> None:
    batch = extracts.of_rows(ROWS)
    parts = [extracts.take(batch, np.array(rows, int)) for rows in ([0], [], [1, 2])]
    [whole] = extracts.joined([part for part in parts if extracts.size(part)])
    same(extracts.one_by_one(whole), util.split_extracts(ROWS))


def test_a_row_may_be_taken_twice() -> None:
    twice = extracts.take(extracts.of_rows(ROWS), np.array([2, 2]))
    row = util.split_extracts(ROWS)[2]
    same(extracts.one_by_one(twice), [row, row])


def test_only_batches_of_one_form_are_joined() -> None:
    narrow, wide = {"p": np.zeros((2, 1))}, {"p": np.zeros((3, 2))}
    found = extracts.joined([narrow, wide, narrow])
    assert [extracts.size(one) for one in found] == [4, 3]
    assert extracts.size({"a": None}) is None

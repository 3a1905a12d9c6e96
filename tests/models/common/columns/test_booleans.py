"""Truth values in all spellings."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from models.common.columns.booleans import booleans
from tests.models.common.columns.conftest import ROWS, Transformed

SPELLINGS = {
    1.0: ["true", "True", "T", "yes", "Y", "ON", " 1 "],
    0.0: ["false", "FALSE", "f", "No", "n", "off", "0"],
    np.nan: ["", "perhaps", "2", "truee", "yes no"],
}


@pytest.mark.parametrize(
    ("text", "number"), [(text, number) for number, texts in SPELLINGS.items() for text in texts]
)
def test_a_spelling(text: str, number: float) -> None:
    np.testing.assert_equal(booleans({"a": tf.constant([text])}, ("a",)).numpy(), [[number]])


def test_numbers_are_truth_values_too() -> None:
    inputs = {"a": tf.constant([0, 1, 7], tf.int64), "b": tf.constant([1.0, 0.0, np.nan])}
    found = booleans(inputs, ("a", "b")).numpy()
    np.testing.assert_equal(found, [[0, 1], [1, 0], [np.nan, np.nan]])


@pytest.mark.slow
def test_columns_of_a_table(transformed: Transformed) -> None:
    found = transformed(ROWS)["booleans"]
    known = {"yes": 1, "TRUE": 1, "No": 0, "f": 0}
    np.testing.assert_equal(found[:, 0], [known.get(row["paid"], np.nan) for row in ROWS])
    np.testing.assert_equal(
        found[:, 1], [row["count"] if row["count"] in (0, 1) else np.nan for row in ROWS]
    )

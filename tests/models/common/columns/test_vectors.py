"""Arrays, each on one scale."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from models.common.columns.vectors import vectors
from tests.models.common.columns.conftest import ROWS, Transformed


@pytest.mark.slow
def test_each_array_is_scaled_as_a_whole(transformed: Transformed) -> None:
    found = transformed(ROWS)["vectors"]
    lists = np.array([row["list"] for row in ROWS])
    pixels = np.array([[row["p1"] or 0, row["p2"] or 0] for row in ROWS])
    expected = [(one - one.mean()) / one.std() for one in (lists, pixels)]
    np.testing.assert_allclose(found, np.concatenate(expected, axis=1), atol=1e-4)


def test_lists_of_several_lengths_are_refused() -> None:
    ragged = tf.sparse.from_dense([[1.0, 2.0], [3.0, 0.0]])
    with pytest.raises(ValueError, match=r"'a' is a column whose rows do not all have as many"):
        vectors({"a": ragged}, {"a": ("a",)})


def test_no_column_is_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"Expected: the columns of an array"):
        vectors({}, {})

"""Columns of several types in one tensor."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from models.common.columns.stacking import TO_TEXT, stack
from models.common.raw_inputs import MISSING


def test_columns_keep_their_order_whatever_their_types_are() -> None:
    inputs = {
        "a": tf.constant(["x ", "", " y"]),
        "b": tf.constant([1, MISSING[tf.int64], -3], tf.int64),
        "c": tf.constant([0.5, np.nan, 2.0]),
        "d": tf.constant([["z"], ["z"], [""]]),
        "e": tf.SparseTensor([[2, 0]], tf.constant([7], tf.int64), [3, 1]),
    }
    found = stack(inputs, ("d", "c", "e", "a", "b"), TO_TEXT).numpy()
    assert found.tolist() == [
        [b"z", b"0.5", b"", b"x", b"1"],
        [b"z", b"", b"", b"", b""],
        [b"", b"2", b"7", b"y", b"-3"],
    ]


@pytest.mark.parametrize(
    ("shape", "most"), [([None], 1), ([None, 1], 0)], ids=["one value a row", "a list of one value"]
)
def test_many_columns_are_few_operations(shape: list[int | None], most: int) -> None:
    """A column is an operation at most, beside the input itself."""

    def operations(count: int) -> int:
        names = [f"c{number}" for number in range(count)]

        @tf.function
        def stacked(columns: dict[str, tf.Tensor]) -> tf.Tensor:
            return stack(columns, names, TO_TEXT)

        spec = {name: tf.TensorSpec(shape, tf.float32) for name in names}
        return len(stacked.get_concrete_function(spec).graph.get_operations())

    assert operations(12) - operations(6) <= 6 * (1 + most)


def test_a_column_of_lists_is_refused() -> None:
    with pytest.raises(ValueError, match="one value a row"):
        stack({"a": tf.zeros([2, 3])}, ("a",), TO_TEXT)

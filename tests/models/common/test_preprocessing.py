"""`fill_missing`: one value a row, whatever form the column comes in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from models.common.preprocessing import fill_missing, stack_filled

pytestmark = pytest.mark.tfx


def sparse(values: list[Any], dtype: tf.DType, width: int = 1) -> tf.SparseTensor:
    """A column of at most one value a row."""
    present = [index for index, value in enumerate(values) if value is not None]
    return tf.SparseTensor(
        np.array([[index, 0] for index in present], np.int64).reshape(-1, 2),
        tf.constant([values[index] for index in present], dtype),
        [len(values), width],
    )


@pytest.mark.parametrize(
    ("column", "default", "expected"),
    [
        (sparse([1.5, None], tf.float32), None, [1.5, 0.0]),
        (sparse([1.5, None], tf.float32), -1, [1.5, -1.0]),
        (sparse([7, None], tf.int64), None, [7, 0]),
        (sparse([None, 7], tf.int64), 3, [3, 7]),
        (sparse(["a", None], tf.string), None, [b"a", b""]),
        (sparse(["a", None], tf.string), "none", [b"a", b"none"]),
        (sparse([None, None], tf.float32, width=0), 2.5, [2.5, 2.5]),
        (sparse([], tf.int64, width=0), None, []),
        (tf.constant([1.0, 2.0]), 9, [1.0, 2.0]),
        (tf.constant([[1], [2]], tf.int64), None, [1, 2]),
        (tf.constant([["a"], [""]]), "none", [b"a", b""]),
    ],
)
def test_cases(column: Any, default: Any, expected: list[Any]) -> None:
    filled = fill_missing(column, default)
    assert filled.shape == [len(expected)] and filled.dtype == column.dtype
    assert filled.numpy().tolist() == expected


@settings(max_examples=50, deadline=None)
@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1)), st.integers(-(2**63), 2**63 - 1))
def test_what_is_there_stays_and_the_rest_is_the_default(
    values: list[int | None], default: int
) -> None:
    filled = fill_missing(sparse(values, tf.int64), default).numpy().tolist()
    assert filled == [default if value is None else value for value in values]


def test_it_traces_with_unknown_sizes() -> None:
    spec = tf.SparseTensorSpec([None, None], tf.float32)
    traced = tf.function(fill_missing, input_signature=[spec])
    assert traced(sparse([None, 4.0, None], tf.float32)).numpy().tolist() == [0.0, 4.0, 0.0]


@pytest.mark.parametrize("shape", [(2, 2), (1, 3), (2, 1, 4)])
def test_a_row_of_several_values_is_never_several_rows(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="one value a row"):
        fill_missing(tf.zeros(shape))
    traced = tf.function(fill_missing, input_signature=[tf.TensorSpec(None, tf.float32)])
    with pytest.raises(tf.errors.InvalidArgumentError):
        traced(tf.zeros(shape))


@pytest.mark.parametrize(
    ("spec", "most"),
    [
        (tf.SparseTensorSpec([None, None], tf.float32), 5),
        (tf.TensorSpec([None, 1], tf.int64), 1),
        (tf.TensorSpec([None], tf.string), 0),
    ],
    ids=["sparse", "a number a row", "a vector"],
)
def test_it_is_few_operations(spec: Any, most: int) -> None:
    """A table may have thousands of columns, and its preprocessing is traced many times."""

    def operations(columns: int) -> int:
        @tf.function(input_signature=[[spec] * columns], autograph=False)
        def filled(inputs: list[Any]) -> list[tf.Tensor]:
            return [fill_missing(column) for column in inputs]

        graph = filled.get_concrete_function().graph
        kinds = [operation.type for operation in graph.get_operations()]
        return sum(kind not in ("Placeholder", "Identity") for kind in kinds)

    assert operations(12) - operations(2) <= 10 * most


cells = st.none() | st.integers(-(2**31), 2**31)
TYPES: dict[tf.DType, Callable[[int | None], Any]] = {
    tf.int64: lambda cell: cell,
    tf.float32: lambda cell: None if cell is None else float(np.float32(cell)),
    tf.string: lambda cell: None if cell is None else str(cell),
}


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 4).flatmap(
        lambda rows: st.lists(st.lists(cells, min_size=rows, max_size=rows), min_size=1, max_size=5)
    ),
    st.sampled_from(list(TYPES)),
    st.sampled_from([None, 7]),
    st.data(),
)
def test_many_columns_are_stacked_as_one_by_one(
    table: list[list[int | None]], dtype: tf.DType, default: int | None, data: Any
) -> None:
    default = TYPES[dtype](default)
    columns: list[Any] = []
    for cells_of in table:
        values = [TYPES[dtype](cell) for cell in cells_of]
        if None in values or data.draw(st.booleans()):
            columns.append(sparse(values, dtype, width=int(any(v is not None for v in values))))
        else:
            shape = [len(values), 1] if data.draw(st.booleans()) else [len(values)]
            columns.append(tf.constant(values, dtype, shape))
    expected = tf.stack([fill_missing(column, default) for column in columns], axis=1)
    found = stack_filled(columns, default)
    assert found.dtype == dtype and found.shape == expected.shape
    assert found.numpy().tolist() == expected.numpy().tolist()


@pytest.mark.parametrize("kind", ["sparse", "dense", "both"])
def test_a_stacked_column_is_no_operation(kind: str) -> None:
    one = tf.SparseTensorSpec([None, None], tf.float32), tf.TensorSpec([None, 1], tf.float32)

    def operations(number: int) -> int:
        specs = {"sparse": one[:1], "dense": one[1:], "both": one}[kind] * number
        traced = tf.function(stack_filled, input_signature=[list(specs)], autograph=False)
        function = traced.get_concrete_function()
        assert function.output_shapes.as_list() == [None, len(specs)]
        return sum(one.type != "Placeholder" for one in function.graph.get_operations())

    assert operations(12) == operations(3)


def test_stacked_columns_have_one_type_and_one_value_a_row() -> None:
    with pytest.raises(ValueError, match="float32, int64"):
        stack_filled([tf.zeros([2]), tf.zeros([2], tf.int64)])
    with pytest.raises(ValueError, match="Received: none"):
        stack_filled([])
    with pytest.raises(ValueError, match="one value a row"):
        stack_filled([tf.zeros([2, 2])])
    several = tf.SparseTensor([[0, 0], [0, 1]], [1.0, 2.0], [2, 2])
    with pytest.raises(tf.errors.InvalidArgumentError):
        stack_filled([several, sparse([1.0, None], tf.float32)])

"""Columns for a signature's inputs and outputs, and values that fit them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from serving.model.registry import Tensor
from serving.request_log.columns import Column, columns


@pytest.mark.parametrize(
    ("dtype", "shape", "expected"),
    [
        ("DT_FLOAT", (-1,), pa.float32()), ("DT_DOUBLE", (-1, 1), pa.float64()),
        ("DT_INT64", (-1, 3), pa.list_(pa.int64())), ("DT_UINT8", (-1,), pa.uint8()),
        ("DT_STRING", (-1, -1), pa.list_(pa.string())), ("DT_BOOL", (-1,), pa.bool_()),
        ("DT_FLOAT", (-1, 2, 2), None), ("DT_FLOAT", (), None), ("DT_FLOAT", None, None),
        ("DT_VARIANT", (-1,), None),
    ],
)  # fmt: skip
def test_the_type_of_a_tensors_column(
    dtype: str, shape: tuple[int, ...] | None, expected: pa.DataType | None
) -> None:
    found = columns({"x": Tensor(dtype=dtype, shape=shape)})
    assert found == ([] if expected is None else [Column("x", expected)])


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        (pa.float32(), 1, 1.0), (pa.float32(), [1.5], 1.5), (pa.float32(), None, None),
        (pa.int64(), 7, 7), (pa.bool_(), True, True), (pa.string(), "a", "a"),
        (pa.string(), {"b64": "QQ=="}, "A"), (pa.string(), "\ud800", "?"),
        (pa.list_(pa.int64()), [1, None], [1, None]), (pa.list_(pa.int64()), 3, [3]),
    ],
)  # fmt: skip
def test_values_that_fit(kind: pa.DataType, given: Any, expected: Any) -> None:
    assert Column("x", kind).value(given) == expected


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (pa.float32(), "a"), (pa.float32(), True), (pa.float32(), [1, 2]), (pa.float64(), 10**400),
        (pa.int64(), 1.5), (pa.int64(), True), (pa.int64(), 2**63), (pa.uint8(), 256),
        (pa.uint8(), -1), (pa.bool_(), 1), (pa.string(), 1), (pa.string(), {"b64": "Q"}),
        (pa.string(), {"b64": "/w=="}), (pa.list_(pa.int64()), [1, "a"]), (pa.string(), {"a": 1}),
    ],
)  # fmt: skip
def test_values_that_do_not_fit(kind: pa.DataType, given: Any) -> None:
    with pytest.raises((ValueError, pa.ArrowException)):
        Column("x", kind).value(given)

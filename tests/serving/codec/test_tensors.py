"""From JSON values to tensors: no type is guessed, and nothing is lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.core.errors import Code, ServingError

pytestmark = pytest.mark.tfx


def info(kind: str, dtype: Any, *sizes: int | None) -> Any:
    from serving.model.signatures import TensorInfo

    return TensorInfo("x", "x:0", kind, np.dtype(dtype), (None, *sizes))


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_whole_numbers_come_as_they_were_sent(values: list[int]) -> None:
    from serving.codec import tensors

    assert tensors.stacked(values, info("int64", np.int64)).tolist() == values


@given(st.binary())
def test_bytes_come_as_they_were_sent(value: bytes) -> None:
    from serving.codec import tensors

    assert tensors.stacked([tensors.as_b64(value)], info("string", object)).tolist() == [value]


@pytest.mark.parametrize(
    ("value", "kind", "dtype", "expected"),
    [
        ([[1, 2], [3, 4]], "float", np.float32, [[1.0, 2.0], [3.0, 4.0]]),
        (True, "bool", np.bool_, True), ("ä", "string", object, "ä".encode()),
        ([], "float", np.float32, []), (255, "uint8", np.uint8, 255),
        (2**24 + 1, "float", np.float32, 2.0**24), (1435774380, "float", np.float32, 1435774336.0),
        (2**53 + 1, "double", np.float64, 2.0**53), (1e308, "float", np.float32, np.inf),
        (-1e39, "float", np.float32, -np.inf), (1e5, "half", np.float16, np.inf),
        ({"b64": "QU\nJD\r\n RA"}, "string", object, b"ABCD"),
        ({"b64": "QUFB" * 10**5}, "string", object, b"AAA" * 10**5),
    ],
)  # fmt: skip
def test_values_of_the_right_type(value: Any, kind: str, dtype: Any, expected: Any) -> None:
    from serving.codec import tensors

    made = tensors.tensor(value, info(kind, dtype))
    assert (made.dtype, made.tolist()) == (np.dtype(dtype), expected)


@pytest.mark.parametrize(
    ("value", "kind", "dtype", "message"),
    [
        (True, "float", np.float32, "not of expected type: float"),
        (1.0, "int64", np.int64, "not of expected type: int64"),
        (2**63, "int64", np.int64, "not of expected type: int64"),
        (-1, "uint8", np.uint8, "not of expected type: uint8"),
        (1, "string", object, "not of expected type: string"),
        ("\ud800", "string", object, "surrogate"),
        ({"b64": "Q"}, "string", object, "base64 decode"),
        ({"b65": "QQ=="}, "string", object, "base64 data"),
        ([[1], [1, 2]], "float", np.float32, "unexpected size: 2"),
        ([1, [2]], "float", np.float32, "unexpected level"),
        ([[1], 2], "float", np.float32, "incorrect level"),
        (1, "complex64", np.complex64, "to type: complex64"),
    ],
)
def test_the_first_thing_that_is_wrong_is_named(
    value: Any, kind: str, dtype: Any, message: str
) -> None:
    from serving.codec import tensors

    with pytest.raises(ServingError, match=message) as refused:
        tensors.tensor(value, info(kind, dtype))
    assert refused.value.code in (Code.INVALID_ARGUMENT, Code.UNIMPLEMENTED)


def test_rows_of_different_shapes_are_refused_by_their_number() -> None:
    from serving.codec import tensors

    with pytest.raises(ServingError, match="1\nExpecting tensor size: 1 but got: 2"):
        tensors.stacked([[1.0], [1.0, 2.0]], info("float", np.float32, None))

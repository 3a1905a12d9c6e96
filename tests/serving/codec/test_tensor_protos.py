"""Tensors as gRPC carries them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from serving.core.errors import ServingError

pytestmark = pytest.mark.tfx

ARRAYS = [
    np.array([1.5, -2.0], np.float32), np.array([[0.1]], np.float64), np.array([-128], np.int8),
    np.array([255], np.uint8), np.array([2**32 - 1], np.uint32), np.array([2**64 - 1], np.uint64),
    np.array([-(2**63)], np.int64), np.array([True, False]), np.array([b"a", b"\xff"], object),
    np.array(7, np.int32), np.zeros((0, 3), np.float32), np.array([1.5], np.float16),
]  # fmt: skip


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: str(array.dtype))
def test_what_is_sent_is_read_again(array: np.ndarray) -> None:
    from serving.codec import tensor_protos

    read = tensor_protos.parsed(tensor_protos.proto(array), "x", 1000)
    assert (read.dtype, read.shape, read.tolist()) == (array.dtype, array.shape, array.tolist())


@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "int32", "int64", "uint64", "bool", "int8"]
)
def test_many_values_are_what_few_are(dtype: str) -> None:
    from serving.codec import tensor_protos
    from serving.core import background

    array = (np.arange(150_000) % 100).astype(dtype).reshape(2, -1)
    assert array.size > background.LONG
    sent = tensor_protos.proto(array)
    np.testing.assert_array_equal(tensor_protos.parsed(sent, "x", 10**7), array)
    sent.tensor_shape.dim[1].size += 2  # The last value stands for those that are left out.
    padded = tensor_protos.parsed(sent, "x", 10**7)
    assert padded.shape == (2, 75_002)
    assert padded.ravel()[-5:].tolist() == [array[-1, -1].tolist()] * 5
    assert padded.ravel()[:150_000].tolist() == array.ravel().tolist()
    sent.tensor_shape.dim[1].size -= 3
    with pytest.raises(ServingError, match="tensor parsing error"):
        tensor_protos.parsed(sent, "x", 10**7)


def message(dtype: int, sizes: list[int], **fields: Any) -> Any:
    from tensorflow.core.framework import tensor_pb2

    made = tensor_pb2.TensorProto(dtype=dtype, **fields)
    for size in sizes:
        made.tensor_shape.dim.add(size=size)
    return made


@pytest.mark.parametrize(
    ("dtype", "sizes", "fields", "reason"),
    [
        (1, [-1], {}, "tensor parsing error"),
        (1, [2**40], {"float_val": [1.0]}, "more than 1000 bytes"),
        (1, [0, 2**40], {}, "more than 1000 bytes"),
        (7, [100], {"string_val": [b"x" * 100]}, "more than 1000 bytes"),
        (1, [3], {"tensor_content": b"1"}, "tensor parsing error"),
        (20, [1], {}, "unsupported type 20"),
    ],
)
def test_what_contradicts_itself_or_is_too_large_is_refused(
    dtype: int, sizes: list[int], fields: dict[str, Any], reason: str
) -> None:
    from serving.codec import tensor_protos

    with pytest.raises(ServingError, match=reason):
        tensor_protos.parsed(message(dtype, sizes, **fields), "x", 1000)


def test_a_string_without_values_is_empty_bytes() -> None:
    from serving.codec import tensor_protos

    assert tensor_protos.parsed(message(7, [2]), "x", 1000).tolist() == [b"", b""]


def test_another_type_than_the_inputs_is_refused() -> None:
    from serving.codec import tensor_protos
    from serving.model.signatures import TensorInfo

    info = TensorInfo("x", "x:0", "float", np.dtype(np.float32), (None,))
    sent = tensor_protos.proto(np.array([1.0]))
    with pytest.raises(ServingError, match="to be float but float64 is provided"):
        tensor_protos.array(sent, info, 1000)

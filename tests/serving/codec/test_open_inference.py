"""Datatypes and raw tensors, beside Triton's client library."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tritonclient import utils

from serving.core.errors import ServingError

pytestmark = pytest.mark.tfx

DATATYPES = ("BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64",
             "FP16", "FP32", "FP64", "BYTES")  # fmt: skip


@pytest.mark.parametrize("datatype", DATATYPES)
def test_each_datatype_is_numpys_of_triton(datatype: str) -> None:
    from serving.codec import open_inference

    info = open_inference.info_of("x", datatype)
    assert info.dtype == utils.triton_to_np_dtype(datatype)
    assert open_inference.datatype(info) == open_inference.datatype_of(info.dtype) == datatype


@given(st.lists(st.binary(max_size=9), max_size=12))
def test_strings_are_written_as_triton_does_and_read_back(values: list[bytes]) -> None:
    from serving.codec import open_inference

    array = np.empty(len(values), dtype=object)
    array[:] = values
    raw = open_inference.to_raw(array)
    if values:  # Of none, Triton's makes an empty array.
        assert raw == utils.serialize_byte_tensor(array).item()
    info = open_inference.info_of("x", "BYTES")
    assert open_inference.from_raw(memoryview(raw), info, [len(values)]).tolist() == values


@given(st.binary(max_size=24), st.sampled_from(DATATYPES), st.lists(st.integers(0, 5), max_size=3))
def test_any_bytes_are_a_tensor_of_the_shape_or_refused(
    raw: bytes, datatype: str, sizes: list[int]
) -> None:
    from serving.codec import open_inference

    info = open_inference.info_of("x", datatype)
    try:
        array = open_inference.from_raw(memoryview(raw), info, sizes)
    except ServingError as error:
        assert "Input 'x'" in error.message
    else:
        assert list(array.shape) == sizes
        assert array.dtype == info.dtype
        assert open_inference.to_raw(array) == raw


@pytest.mark.skipif(
    not hasattr(utils, "serialize_bf16_tensor"), reason="this tritonclient has no bfloat16"
)
def test_bfloat16_is_tritons() -> None:
    from serving.codec import open_inference

    values = np.array([1.5, -2.0, 0.0], np.float32)
    raw = utils.serialize_bf16_tensor(values).item()
    array = open_inference.from_raw(memoryview(raw), open_inference.info_of("x", "BF16"), [3])
    assert array.astype(np.float32).tolist() == [1.5, -2.0, 0.0]
    assert open_inference.datatype_of(array.dtype) == "BF16"
    assert open_inference.to_raw(array) == raw
    assert b"[1.5,-2.0,0.0]" in open_inference.logged_request("", {"x": array})


@pytest.mark.parametrize(
    ("raw", "datatype", "sizes", "told"),
    [
        (b"\0" * 7, "FP32", [2], "takes 8 bytes, received 7"),
        (b"\0" * 9, "FP32", [2], "takes 8 bytes, received 9"),
        (b"\2", "BOOL", [1], "a byte of 0 or 1"),
        (b"", "BYTES", [2**40], "take 4398046511104 bytes or more, received 0"),
        (struct.pack("<I", 9) + b"ab", "BYTES", [1], "1. of 1 BYTES is longer"),
        (struct.pack("<I", 2) + b"abcd", "BYTES", [1], "2 bytes are left behind"),
        (struct.pack("<I", 4) + b"abcd", "BYTES", [2], "end before the 2. of 2 BYTES"),
        (b"", "FP99", [1], "no datatype 'FP99'; there are BOOL"),
    ],
)
def test_what_does_not_fit_is_told(raw: bytes, datatype: str, sizes: list[int], told: str) -> None:
    from serving.codec import open_inference

    with pytest.raises(ServingError) as raised:
        open_inference.from_raw(memoryview(raw), open_inference.info_of("x", datatype), sizes)
    assert told in raised.value.message


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        (None, "'shape' must be a list"),
        ([-1], "of 0 and more"),
        ([1.0], "of 0 and more"),
        ([True], "of 0 and more"),
        ([2**63], "of 0 and more"),
        ([1] * 33, "more than 32 dimensions"),
        ([11], "Task size 11 is larger than maximum input batch size 10"),
    ],
)
def test_a_shape_is_checked_before_there_is_an_array(sizes: Any, told: str) -> None:
    from serving.codec import open_inference

    with pytest.raises(ServingError, match=told):
        open_inference.checked_shape("x", sizes, 10)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("r-7", "r-7"), ("é", ""), ("a\r\nset-cookie: b", ""), ("x" * 999, "x" * 128)],
)
def test_an_id_is_a_header_or_is_not_one(sent: str, kept: str) -> None:
    from serving.codec import open_inference

    assert open_inference.header_id(sent) == kept


def test_the_version_is_the_projects() -> None:
    from serving.codec import open_inference
    from tests.helpers.paths import ROOT

    project = (ROOT / "pyproject.toml").read_text()
    assert f'name = "{open_inference.SERVER["name"]}"\n' in project
    assert f'version = "{open_inference.SERVER["version"]}"\n' in project

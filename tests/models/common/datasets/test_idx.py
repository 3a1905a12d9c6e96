"""Arrays in IDX come as they were written; files that are not whole are refused."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from models.common.datasets import idx
from models.common.errors import DataError

TYPES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def content(array: np.ndarray) -> bytes:
    kind = array.dtype.str[1:]
    head = bytes([0, 0, TYPES[kind], array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(f">{kind}").tobytes()


arrays = st.sampled_from(sorted(TYPES)).flatmap(
    lambda kind: npst.arrays(kind, npst.array_shapes(min_dims=1, max_dims=4, max_side=4))
)


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(array=arrays, packed=st.booleans(), cut=st.integers(1, 200))
def test_an_array_comes_whole_or_not_at_all(
    tmp_path: Path, array: np.ndarray, packed: bool, cut: int
) -> None:
    file, whole = tmp_path / "x", content(array)
    file.write_bytes(gzip.compress(whole) if packed else whole)
    np.testing.assert_array_equal(idx.read(file), array)
    short = whole[: max(0, len(whole) - cut)]
    for broken in (short, whole + b"\0", gzip.compress(whole)[: -1 - cut % 8]):
        file.write_bytes(broken)
        with pytest.raises(DataError) as refused:
            idx.read(file)
        assert refused.value.headline.startswith(str(file)) and refused.value.remedy


@pytest.mark.parametrize("given", [b"PAR1....", b"\0\0\x0a\x01\0\0\0\0", b"", b"\0\0\x08"])
def test_another_format_is_refused(tmp_path: Path, given: bytes) -> None:
    (tmp_path / "x").write_bytes(given)
    with pytest.raises(DataError, match="is not IDX"):
        idx.read(tmp_path / "x")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        idx.read(tmp_path / "nothing")

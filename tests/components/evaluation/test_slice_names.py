"""What slices are called."""

from __future__ import annotations

import numpy as np
import pytest

from components.evaluation.slice_names import slice_name


@pytest.mark.parametrize(
    ("pairs", "name"),
    [
        ([], "overall"),
        ([("day", 3)], "day=3"),
        ([("kind", b"Caf\xc3\xa9"), ("day", 3)], "kind=Café, day=3"),
        ([("share", float(np.float32(0.1)))], "share=0.1"),
        ([("share", 16777217.0)], "share=16777216.0"),
        ([("raw", b"\xff")], "raw=\ufffd"),
    ],
)
def test_a_slice_is_named_by_features_and_values(
    pairs: list[tuple[str, float | bytes | str]], name: str
) -> None:
    assert slice_name(pairs) == name

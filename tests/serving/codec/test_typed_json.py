"""The usual request, read straight into tensors, means what the general way makes of it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.tfx

KINDS = {
    "f": ("float", np.float32), "i": ("int64", np.int64), "b": ("bool", np.bool_),
    "s": ("string", object),
}  # fmt: skip
ROWS = st.fixed_dictionaries(
    {
        "f": st.floats(-(2.0**20), 2.0**20, width=32) | st.integers(-9, 9),
        "i": st.integers(-(2**63), 2**63 - 1),
        "b": st.booleans(),
        "s": st.text(st.characters(exclude_categories=["Cs"])),
    }
)


@cache
def signature(*names: str) -> Any:
    from serving.model.signatures import PREDICT, Signature, TensorInfo

    inputs = {
        name: TensorInfo(name, f"{name}:0", kind, np.dtype(dtype), (None,))
        for name, (kind, dtype) in KINDS.items()
        if name in names
    }
    return Signature("serving_default", PREDICT, inputs, {}, None)


@given(st.lists(ROWS, min_size=1, max_size=5))
def test_it_means_what_the_general_way_makes_of_it(rows: list[dict[str, Any]]) -> None:
    from serving.codec import instances_json, typed_json

    made = typed_json.arrays(json.dumps({"instances": rows}).encode(), signature(*KINDS))
    assert made is not None
    general = instances_json.arrays(rows, signature(*KINDS))
    assert {name: (a.dtype, a.tolist()) for name, a in made.items()} == {
        name: (a.dtype, a.tolist()) for name, a in general.items()
    }


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b'{"instances": []}', b'{"instances": [{"f": 1}]}', b'{"inputs": {}}',
        b'{"instances": [{"f": "1", "i": 1, "b": true, "s": ""}]}',
        b'{"instances": [{"f": 1, "i": 1, "b": true, "s": "", "z": 1}]}',
        b'{"instances": [{"f": 1, "i": 1, "b": true, "s": ""}], "signature_name": "other"}',
        b'{"instances": [{"f": 1, "i": 1, "b": true, "s": {"b64": "QQ=="}}]}',
        b'{"instances": [{"f": 1, "i": 9223372036854775808, "b": true, "s": ""}]}',
        b'{"instances": ' + b"[" * 5000, b"\xff",
    ],
)  # fmt: skip
def test_what_is_not_usual_is_left_to_the_general_way(body: bytes) -> None:
    from serving.codec import typed_json

    assert typed_json.arrays(body, signature(*KINDS)) is None


def test_a_single_inputs_rows_have_no_names() -> None:
    from serving.codec import typed_json

    made = typed_json.arrays(b'{"instances": [1.5, 2]}', signature("f"))
    assert made is not None and made["f"].tolist() == [1.5, 2.0]


@given(names=st.sets(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=4))
def test_columns_of_any_name_are_read(names: set[str]) -> None:
    """Straight, or where JSON escapes a name, by the general way."""
    from serving.codec import instances_json, typed_json
    from serving.model.signatures import PREDICT, Signature, TensorInfo

    inputs = {
        name: TensorInfo(name, "x:0", "float", np.dtype(np.float32), (None,)) for name in names
    }
    made_of = Signature("serving_default", PREDICT, inputs, {}, None)
    rows = [{name: float(number) for number, name in enumerate(sorted(names))}] * 2
    general = instances_json.arrays(rows, made_of)
    straight = typed_json.arrays(json.dumps({"instances": rows}).encode(), made_of)
    for arrays in (general, *([straight] if straight else ())):
        assert {name: array.tolist() for name, array in arrays.items()} == {
            name: [float(number)] * 2 for number, name in enumerate(sorted(names))
        }

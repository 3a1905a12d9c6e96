"""Rows that are read together come out as they would input by input."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.tfx

NUMBERS = st.integers(-(2**70), 2**70) | st.floats()
ANY = NUMBERS | st.text(max_size=3) | st.booleans() | st.none() | st.just({"b64": "/w=="})
FITTING = {
    "float": st.floats(width=32) | st.integers(-(2**24) + 1, 2**24 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "uint8": st.integers(0, 255),
    "string": st.text(max_size=3) | st.just({"b64": "/w=="}),
    "bool": st.booleans(),
    "floats": st.lists(st.floats(width=32), min_size=2, max_size=2),
    "words": st.lists(st.text(max_size=3), max_size=2),
}
INPUTS = [f"{kind}_{number}" for kind in FITTING for number in (1, 2)]
OPTIONAL = ("float_2", "int64_2", "string_2")
ROWS = st.lists(
    st.fixed_dictionaries(
        {name: FITTING[name[:-2]] for name in INPUTS if name not in OPTIONAL},
        optional={name: FITTING[name[:-2]] for name in OPTIONAL},
    ),
    min_size=1,
    max_size=4,
)
CHANGES = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from([*INPUTS, "unknown"]), ANY | st.lists(ANY)),
    max_size=2,
)


def make_signature() -> Any:
    from serving.signatures import PREDICT, Signature, TensorInfo

    kinds = {
        "float": (np.float32, ()), "int64": (np.int64, ()), "uint8": (np.uint8, ()),
        "string": (object, ()), "bool": (bool, ()), "floats": (np.float32, (2,)),
        "words": (object, (None,)),
    }  # fmt: skip
    defaults = {
        "float": np.array([np.nan], np.float32), "int64": np.array([-(2**63)]),
        "string": np.array([b""], dtype=object),
    }  # fmt: skip
    infos = {}
    for name in sorted(INPUTS):
        kind = name[:-2]
        dtype, shape = kinds[kind]
        default = defaults[kind] if name in OPTIONAL else None
        type_name = {"floats": "float", "words": "string"}.get(kind, kind)
        infos[name] = TensorInfo(
            name, f"{name}:0", type_name, np.dtype(dtype), (None, *shape), default
        )
    return Signature("serving_default", PREDICT, infos, {}, None)


@given(rows=ROWS, changes=CHANGES)
def test_rows_are_read_together_as_they_are_one_by_one(
    rows: list[dict[str, Any]], changes: list[tuple[int, str, Any]]
) -> None:
    from serving import instances_json
    from serving.errors import ServingError

    signature = make_signature()
    for row, name, value in changes:
        if row < len(rows):
            rows[row][name] = value
    try:
        expected = instances_json._read_one_by_one(rows, signature)
    except ServingError as refusal:
        with pytest.raises(ServingError) as again:
            instances_json.arrays(rows, signature)
        assert str(again.value) == str(refusal)
        return
    made = instances_json.arrays(rows, signature)
    assert made.keys() == expected.keys()
    for name, array in expected.items():
        assert made[name].dtype == array.dtype
        np.testing.assert_array_equal(made[name], array)


@given(rows=ROWS)
def test_rows_of_a_table_are_read_together(rows: list[dict[str, Any]]) -> None:
    from serving import instances_json

    lengths = {len(row[name]) for row in rows for name in ("words_1", "words_2")}
    made = instances_json._read_together(rows, make_signature())
    # Lists of other lengths make no tensor.
    assert (made is not None) or len(lengths) > 1

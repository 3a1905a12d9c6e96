"""Rows that are read together, or straight from the JSON, come out as they would input by input."""

import json
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
    from serving.model.signatures import PREDICT, Signature, TensorInfo

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


def change(rows: list[dict[str, Any]], changes: list[tuple[int, str, Any]]) -> None:
    for row, name, value in changes:
        if row < len(rows):
            rows[row][name] = value


@given(rows=ROWS, changes=CHANGES)
def test_rows_are_read_together_as_they_are_one_by_one(
    rows: list[dict[str, Any]], changes: list[tuple[int, str, Any]]
) -> None:
    from serving.codec import instances_json
    from serving.core.errors import ServingError

    signature = make_signature()
    change(rows, changes)
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
    from serving.codec import instances_json

    lengths = {len(row[name]) for row in rows for name in ("words_1", "words_2")}
    made = instances_json._read_together(rows, make_signature())
    # Lists of other lengths make no tensor.
    assert (made is not None) or len(lengths) > 1


@given(rows=ROWS, changes=CHANGES)
def test_what_is_read_straight_from_json_is_what_a_closer_look_gives(
    rows: list[dict[str, Any]], changes: list[tuple[int, str, Any]]
) -> None:
    from serving.codec import instances_json, typed_json

    signature = make_signature()
    change(rows, changes)
    body = json.dumps({"instances": rows}).encode()
    made = typed_json.arrays(body, signature)
    if made is not None:
        expected = instances_json._read_one_by_one(json.loads(body)["instances"], signature)
        assert made.keys() == expected.keys()
        for name, array in expected.items():
            assert (made[name].dtype, made[name].shape) == (array.dtype, array.shape)
            np.testing.assert_array_equal(made[name], array)


def test_a_table_is_read_straight_from_json() -> None:
    from serving.codec import typed_json
    from serving.model.signatures import PREDICT, Signature

    inputs = {name: info for name, info in make_signature().inputs.items() if name in (
        "float_1", "float_2", "int64_1", "uint8_1", "string_2", "bool_1", "floats_1",
    )}  # fmt: skip
    signature = Signature("serving_default", PREDICT, inputs, {}, None)
    row = '{"float_1": 1, "int64_1": 2, "uint8_1": 3, "bool_1": true, "floats_1": [1, 2.5]'
    body = (
        f'{{"signature_name": "", "instances": [{row}}}, {row}, "float_2": 7, "string_2": "é"}}]}}'
    )
    made = typed_json.arrays(body.encode(), signature)
    assert made is not None
    assert made["float_1"].tolist() == [1, 1] and made["bool_1"].tolist() == [True, True]
    assert made["floats_1"].tolist() == [[1, 2.5], [1, 2.5]]
    assert np.isnan(made["float_2"][0]) and made["float_2"][1] == 7
    assert made["string_2"].tolist() == [b"", "é".encode()]


@pytest.mark.parametrize(
    ("type_name", "dtype", "value"),
    [
        ("int64", np.int64, "1.0"),
        ("int64", np.int64, "1e2"),
        ("int64", np.int64, "true"),
        ("int64", np.int64, str(2**63)),
        ("uint64", np.uint64, "-1"),
        ("uint8", np.uint8, "256"),
        ("bool", bool, "1"),
        ("float", np.float32, "true"),
        ("float", np.float32, '"1"'),
        ("float", np.float32, "null"),
        ("float", np.float32, "NaN"),
        ("string", object, '{"b64": "/w=="}'),
        ("string", object, '"\\ud800"'),
        ("string", object, "1"),
        ("float", np.float32, "1]}, {"),
        ("float", np.float32, "[1]"),
        ("complex64", np.complex64, "1"),
    ],
)
def test_what_takes_a_closer_look_is_left_to_it(type_name: str, dtype: Any, value: str) -> None:
    from serving.codec import typed_json
    from serving.model.signatures import PREDICT, Signature, TensorInfo

    info = TensorInfo("x", "x:0", type_name, np.dtype(dtype), (None,))
    signature = Signature("serving_default", PREDICT, {"x": info}, {}, None)
    assert typed_json.arrays(f'{{"instances": [{value}]}}'.encode(), signature) is None


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b'{"instances": []}', b'{"instances": {}}', b'{"inputs": [1]}',
        b'{"instances": [1], "inputs": [1]}', b'{"instances": [1], "signature_name": "other"}',
        b'{"instances": [1], "signature_name": 1}', b'{"instances": [1], "more": 1}',
        b'{"instances": [{"x": 1}]}', b'{"instances": [1]} 1', b'{"instances": [1,]}',
        b'\xff', b'{"instances": [' + b"[" * 100_000,
    ],
)  # fmt: skip
def test_a_body_of_another_kind_is_left_to_a_closer_look(body: bytes) -> None:
    from serving.codec import typed_json
    from serving.model.signatures import PREDICT, Signature, TensorInfo

    info = TensorInfo("x", "x:0", "float", np.dtype(np.float32), (None,))
    signature = Signature("serving_default", PREDICT, {"x": info}, {}, None)
    assert typed_json.arrays(body, signature) is None
    assert typed_json.arrays(b'{"instances": [1]}', signature) is not None


def test_a_default_that_is_not_for_each_row_stands_as_it_is() -> None:
    from serving.codec import predict_json, typed_json
    from serving.model.signatures import PREDICT, Signature, TensorInfo

    floats = np.dtype(np.float32)
    infos = [
        TensorInfo("x", "x:0", "float", floats, (None,)),
        TensorInfo("scalar", "s:0", "float", floats, (), np.array(0.5, np.float32)),
        TensorInfo("fixed", "f:0", "float", floats, (1,), np.array([2], np.float32)),
    ]
    signature = Signature("serving_default", PREDICT, {info.name: info for info in infos}, {}, None)
    for body in ({"inputs": {"x": [1, 2]}}, {"instances": [{"x": 1}, {"x": 2}]}):
        assert typed_json.arrays(json.dumps(body).encode(), signature) is None
        made = predict_json.inputs(body, signature)
        assert made["x"].tolist() == [1, 2]
        assert made["scalar"] is infos[1].default and made["fixed"] is infos[2].default

"""Named tensors of a request become what `tf.io.parse_example` gives for the same rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_metadata.proto.v0 import schema_pb2

from models.common import raw_inputs
from models.common.raw_inputs import MISSING, Column
from tests.models import tiny_sample

pytestmark = pytest.mark.tfx

SPEC = {
    "miles": tf.io.FixedLenFeature([1], tf.float32),
    "hour": tf.io.FixedLenFeature([], tf.int64),
    "position": tf.io.FixedLenFeature([2], tf.float32),
    "latitude": tf.io.VarLenFeature(tf.float32),
    "area": tf.io.VarLenFeature(tf.int64),
    "company": tf.io.VarLenFeature(tf.string),
    "stops": tf.io.VarLenFeature(tf.int64),
}
COLUMNS = raw_inputs.columns(tiny_sample.schema(), SPEC)

floats = st.floats(-(2**99), 2**99, width=32, allow_subnormal=False)
integers = st.integers(-(2**63) + 1, 2**63 - 1)
# An empty string is the marker of a missing one.
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5)
raw_rows = st.fixed_dictionaries(
    {"miles": floats, "hour": integers, "position": st.lists(floats, min_size=2, max_size=2)},
    optional={
        "latitude": floats,
        "area": integers,
        "company": texts,
        "stops": st.lists(integers, min_size=1, max_size=4),
    },
)


def request(rows: list[dict[str, Any]], *, leave_out: bool) -> dict[str, tf.Tensor]:
    """The rows as named tensors, with markers where a row has no value."""
    tensors = raw_inputs.defaults(COLUMNS)
    longest = max((len(row.get("stops", [])) for row in rows), default=0)
    for column in COLUMNS:
        if leave_out and not any(column.name in row for row in rows):
            continue
        marker = MISSING[column.dtype]
        cells = [row.get(column.name, [] if column.shape == (None,) else marker) for row in rows]
        if column.shape == (None,):
            cells = [cell + [marker] * (longest - len(cell)) for cell in cells]
            cells = np.array(cells, np.int64).reshape(len(rows), longest)
        tensors[column.name] = tf.constant(cells, column.dtype)
    return tensors


def cells(tensor: Any) -> list[Any]:
    """Each row's values, without how they are laid out."""
    if isinstance(tensor, tf.SparseTensor):
        rows: list[Any] = [[] for _ in range(tensor.dense_shape[0])]
        for (row, place), value in zip(
            tensor.indices.numpy(), tensor.values.numpy().tolist(), strict=True
        ):
            rows[row].append((int(place), value))
        return rows
    return tensor.numpy().tolist()


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(raw_rows, min_size=1, max_size=4), st.booleans())
def test_a_request_is_parsed_as_its_examples(rows: list[dict[str, Any]], leave_out: bool) -> None:
    serialized = tf.constant([tiny_sample.example(row) for row in rows])
    expected = tf.io.parse_example(serialized, SPEC)
    parsed = raw_inputs.to_parsed(request(rows, leave_out=leave_out), COLUMNS)
    assert parsed.keys() == expected.keys()
    for name, tensor in expected.items():
        assert type(parsed[name]) is type(tensor) and parsed[name].dtype == tensor.dtype
        assert cells(parsed[name]) == cells(tensor), name
        if not isinstance(tensor, tf.SparseTensor):
            assert parsed[name].shape == tensor.shape, name


def test_columns_say_what_a_request_may_hold() -> None:
    assert {column.name: (column.shape, column.optional) for column in COLUMNS} == {
        "miles": ((), False),
        "hour": ((), False),
        "position": ((2,), False),
        "latitude": ((), True),
        "area": ((), True),
        "company": ((), True),
        "stops": ((None,), True),
    }


def test_the_signature_has_a_shape_and_a_type_for_each_column() -> None:
    signature = raw_inputs.signature(COLUMNS)
    assert {name: spec.shape.as_list() for name, spec in signature.items()} == {
        "miles": [None],
        "hour": [None],
        "position": [None, 2],
        "latitude": [None],
        "area": [None],
        "company": [None],
        "stops": [None, None],
    }
    assert signature["company"].dtype == tf.string and signature["stops"].dtype == tf.int64


def test_only_optional_columns_have_a_default() -> None:
    defaults: dict[str, Any] = dict(raw_inputs.defaults(COLUMNS))
    assert [name for name, tensor in defaults.items() if tensor is None] == [
        "miles", "hour", "position",
    ]  # fmt: skip
    assert np.isnan(defaults["latitude"].numpy()).tolist() == [True]
    assert defaults["area"].numpy().tolist() == [-(2**63)]
    assert defaults["company"].numpy().tolist() == [b""]
    assert defaults["stops"].numpy().tolist() == [[-(2**63)]]


@pytest.mark.parametrize("dtype", MISSING, ids=lambda dtype: dtype.name)
def test_every_type_of_an_example_has_a_marker(dtype: tf.DType) -> None:
    column = Column("x", dtype, (), optional=True)
    tensors = {"x": tf.constant([MISSING[dtype]] * 2, dtype)}
    parsed = raw_inputs.to_parsed(tensors, [column])["x"]
    assert parsed.values.shape == [0] and parsed.dense_shape.numpy().tolist() == [2, 1]


@pytest.mark.parametrize(
    ("value_count", "shape"),
    [
        ("", ()),
        ("value_count { min: 0 max: 1 }", ()),
        ("value_count { max: 1 }", ()),
        ("value_count { min: 0 }", (None,)),
        ("value_count { min: 1 }", (None,)),
        ("value_count { max: 3 }", (None,)),
    ],
)
def test_a_list_is_what_its_schema_calls_one(value_count: str, shape: tuple[None, ...]) -> None:
    text = f'feature {{ name: "x" type: FLOAT {value_count} }}'
    schema = text_format.Parse(text, schema_pb2.Schema())
    [column] = raw_inputs.columns(schema, {"x": tf.io.VarLenFeature(tf.float32)})
    assert column == Column("x", tf.float32, shape, optional=True)


@pytest.mark.parametrize("optional", [False, True])
def test_a_column_is_no_operation(optional: bool) -> None:
    """A request may have thousands of columns, and its graph is traced and loaded many times."""

    def operations(number: int) -> int:
        columns = [
            raw_inputs.Column(f"c{index}", tf.float32, (), optional, () if optional else (1,))
            for index in range(number)
        ]

        @tf.function(input_signature=[raw_inputs.signature(columns)], autograph=False)
        def parsed(features: dict[str, tf.Tensor]) -> dict[str, Any]:
            return raw_inputs.to_parsed(features, columns)

        kinds = [one.type for one in parsed.get_concrete_function().graph.get_operations()]
        return sum(kind not in ("Placeholder", "Identity") for kind in kinds)

    assert operations(12) == operations(3)


def test_no_shape_is_looked_for_in_all_inputs() -> None:
    """TensorFlow would follow each back to a constant, for each column through every column."""
    columns = [raw_inputs.Column(f"c{index}", tf.float32, (), False, (1,)) for index in range(3)]

    @tf.function(input_signature=[raw_inputs.signature(columns)], autograph=False)
    def parsed(features: dict[str, tf.Tensor]) -> dict[str, Any]:
        return raw_inputs.to_parsed(features, columns)

    graph = parsed.get_concrete_function().graph
    for reshape in (one for one in graph.get_operations() if one.type == "Reshape"):
        waiting, met = [reshape.inputs[1].op], set[str]()
        while waiting:
            one = waiting.pop()
            met.add(one.type)
            if one.type != "PlaceholderWithDefault":
                waiting += [tensor.op for tensor in one.inputs]
        assert "ShapeN" not in met and "Placeholder" not in met


WRONG = {
    "miles": [(), (2, 1), (1, 2)],
    "latitude": [(), (2, 1), (1, 1)],
    "position": [(), (2,), (2, 3)],
    "stops": [(), (2,), (2, 1, 1)],
}


@pytest.mark.parametrize(
    ("name", "shape"), [(name, shape) for name, shapes in WRONG.items() for shape in shapes]
)
def test_another_shape_is_an_error(name: str, shape: tuple[int, ...]) -> None:
    rows = [{"miles": 1.0, "hour": 2, "position": [3.0, 4.0]}] * 2
    tensors = request(rows, leave_out=True)
    tensors[name] = tf.zeros(shape, tensors[name].dtype)
    with pytest.raises(tf.errors.InvalidArgumentError):
        raw_inputs.to_parsed(tensors, COLUMNS)


def test_the_error_names_each_input_with_its_shape() -> None:
    columns = [raw_inputs.Column(name, tf.float32, (), False, (1,)) for name in ("a", "b")]
    with pytest.raises(tf.errors.InvalidArgumentError) as refused:
        raw_inputs.to_parsed({"a": tf.zeros([2]), "b": tf.zeros([2, 1])}, columns)
    for part in ("has not the shape [rows]", "'a':", "'b':", "2, 1"):
        assert part in str(refused.value), part

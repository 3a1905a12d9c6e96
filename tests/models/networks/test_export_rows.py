"""One row in, one prediction out: for every shape and name of an input, in every loader."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_metadata.proto.v0 import schema_pb2

from models.common import export
from models.common.raw_inputs import MISSING
from serving.core.errors import Code, ServingError
from serving.model.loaded_model import LoadedModel
from serving.model.signatures import Signature

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

Ask = Callable[[str, Mapping[str, np.ndarray]], dict[str, np.ndarray]]

SPEC = {
    "plain": tf.io.FixedLenFeature([], tf.float32),
    "of one (1)": tf.io.FixedLenFeature([1], tf.int64),
    "pair:é": tf.io.FixedLenFeature([2], tf.float32),
    "image/raw": tf.io.FixedLenFeature([2, 3], tf.float32),
    "class": tf.io.FixedLenFeature([], tf.string),
    "inputs": tf.io.FixedLenFeature([], tf.int64),
    "A": tf.io.VarLenFeature(tf.float32),
    "a": tf.io.VarLenFeature(tf.int64),
    "_word 😀": tf.io.VarLenFeature(tf.string),
    "words.many": tf.io.VarLenFeature(tf.string),
    "1st list": tf.io.VarLenFeature(tf.float32),
}
LISTS = ("words.many", "1st list")
OPTIONAL = [name for name, spec in SPEC.items() if isinstance(spec, tf.io.VarLenFeature)]
ROW_SHAPES = {
    name: () if name not in ("pair:é", "image/raw") else tuple(SPEC[name].shape) for name in SPEC
}


class Counted(tf.Module):
    """In place of a fitted preprocessing: a number a row, of which every column is a part."""

    def __call__(self, raw: Mapping[str, Any]) -> dict[str, tf.Tensor]:
        total: Any = 0.0
        for name in sorted(raw):
            tensor = raw[name]
            if tensor.dtype == tf.string:
                values = tensor.values if isinstance(tensor, tf.SparseTensor) else tensor
                lengths = tf.cast(tf.strings.length(values), tf.float32)
                tensor = (
                    tf.SparseTensor(tensor.indices, lengths, tensor.dense_shape)
                    if isinstance(tensor, tf.SparseTensor)
                    else lengths
                )
            if isinstance(tensor, tf.SparseTensor):
                tensor = tf.sparse.to_dense(tensor)
            tensor = tf.cast(tensor, tf.float32)
            total += tf.reduce_sum(tf.reshape(tensor, [tf.shape(tensor)[0], -1]), axis=1)
        return {"total": total, "y": total}


class Transform:
    """What an export asks of a fitted preprocessing."""

    def __init__(self) -> None:
        schema = schema_pb2.Schema()
        for name in SPEC:
            schema.feature.add(name=name).value_count.max = 9 if name in LISTS else 1
        self.raw_metadata = type("Metadata", (), {"schema": schema})

    def raw_feature_spec(self) -> dict[str, Any]:
        return SPEC

    def transform_features_layer(self) -> tf.Module:
        return Counted()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    total = keras.Input((1,), name="total")
    network = keras.Model({"total": total}, keras.layers.Dense(1, "linear", False, "ones")(total))
    folder = tmp_path_factory.mktemp("export")
    export.export(
        network, Transform(), labels=("y",), label_columns=(), inputs=tuple(SPEC), path=str(folder)
    )
    return folder


@pytest.fixture(scope="module")
def served(path: Path) -> Iterator[LoadedModel]:
    """As TensorFlow Serving loads it, whose C++ looks at no declared shape."""
    model = LoadedModel(path)
    yield model
    model.close()


@pytest.fixture(scope="module")
def in_python(path: Path) -> Any:
    return tf.saved_model.load(str(path))


@pytest.fixture(scope="module", params=["C++", "Python"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Asks a signature; what is left out takes its default."""
    served: LoadedModel = request.getfixturevalue("served")
    if request.param == "C++":
        return lambda name, arrays: served.run(
            served.signature(name), complete(served.signature(name), arrays)
        )
    loaded = request.getfixturevalue("in_python")

    def in_python(name: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        arrays = complete(served.signature(name), arrays)
        tensors = {
            key: tf.constant(array, tf.string if array.dtype == object else None)
            for key, array in arrays.items()
        }
        return {key: tensor.numpy() for key, tensor in loaded.signatures[name](**tensors).items()}

    return in_python


def complete(signature: Signature, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: arrays.get(name, info.default) for name, info in signature.inputs.items()}


def tensor(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """A tensor of ones; text of one character."""
    dtype = SPEC[name].dtype
    made = np.full(shape, b"x" if dtype == tf.string else 1)
    return made.astype(object if dtype == tf.string else dtype.as_numpy_dtype)


def request(rows: int, items: int = 2) -> dict[str, np.ndarray]:
    shapes = {name: (items,) if name in LISTS else ROW_SHAPES[name] for name in SPEC}
    return {name: tensor(name, (rows, *shape)) for name, shape in shapes.items()}


def test_requests_carry_the_columns_names(served: LoadedModel) -> None:
    assert set(served.signature("serving_default").inputs) == set(SPEC)
    defaults = served.signature("serving_default").inputs.items()
    assert [name for name, info in defaults if info.default is not None] == sorted(OPTIONAL)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(0, 4),
    items=st.integers(0, 3),
    left_out=st.sets(st.sampled_from(OPTIONAL)),
    missing=st.sets(st.sampled_from(OPTIONAL)),
)
def test_rows_in_rows_out(
    ask: Ask, rows: int, items: int, left_out: set[str], missing: set[str]
) -> None:
    arrays = request(rows, items)
    for name in missing:
        marker = MISSING[SPEC[name].dtype]
        arrays[name][...] = marker.encode() if isinstance(marker, str) else marker
    for name in left_out:
        del arrays[name]
    values = {name: ROW_SHAPES[name] for name in SPEC if name not in left_out | missing}
    expected = sum(items if name in LISTS else np.prod(shape) for name, shape in values.items())
    answers = ask("serving_default", arrays)["outputs"]
    assert answers.tolist() == [[expected]] * rows


@pytest.mark.parametrize("rows", [0, 1, 3])
@pytest.mark.parametrize("signature", ["serving_examples", "transform_features"])
def test_examples_in_answers_out(ask: Ask, signature: str, rows: int) -> None:
    example = tf.train.Example()
    for name, array in request(1).items():
        kind = example.features.feature[name]
        if array.dtype == object:
            kind.bytes_list.value.extend(array.ravel())
        else:
            numbers = kind.int64_list if array.dtype == np.int64 else kind.float_list
            numbers.value.extend(array.ravel())
    serialized = np.array([example.SerializeToString()] * rows, object)
    answers, *_ = ask(signature, {"inputs": serialized}).values()
    assert answers.ravel().tolist() == [19] * rows


@pytest.mark.parametrize("shape", [(), (2, 1), (1, 2)])
@pytest.mark.parametrize("signature", ["serving_examples", "transform_features"])
def test_examples_are_a_list(ask: Ask, signature: str, shape: tuple[int, ...]) -> None:
    with pytest.raises((ServingError, tf.errors.OpError, TypeError, ValueError)):
        ask(signature, {"inputs": np.full(shape, b"", object)})


shapes = st.lists(st.integers(0, 4), max_size=4).map(tuple)


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(list(SPEC)), shape=shapes, rows=st.integers(1, 3))
def test_another_shape_is_an_error_and_never_another_number_of_rows(
    ask: Ask, served: LoadedModel, name: str, shape: tuple[int, ...], rows: int
) -> None:
    arrays = request(rows) | {name: tensor(name, shape)}
    info = served.signature("serving_default").inputs[name]
    if name == "image/raw" and len(shape) == 4 and shape[3] == 1:
        shape = shape[:3]  # The one channel of an image may be a dimension of its own.
    fits = info.fits(shape) and (shape[0] == rows or (shape[0] == 1 and name in OPTIONAL))
    if fits:
        assert len(ask("serving_default", arrays)["outputs"]) == rows
    else:
        with pytest.raises((ServingError, tf.errors.OpError, TypeError, ValueError)):
            ask("serving_default", arrays)


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_an_image_may_have_its_one_channel_as_a_dimension(ask: Ask, rows: int) -> None:
    pixels = np.arange(rows * 6, dtype=np.float32).reshape(rows, 2, 3)
    without, with_channel = (
        ask("serving_default", request(rows) | {"image/raw": image})["outputs"]
        for image in (pixels, pixels[..., None])
    )
    assert without.tolist() == with_channel.tolist()
    assert without.shape == (rows, 1)


@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [
        (
            "image/raw",
            (1, 2, 3, 2),
            "'image/raw': expected shape [-1, 2, 3], received [1, 2, 3, 2]",
        ),
        (
            "image/raw",
            (1, 3, 2),
            "Input 'image/raw': expected shape [-1, 2, 3], received [1, 3, 2]",
        ),
        ("plain", (1, 2), "Input 'plain': expected shape [-1], received [1, 2]"),
        ("image/raw", (2, 392), "Input 'image/raw': expected shape [-1, 2, 3], received [2, 392]"),
        ("A", (), "Input 'A': expected shape [-1], received []"),
        ("plain", (2,), "The inputs have different numbers of rows:"),
    ],
)
def test_the_server_names_the_input_and_both_shapes(
    served: LoadedModel, name: str, shape: tuple[int, ...], expected: str
) -> None:
    signature = served.signature("serving_default")
    with pytest.raises(ServingError) as refused:
        served.run(signature, request(1) | {name: tensor(name, shape)})
    assert expected in refused.value.message
    assert refused.value.code == Code.INVALID_ARGUMENT


@given(rows=st.lists(st.integers(-1, 3), min_size=1, max_size=3))
@settings(max_examples=30, deadline=None)
def test_optional_columns_alone_agree_on_their_rows(rows: list[int]) -> None:
    """-1 is for a column that a request leaves out."""
    from models.common import raw_inputs

    columns = [raw_inputs.Column(f"c{i}", tf.float32, (), True) for i in range(len(rows))]
    tensors = {
        column.name: tf.fill([max(size, -size)], 1.0)
        for column, size in zip(columns, rows, strict=True)
    }
    sizes = {abs(size) for size in rows} - {1} or {1}
    if len(sizes) > 1:
        with pytest.raises(tf.errors.InvalidArgumentError, match="different numbers of rows"):
            raw_inputs.to_parsed(tensors, columns)
    else:
        parsed = raw_inputs.to_parsed(tensors, columns).values()
        assert {int(tensor.dense_shape[0]) for tensor in parsed} == sizes

"""A long request means what the same request would as a short one."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.tfx

NUMBERS = st.integers(-9, 9) | st.floats(width=32) | st.just(1e308)
WRONG = st.sampled_from(["x", None, True, {"a": 1}, [[1.0]], []])
ROWS = st.fixed_dictionaries(
    {"x": NUMBERS | WRONG},
    optional={
        "name": st.text(max_size=3) | st.just({"b64": "/w=="}),
        "place": st.lists(NUMBERS, min_size=2, max_size=2) | WRONG,
        "other": WRONG,
    },
)
NESTED = st.lists(NUMBERS | st.lists(NUMBERS | st.lists(NUMBERS, max_size=3), max_size=3))


def signature(*names: str) -> Any:
    from serving.model.signatures import PREDICT, Signature, TensorInfo

    floats, texts = np.dtype(np.float32), np.dtype(object)
    infos = [
        TensorInfo("x", "x:0", "float", floats, (None,)),
        TensorInfo("name", "n:0", "string", texts, (None,), np.array([b""], dtype=object)),
        TensorInfo("place", "p:0", "float", floats, (None, 2), np.array([[0, 1]], np.float32)),
    ]
    inputs = {info.name: info for info in infos if info.name in (names or ("x", "name", "place"))}
    return Signature("serving_default", PREDICT, inputs, {}, None)


@contextlib.contextmanager
def parts_of(size: int) -> Iterator[None]:
    from serving.codec import long_json
    from serving.core import json_parts

    with mock.patch.object(json_parts, "PART_BYTES", size), mock.patch.object(
        long_json, "PART_BYTES", size
    ):  # fmt: skip
        yield


def outcome(read: Callable[[], Any]) -> Any:
    from serving.core.errors import ServingError

    try:
        found = read()
    except ServingError as error:
        return error.code
    return {name: (array.dtype, array.shape, str(array.tolist())) for name, array in found.items()}


def same(body: dict[str, Any], for_signature: Any, size: int) -> None:
    from serving.codec import long_json, predict_json

    text = json.dumps(body).encode()
    with parts_of(size):
        made = outcome(lambda: long_json.predict(text, lambda name: for_signature, 99)[1])
    assert made == outcome(lambda: predict_json.inputs(json.loads(text), for_signature))


@given(st.lists(ROWS, max_size=6), st.integers(1, 120))
def test_rows_of_several_inputs(rows: list[Any], size: int) -> None:
    same({"instances": rows}, signature(), size)


@given(NESTED, st.integers(1, 40), st.booleans())
def test_rows_and_columns_of_one_input(value: Any, size: int, in_rows: bool) -> None:
    same({"instances" if in_rows else "inputs": value}, signature("x"), size)
    same({"unknown": value, "inputs": {"x": value}}, signature("x"), size)


@pytest.mark.parametrize("texts", [11, 12])
@pytest.mark.parametrize(
    "body",
    [
        {"instances": [{"x": 1, "name": "a"}] * 12},
        {"inputs": {"x": [1] * 12, "name": ["a"] * 12}},
        {"inputs": {"x": [1] * 3, "name": [["a"] * 4] * 3}},
        {"instances": [{"x": 1, "name": ["a"] * 4}] * 3},
    ],
)
def test_texts_are_counted_and_refused_beyond_their_limit(body: Any, texts: int) -> None:
    from serving.codec import long_json, tensors
    from serving.core.errors import Code, ServingError

    text = json.dumps(body).encode()
    read = functools.partial(long_json.predict, text, lambda name: signature("x", "name"), 99)
    with parts_of(20), mock.patch.object(tensors, "MOST_TEXTS", texts):
        if texts == 12:
            assert read()[1]["name"].size == 12
            return
        with pytest.raises(ServingError, match="more than 11 texts") as told:
            read()
    assert (told.value.code, told.value.http_status) == (Code.RESOURCE_EXHAUSTED, 413)


@given(
    st.dictionaries(
        st.sampled_from("ab"), st.lists(st.integers(-9, 9) | st.just({"b64": "AA=="})) | WRONG
    ),
    st.integers(1, 40),
)
def test_examples(example: dict[str, Any], size: int) -> None:
    from serving.codec import examples_json, long_json
    from serving.core.errors import ServingError

    body = {"examples": [example, example, {}], "context": {"c": [1, 2]}, "signature_name": "s"}

    def read(reader: Callable[[], list[bytes]]) -> Any:
        from tensorflow.core.example.example_pb2 import Example

        try:
            return [Example.FromString(each) for each in reader()]
        except ServingError as error:
            return error.code

    with parts_of(size):
        made = read(lambda: long_json.examples(json.dumps(body).encode(), 99)[1])
    assert made == read(lambda: examples_json.serialized(body))


@pytest.mark.parametrize(
    "text",
    [
        b"[1]", b"", b"{", b'{"instances": {"a": 1}}', b'{"instances": []}', b'{"other": 1}',
        b'{"instances": [1, 2, 3, 4]}', b'{"inputs": [1, 2, 3, 4]}', b'{"instances": [1,,2]}',
        b'{"instances": [1, 2], "inputs": [1]}', b'{"instances": [1] 2}', b'{"instances": [1 2]}',
        b'{"instances": [1], "other": [1,,2]}', b'{"instances": [1], "signature_name": 1}',
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 5, 1000])
def test_what_is_wrong_is_refused(text: bytes, size: int) -> None:
    from serving.codec import long_json
    from serving.core.errors import ServingError

    with parts_of(size), pytest.raises(ServingError):
        long_json.predict(text, lambda name: signature("x"), 3)

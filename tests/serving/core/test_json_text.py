"""JSON with the numbers that TensorFlow Serving has beside the standard's."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.core import json_text
from serving.core.errors import Code, ServingError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from("abc"), VALUES))
def test_what_is_written_is_read_again(value: dict[str, Any]) -> None:
    assert json_text.parse(json_text.dump_special(value)) == value


def test_special_numbers_are_read() -> None:
    read = json_text.parse(b'{"a": [NaN, Infinity, -Infinity]}')["a"]
    assert math.isnan(read[0]) and read[1:] == [math.inf, -math.inf]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The document is empty"), (b" \n", "The document is empty"),
        (b"{", "JSON Parse error"), (b"[1]", "Is not object"), (b"1", "Is not object"),
        (b'{"a": NaN', "JSON Parse error"), (b'{"a": "\xff"}', "JSON Parse error"),
    ],
)  # fmt: skip
def test_what_is_no_object_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(ServingError, match=message) as refused:
        json_text.parse(body)
    assert refused.value.code == Code.INVALID_ARGUMENT


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_the_shortest_number_means_the_same_in_its_own_type(value: float) -> None:
    number = np.float32(value)
    assert np.float32(json_text.shortest(number)) == number
    assert len(repr(json_text.shortest(number))) <= len(repr(float(number)))


def test_arrays_are_written() -> None:
    assert json.loads(json_text.dump({"a": np.array([[0.5], [1.5]], np.float32)})) == {
        "a": [[0.5], [1.5]]
    }


def test_a_long_value_is_cut_for_a_message() -> None:
    assert json_text.shown({"a": 1}) == '{"a": 1}'
    assert json_text.shown("x" * 500) == '"' + "x" * 199 + "..."
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    assert json_text.shown(nested) == "list nested too deeply to show"


@pytest.mark.parametrize(
    ("value", "name"),
    [(None, "Null"), ({}, "Object"), ([], "Array"), ("", "String"), (1, "Number"), (True, "True")],
)
def test_what_json_calls_a_type(value: Any, name: str) -> None:
    assert json_text.type_name(value) == name

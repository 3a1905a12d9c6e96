"""Logged bodies as rows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.request_log import rows
from tests.helpers.log_entries import entry

X, Y = ["x"], ["y"]


def pairs(request: Any, response: Any, inputs: list[str] = X, outputs: list[str] = Y) -> list[Any]:
    one = entry(request=json.dumps(request).encode(), response=json.dumps(response).encode())
    return list(rows.rows(one, inputs, outputs))


@pytest.mark.parametrize(
    ("request_", "response", "expected"),
    [
        (
            {"instances": [{"x": 1}, {"x": 2}]},
            {"predictions": [{"y": 3}, {"y": 4}]},
            [({"x": 1}, {"y": 3}), ({"x": 2}, {"y": 4})],
        ),
        ({"instances": [1, [2]]}, {"predictions": [3]}, [({"x": 1}, {"y": 3}), ({"x": [2]}, {})]),
        ({"instances": [{"b64": "QQ=="}]}, {}, [({"x": {"b64": "QQ=="}}, {})]),
        (
            {"inputs": {"x": [1, 2]}},
            {"outputs": [3, 4]},
            [({"x": 1}, {"y": 3}), ({"x": 2}, {"y": 4})],
        ),
        ({"inputs": [1]}, {"outputs": {"y": [3]}}, [({"x": 1}, {"y": 3})]),
        (
            {"context": {"c": 0}, "examples": [{"x": 1}, {"x": 2, "c": 9}]},
            {"results": [0.5, 0.25]},
            [({"c": 0, "x": 1}, {"y": 0.5}), ({"c": 9, "x": 2}, {"y": 0.25})],
        ),
        ({"instances": [1]}, {"predictions": [3, 4]}, [({"x": 1}, {"y": 3})]),
        ({"instances": "no list"}, {"error": "no"}, []),
        ({"tasks": []}, {}, []),
        (None, None, []),
    ],
)
def test_the_rows_of_a_request_and_its_answer(
    request_: Any, response: Any, expected: list[Any]
) -> None:
    assert pairs(request_, response) == expected


def test_a_value_without_a_name_among_several_inputs() -> None:
    assert pairs({"instances": [1]}, {}, ["a", "b"]) == [({"value": 1}, {})]


@given(st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["instances", "inputs", "examples", "outputs", "x"]), inner),
))  # fmt: skip
def test_whatever_a_client_sent_gives_rows_of_named_values(body: Any) -> None:
    for given_, answer in pairs(body, body):
        assert isinstance(given_, dict) and isinstance(answer, dict)


def test_signature_and_error() -> None:
    named = entry(request=b'{"signature_name": "other"}', response=b'{"error": "no"}')
    assert (rows.signature_name(named), rows.error(named)) == ("other", "no")
    plain = entry(request=b"no JSON", response=b'{"error": 1}')
    assert (rows.signature_name(plain), rows.error(plain)) == ("serving_default", None)

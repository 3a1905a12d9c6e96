"""Named features leave logged bodies, and so does whatever could hold them unnamed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.request_log import redaction

SECRET = "4711-secret"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"instances": [{"a": SECRET, "b": 1}]}, {"instances": [{"b": 1}]}),
        ({"inputs": {"a": [SECRET], "b": [1]}}, {"inputs": {"b": [1]}}),
        (
            {"examples": [{"a": SECRET}], "context": {"a": SECRET}},
            {"examples": [{}], "context": {}},
        ),
        ({"instances": [SECRET, [SECRET]]}, {"instances": [None, None]}),
        ({"instances": SECRET}, {"instances": None}),
        ({"examples": [SECRET, {"b": 1}]}, {"examples": [None, {"b": 1}]}),
        ({"examples": SECRET}, {"examples": None}),
        ({"inputs": [SECRET]}, {"inputs": None}),
        ({"instances": [{"x": {"b64": SECRET}}]}, {"instances": [{"x": None}]}),
        ({"instances": [{"x": {"a": SECRET, "c": 2}}]}, {"instances": [{"x": {"c": 2}}]}),
        ({"error": f"Value {SECRET} is not a number"}, {"error": "[redacted]"}),
        ({"predictions": [[0.5]]}, {"predictions": [[0.5]]}),
        ([SECRET], None),
        (SECRET, None),
    ],
)
def test_the_feature_is_gone(body: Any, expected: Any) -> None:
    cleaned = redaction.without(json.dumps(body).encode(), frozenset({"a"}))
    assert json.loads(cleaned) == expected


def test_a_body_that_is_not_json_is_left_out() -> None:
    assert redaction.without(b'{"instances": [', frozenset({"a"})) == b"null"


_VALUES = st.recursive(
    st.just(SECRET) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("a"), inner),
    max_leaves=8,
)


@given(st.lists(st.fixed_dictionaries({"a": _VALUES}, optional={"b": st.integers()})))
def test_no_nesting_hides_it(rows: list[Any]) -> None:
    body = json.dumps({"instances": rows}).encode()
    assert SECRET.encode() not in redaction.without(body, frozenset({"a"}))


@pytest.mark.parametrize("depth", [10, 500, 5000, 10**5])
@pytest.mark.parametrize("pair", [b"[]", b"{}"])
def test_a_nested_row_is_left_out_or_kept_but_never_an_error(depth: int, pair: bytes) -> None:
    opening = b"[" if pair == b"[]" else b'{"b":'
    row = opening * depth + b"1" + pair[1:] * depth
    cleaned = redaction.without(b'{"instances":[{"a":1,"b":' + row + b"}]}", frozenset({"a"}))
    assert cleaned == redaction.NOTHING or (depth < 5000 and b'"a"' not in cleaned)

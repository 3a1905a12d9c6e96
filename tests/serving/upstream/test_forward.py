"""What is kept of a forwarded answer for the distribution of predictions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.upstream.forward import first_row


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"predictions": [[0.5], [0.25]]}, {"outputs": [[0.5]]}),
        ({"predictions": [{"a": 1, "b": [2, 3]}]}, {"a": [1], "b": [[2, 3]]}),
        ({"results": [0.5, 0.25]}, {"outputs": [0.5]}),
        ({"outputs": [[0.5], [0.25]]}, {"outputs": [[0.5]]}),
        ({"outputs": {"a": [1, 2], "b": ["x", "y"]}}, {"a": [1]}),
        ({"outputs": {"a": {"b": 1}}}, {}),
        ({"predictions": {"a": 1}}, {}),
        ({"error": "no"}, {}),
        ([1, 2], {}),
    ],
)
def test_the_numbers_of_the_first_row(answer: Any, expected: dict[str, Any]) -> None:
    found = {name: array.tolist() for name, array in first_row(json.dumps(answer).encode()).items()}
    assert found == expected


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["predictions", "outputs", "results", "a"]), inner)
        ),
    )
)
def test_no_answer_of_an_upstream_raises(answer: Any) -> None:
    first_row(json.dumps(answer).encode())

"""Logged bodies as rows, of every form that the server logs."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.log.bodies import Names, answered, as_columns, loads, plain

NAMES = Names(("x", "y"), ("p",))
ONE = Names(("x",), ("p",))


@pytest.mark.parametrize(
    ("request_body", "response_body", "names", "inputs", "outputs"),
    [
        # Rows, with names and without.
        ({"instances": [{"x": 1}, {"y": 2}]}, {"predictions": [0.1, 0.2]}, NAMES,
         [{"x": 1}, {"y": 2}], [{"p": 0.1}, {"p": 0.2}]),
        ({"instances": [{"x": 1, "y": 2}]}, {"predictions": [0.1]}, NAMES,
         [{"x": 1, "y": 2}], [{"p": 0.1}]),
        ({"instances": [{"x": 1, "y": 2}]}, {"predictions": [0.1, 0.2]}, NAMES,
         [{"x": 1, "y": 2}], [{"p": 0.1}]),
        ({"instances": [{"x": 1, "y": 2}]}, {"predictions": [0.1]}, Names(("x", "y"), ("p", "q")),
         [{"x": 1, "y": 2}], [{"value": 0.1}]),
        ({"instances": [{"x": 1, "y": 2}, 3]}, {"predictions": [0.1, 0.2]}, NAMES,
         [{"x": 1, "y": 2}, {"value": 3}], [{"p": 0.1}, {"p": 0.2}]),
        ({"instances": [1, [2]]}, {"predictions": [[0.1], [0.2]]}, ONE,
         [{"x": 1}, {"x": [2]}], [{"p": [0.1]}, {"p": [0.2]}]),
        ({"instances": [{"b64": "AA=="}]}, {"predictions": [{"p": 1, "q": 2}]}, ONE,
         [{"x": {"b64": "AA=="}}], [{"p": 1, "q": 2}]),
        # Columns.
        ({"inputs": {"x": [1, 2], "y": [3, 4]}}, {"outputs": [0.1, 0.2]}, NAMES,
         [{"x": 1, "y": 3}, {"x": 2, "y": 4}], [{"p": 0.1}, {"p": 0.2}]),
        ({"inputs": [1, 2]}, {"outputs": {"p": [0.1, 0.2], "q": [1, 2]}}, ONE,
         [{"x": 1}, {"x": 2}], [{"p": 0.1, "q": 1}, {"p": 0.2, "q": 2}]),
        ({"inputs": {"x": 1}}, {"outputs": {"p": 0.1}}, NAMES, [{"x": 1}], [{"p": 0.1}]),
        # Classify and regress.
        ({"context": {"y": 9}, "examples": [{"x": 1}, {"y": 2}]},
         {"results": [[["cat", 0.9], ["dog", 0.1]], [["dog", 1.0]]]}, NAMES,
         [{"y": 9, "x": 1}, {"y": 2}],
         [{"classes": ["cat", "dog"], "scores": [0.9, 0.1]},
          {"classes": ["dog"], "scores": [1.0]}]),
        ({"examples": [{"x": 1}]}, {"results": [0.5]}, NAMES, [{"x": 1}], [{"p": 0.5}]),
        # Answers that are missing, or too many.
        ({"instances": [{"x": 1}, {"x": 2}]}, {"predictions": [0.1]}, NAMES,
         [{"x": 1}, {"x": 2}], [{"p": 0.1}, {}]),
        ({"instances": [{"x": 1}]}, {"predictions": [0.1, 0.2]}, NAMES, [{"x": 1}], [{"p": 0.1}]),
        ({"instances": [{"x": 1}]}, None, NAMES, [{"x": 1}], None),
        # Left out by `redact`.
        ({"instances": [None]}, {"predictions": [0.1]}, ONE, [{}], [{"p": 0.1}]),
        (None, {"predictions": [0.1]}, NAMES, [], []),
        ([1], "x", NAMES, [], None),
        ({"instances": {"x": 1}}, {"predictions": []}, NAMES, [], []),
        # Other signatures.
        ({"signature_name": "o", "instances": [{"x": 1}]}, {"predictions": [{"p": 1}]}, NAMES,
         [{"x": 1}], [{"p": 1}]),
        ({"signature_name": "o", "instances": [{"x": 1}]}, {"predictions": [0.1]}, NAMES,
         [{"x": 1}], None),
        ({"signature_name": "o", "instances": [{"z": 1}]}, {"predictions": [0.1]}, NAMES, [], None),
        ({"signature_name": "", "instances": [{"z": 1}]}, {"predictions": [0.1]}, NAMES,
         [{"z": 1}], [{"p": 0.1}]),
    ],
)  # fmt: skip
def test_rows(
    request_body: Any, response_body: Any, names: Names, inputs: list[Any], outputs: Any
) -> None:
    found = answered(json.dumps(request_body), json.dumps(response_body).encode(), names)
    assert found.inputs == inputs
    assert found.outputs == outputs


def test_numbers_that_json_has_no_form_for() -> None:
    nan, high, low = loads(b"[NaN, Infinity, -Infinity]")
    assert math.isnan(nan)
    assert (high, low) == (math.inf, -math.inf)
    assert loads(b'"\\ud800"') == "\ud800"


@pytest.mark.parametrize("text", [b"", b"{", b"[" * 100_000, b"\xff", "no"])
def test_what_is_no_json_is_nothing(text: Any) -> None:
    assert loads(text) is None
    assert answered(text, text, NAMES) == ([], None)


def test_rows_as_columns() -> None:
    assert as_columns([{"x": 1}, {}, {"y": 2}]) == {"x": [1, None, None], "y": [None, None, 2]}
    assert as_columns([]) == {}


_VALUE = st.none() | st.floats(allow_nan=False) | st.text(max_size=2) | st.lists(st.integers())
_ROW = st.fixed_dictionaries({"x": _VALUE, "y": _VALUE}) | st.permutations(["x", "y"]).map(
    lambda names: dict.fromkeys(names, 1)
)
_ODD = st.sampled_from([None, 3, "xy", [], {}, {"x": 1}, {"x": 1, "y": 2, "z": 3}, ["x", "y"]])
_ROWS = st.lists(_ROW | _ROW | _ROW | _ODD, max_size=3)
_MORE: st.SearchStrategy[Any] = st.sampled_from(
    [{}, {}, {}, {"signature_name": "other"}, {"more": 1}]
)


@st.composite
def exchanges(draw: st.DrawFn) -> tuple[bytes, bytes]:
    rows = draw(_ROWS)
    answers = [draw(st.floats(0, 1) | st.floats(0, 1) | _ODD) for _ in rows]
    asked = draw(st.sampled_from([{"instances": rows}] * 5 + [{"inputs": rows}, rows]))
    told = draw(st.sampled_from([{"predictions": answers}] * 5 + [{}, answers]))
    if isinstance(asked, dict):
        asked = {**asked, **draw(_MORE)}
    return json.dumps(asked).encode(), json.dumps(told).encode()


@given(st.lists(exchanges(), min_size=1, max_size=4), st.data())
def test_many_requests_at_once_are_what_each_is(
    bodies: list[tuple[bytes, bytes]], data: st.DataObject
) -> None:
    names = data.draw(st.sampled_from([NAMES, Names(("x", "y"), ("a", "b"))]))
    found = plain([one[0] for one in bodies], [one[1] for one in bodies], names)
    if found is None:
        return
    some = data.draw(st.lists(st.sampled_from(range(len(bodies))), unique=True).map(sorted))
    each = [answered(*bodies[place], names) for place in some]
    part = found.rows(np.array(some, dtype=np.int64))
    assert part.sizes == [len(one.inputs) for one in each]
    assert part.inputs == as_columns([row for one in each for row in one.inputs]) or not any(
        part.sizes
    )
    outputs = [row for one in each for row in one.outputs or ()]
    assert part.outputs == as_columns(outputs) or not any(part.sizes)
    assert all(one.outputs is not None for one in each)


def test_most_requests_are_read_at_once() -> None:
    requests = [b'{"instances": [{"x": 1, "y": "a"}]}', b'{"instances": [{"y": "b", "x": 2}]}']
    found = plain(requests, [b'{"predictions": [0.5]}', b'{"predictions": [0.25]}'], NAMES)
    assert found == ({"x": [1, 2], "y": ["a", "b"]}, {"p": [0.5, 0.25]}, [1, 1])

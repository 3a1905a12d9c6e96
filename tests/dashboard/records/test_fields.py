"""Values of the expected type, and a note on those of another one."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.records.fields import Fields, seconds_since_1970

CONTENT: dict[str, Any] = {
    "text": "a",
    "number": 1.5,
    "whole": 2,
    "truth": True,
    "null": None,
    "list": [1, {"a": 1}, None, {"a": 2}],
    "part": {"inner": 3, "time": "2026-11-21T09:30:00Z"},
}


@pytest.mark.parametrize(
    ("take", "expected"),
    [
        (lambda fields: fields.text("text"), "a"),
        (lambda fields: fields.number("number"), 1.5),
        (lambda fields: fields.number("whole"), 2),
        (lambda fields: fields.truth("truth"), True),
        (lambda fields: fields.items("list"), CONTENT["list"]),
        (lambda fields: [one.number("a") for one in fields.parts("list")], [1, 2]),
        (lambda fields: fields.part("part").number("inner"), 3),
        (lambda fields: fields.part("part").time("time"), 1_795_253_400.0),
        (lambda fields: (fields.text("null"), fields.text("absent")), ("", "")),
        (lambda fields: (fields.number("null"), fields.truth("absent")), (None, None)),
        (lambda fields: (fields.items("absent"), fields.part("null").content), ([], {})),
    ],
)
def test_what_is_as_expected_or_missing_is_no_problem(take: Any, expected: object) -> None:
    fields = Fields(CONTENT)
    assert take(fields) == expected and fields.problems == []


@pytest.mark.parametrize(
    ("take", "default", "problem"),
    [
        (lambda f: f.text("number"), "", "number: expected a text, received 1.5"),
        (lambda f: f.number("truth"), None, "truth: expected a number, received True"),
        (lambda f: f.truth("whole"), None, "whole: expected true or false, received 2"),
        (lambda f: f.items("text"), [], "text: expected a list, received 'a'"),
        (lambda f: f.part("list").content, {}, "list: expected an object, received [1, {'a'"),
        (lambda f: f.part("part").text("inner"), "", "part.inner: expected a text, received 3"),
        (lambda f: f.time("text"), None, "text: expected a time, received 'a'"),
    ],
)
def test_what_is_of_another_type_is_noted(take: Any, default: object, problem: str) -> None:
    fields = Fields(CONTENT)
    assert take(fields) == default
    [noted] = fields.problems
    assert noted.startswith(problem) and len(noted) < 120


@pytest.mark.parametrize("content", [None, 3, "x", [1]])
def test_what_is_no_object_has_no_fields(content: object) -> None:
    assert Fields(content).content == {}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01", 0.0),
        ("1970-01-01T00:00:10", 10.0),
        ("1970-01-01T00:00:10+00:00", 10.0),
        ("1970-01-01T01:00:10+01:00", 10.0),
        ("1970-01-01T00:00:00.500Z", 0.5),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_time_in_seconds(text: str, seconds: float | None) -> None:
    assert seconds_since_1970(text) == seconds

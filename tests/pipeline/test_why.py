"""The words for what changed since a node last ran; tests/e2e/test_cache.py has the whole."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline import why

pytestmark = pytest.mark.tfx


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {}, []),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, [("a.c", 2, 3)]),
        ({"a": {"b": (1, 2)}}, {"a": {"b": (2, 1)}}, [("a.b", (1, 2), (2, 1))]),
        ({"a": None}, {"a": {"b": 1}}, [("a", None, {"b": 1})]),
        ({}, {"a": {"b": 1}}, [("a", why.ABSENT, {"b": 1})]),
        ({"a": 0, "b": 1}, {"b": 2}, [("a", 0, why.ABSENT), ("b", 1, 2)]),
    ],
)
def test_where_two_trees_differ(
    old: dict[str, Any], new: dict[str, Any], expected: list[tuple[str, Any, Any]]
) -> None:
    assert list(why.differences(old, new)) == expected


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (3, "3"),
        (None, "null"),
        ("csv", "csv"),
        ((("a",),), '[["a"]]'),
        ("x" * 50, "x" * 37 + "..."),
    ],
)
def test_values_are_short_and_as_the_config_writes_them(value: Any, shown: str) -> None:
    assert why._shown(value) == shown

"""What changed between two configs, in words."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.config.differences import differences, listed


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {}, []),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, ["a.c 2 -> 3"]),
        ({"a": {"b": (1, 2)}}, {"a": {"b": (2, 1)}}, ["a.b [1, 2] -> [2, 1]"]),
        ({"a": None}, {"a": {"b": 1}}, ['a null -> {"b": 1}']),
        ({}, {"a": {"b": 1}}, ["a is new"]),
        ({"a": 0, "b": "x"}, {"b": "y"}, ["a is gone", "b x -> y"]),
        ({"a": None}, {"a": "x" * 50}, ["a null -> " + "x" * 37 + "..."]),
    ],
)
def test_each_difference_is_told_with_its_key(
    old: dict[str, Any], new: dict[str, Any], expected: list[str]
) -> None:
    found = list(differences(old, new))
    assert [text for _, text in found] == expected
    assert all(text.startswith(f"{key} ") for key, text in found)


@pytest.mark.parametrize(
    ("count", "expected"), [(0, ""), (3, "0, 1, 2"), (5, "0, 1, 2 and 2 more")]
)
def test_long_lists_are_cut(count: int, expected: str) -> None:
    assert listed([str(number) for number in range(count)]) == expected

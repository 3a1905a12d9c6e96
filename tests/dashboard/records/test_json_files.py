"""JSON that another process wrote, whatever it holds."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.records.json_files import MAX_DEPTH, UnreadableError, clean, read_object


@given(st.recursive(st.floats() | st.integers() | st.text(), st.lists, max_leaves=30))
def test_any_value_can_be_written_as_strict_json(value: object) -> None:
    json.dumps(clean(value), allow_nan=False)


def test_what_is_nested_too_deeply_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for depth in (MAX_DEPTH - 1, MAX_DEPTH):
        path.write_text('{"a":' + "[" * depth + "]" * depth + "}")
        if depth < MAX_DEPTH:
            read_object(path)
        else:
            with pytest.raises(UnreadableError, match="nested more than 64 deep"):
                read_object(path)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"a": "' + "x" * 100 + '"}')
    with pytest.raises(UnreadableError, match="larger than"):
        read_object(path, max_bytes=50)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "a.json is not readable JSON: Expecting value, line 1 column 1"),
        (b'{"a": 1,\n"b" 2}', "line 2 column 5"),
        (b"[]", "a.json is not a JSON object"),
        (b"\xff", "a.json is not readable JSON"),
    ],
)
def test_what_is_no_object_is_told(content: bytes, problem: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(UnreadableError) as caught:
        read_object(tmp_path / "a.json")
    assert problem in str(caught.value)


def test_a_file_that_is_not_there_is_no_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_object(tmp_path / "a.json")
    with pytest.raises(UnreadableError, match="cannot be read"):
        read_object(tmp_path)


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        (float("nan"), None),
        ([1, float("inf"), {"a": -float("inf")}], [1, None, {"a": None}]),
        (2**53, 2**53),
        (2**53 + 1, float(2**53)),
        (10**400, None),
        (True, True),
        ("NaN", "NaN"),
    ],
)
def test_numbers_are_those_that_a_browser_can_read(value: object, cleaned: object) -> None:
    assert clean(value) == cleaned


@pytest.mark.timeout(10)
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name in ("pipe", "zero", "loop"):
        with pytest.raises(UnreadableError, match="cannot be read"):
            read_object(tmp_path / name)

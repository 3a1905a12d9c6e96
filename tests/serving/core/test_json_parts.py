"""Long JSON in parts, however it is cut."""

from __future__ import annotations

import json
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.core import json_parts
from serving.core.errors import ServingError

pytestmark = pytest.mark.slow

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='ab"\\,[]{}: \n\u00fc'),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet='a"\\,]}'), inner),
    max_leaves=20,
)
SIZES = st.integers(1, 40)


@given(st.lists(VALUES), st.sampled_from([None, 1]), SIZES, SIZES)
def test_the_parts_of_a_list_are_the_list(
    value: list[Any], indent: int | None, block: int, part: int
) -> None:
    text = b" " + json.dumps(value, indent=indent).encode() + b" rest"
    with mock.patch.multiple(json_parts, _BLOCK=block, PART_BYTES=part):
        found, end = json_parts.parts(text, 1)
    read = [json.loads(b"[%b]" % text[each.start : each.end]) for each in found]
    assert [item for items in read for item in items] == value
    assert [len(items) for items in read] == [each.elements for each in found]
    assert text[end:] == b" rest"
    assert all(each.elements == 1 or each.end - each.start <= part for each in found)


@given(st.dictionaries(st.text(alphabet='a"\\,]} '), VALUES), SIZES, SIZES)
def test_the_members_of_an_object_are_the_object(
    value: dict[str, Any], block: int, part: int
) -> None:
    text = json.dumps(value, indent=1).encode()
    with mock.patch.multiple(json_parts, _BLOCK=block, PART_BYTES=part):
        members, end = json_parts.members(text, 0)
        read = {name: json.loads(text[start:stop]) for name, start, stop in members}
    assert (read, end) == (value, len(text))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 1000])
def test_elements_are_counted_before_they_are_read(size: int) -> None:
    text = b"[" + b",".join([b"{}"] * size) + b"]"
    for most in (1, 2, 3, 999, 1000):
        if size <= most:
            assert sum(part.elements for part in json_parts.parts(text, 0, most)[0]) == size
        else:
            with pytest.raises(json_parts.TooMany):
                json_parts.parts(text, 0, most)


@pytest.mark.parametrize("text", [b"[", b"[1,2", b'["a]', b'["a\\"]', b"[[1]", b"{", b'{"a": [1}'])
def test_brackets_that_do_not_match_are_refused(text: bytes) -> None:
    with pytest.raises(ServingError, match="JSON Parse error"):
        json_parts.members(text, 0)


@pytest.mark.parametrize("text", [b"{1: 2}", b"{a: 2}", b'{"a"}', b'{"a": 1,}', b'{"\\x": 1}'])
def test_a_member_needs_a_name(text: bytes) -> None:
    with pytest.raises(ServingError, match="JSON Parse error"):
        list(json_parts.members(text, 0)[0])

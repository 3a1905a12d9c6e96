"""The lines by which two texts differ."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.records.code_diff import MAX_LINES, hunks

lines = st.lists(st.sampled_from("abc"), max_size=12)


def test_a_change_has_its_lines_with_three_around_it() -> None:
    before = "\n".join("abcdefghij")
    [found] = hunks(before, before.replace("e", "E"))
    assert [(line["kind"], line["text"]) for line in found] == [
        *(("same", text) for text in "bcd"),
        ("removed", "e"),
        ("added", "E"),
        *(("same", text) for text in "fgh"),
    ]
    assert (found[0]["before"], found[0]["after"]) == (2, 2)
    assert found[3] == {"kind": "removed", "text": "e", "before": 5}
    assert found[4] == {"kind": "added", "text": "E", "after": 5}


def test_changes_far_from_each_other_are_groups_of_their_own() -> None:
    before = [str(number) for number in range(40)]
    after = ["first", *before[1:-1], "last"]
    assert len(hunks("\n".join(before), "\n".join(after))) == 2


@given(lines, lines)
def test_each_text_can_be_read_from_the_numbers(old: list[str], new: list[str]) -> None:
    found = [line for group in hunks("\n".join(old), "\n".join(new)) for line in group]
    assert all(old[line["before"] - 1] == line["text"] for line in found if "before" in line)
    assert all(new[line["after"] - 1] == line["text"] for line in found if "after" in line)
    removed = [line["before"] - 1 for line in found if line["kind"] == "removed"]
    added = [line["after"] - 1 for line in found if line["kind"] == "added"]
    assert [text for at, text in enumerate(old) if at not in removed] == [
        text for at, text in enumerate(new) if at not in added
    ]


def test_equal_texts_do_not_differ() -> None:
    assert hunks("a\nb", "a\nb\n") == []


@pytest.mark.slow
def test_a_text_that_is_too_long_is_told() -> None:
    assert hunks("a\n" * MAX_LINES, "a\n" * MAX_LINES) == []
    with pytest.raises(ValueError, match="more than 4000 lines"):
        hunks("a", "a\n" * (MAX_LINES + 1))

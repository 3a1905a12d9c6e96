"""Tags and a note, as they are read, checked and written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.errors import DashboardError
from dashboard.records import notes
from dashboard.records.notes import Notes

tag = st.text(min_size=1, max_size=20).map(lambda text: " ".join(text.split())).filter(bool)


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert notes.read(tmp_path) == Notes()


@given(st.lists(tag, max_size=5, unique=True), st.text(max_size=50))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, tags: list[str], text: str
) -> None:
    folder = tmp_path_factory.mktemp("run")
    written = notes.parse({"tags": tags, "note": text})
    notes.write(folder, written)
    assert notes.read(folder) == written == Notes(tuple(tags), text)
    assert [path.name for path in folder.glob("*notes*")] == [notes.FILE]


def test_tags_are_trimmed_and_stand_once() -> None:
    parsed = notes.parse({"tags": [" a  b ", "a b", "", "  ", "c"], "note": ""})
    assert parsed.tags == ("a b", "c")


@pytest.mark.parametrize("before", [True, False])
def test_whether_it_is_archived_stays_where_nobody_says(before: bool, tmp_path: Path) -> None:
    assert notes.parse({"tags": [], "note": ""}, archived=before).archived is before
    said = notes.parse({"tags": [], "note": "", "archived": not before}, archived=before)
    notes.write(tmp_path, said)
    assert notes.read(tmp_path) == said == Notes(archived=not before)


@pytest.mark.parametrize(
    ("content", "headline"),
    [
        (None, "These are not notes"),
        ([], "These are not notes"),
        ({"tags": []}, "These are not notes"),
        ({"tags": "a", "note": ""}, "These are not notes"),
        ({"tags": [], "note": "", "archived": 1}, "These are not notes"),
        ({"tags": [1], "note": ""}, "A tag is not a text"),
        ({"tags": [str(n) for n in range(31)], "note": ""}, "Too many or too long tags"),
        ({"tags": ["x" * 61], "note": ""}, "Too many or too long tags"),
        ({"tags": [], "note": "x" * 20_001}, "The note is too long"),
    ],
)
def test_what_are_no_notes_is_told(content: Any, headline: str) -> None:
    with pytest.raises(DashboardError) as caught:
        notes.parse(content)
    assert caught.value.headline == headline


@pytest.mark.parametrize(
    ("content", "tags", "problem"),
    [
        ("{", (), "notes.json is not readable JSON"),
        ('{"tags": ["a", 3], "note": 4}', ("a",), "note: expected a text, received 4"),
        (json.dumps({"tags": "x"}), (), "tags: expected a list, received 'x'"),
    ],
)
def test_damaged_notes_give_what_can_be_read(
    content: str, tags: tuple[str, ...], problem: str, tmp_path: Path
) -> None:
    (tmp_path / notes.FILE).write_text(content)
    found = notes.read(tmp_path)
    assert found.tags == tags and found.problem.startswith(problem)


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(DashboardError) as caught:
        notes.write(tmp_path / "absent", Notes())
    assert caught.value.status == 500

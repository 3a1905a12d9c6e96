"""Saved views: written whole, cleaned, and told where they cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.errors import DashboardError
from dashboard.records import views

names = st.text(min_size=1, max_size=40).filter(lambda text: len(" ".join(text.split())) > 0)


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert views.read(tmp_path) == []
    views.remove(tmp_path, "absent")
    assert not (tmp_path / views.FILE).exists()


@given(st.lists(names, max_size=5, unique_by=lambda name: " ".join(name.split())))
def test_what_is_saved_is_read_and_removed(
    tmp_path_factory: pytest.TempPathFactory, given_names: list[str]
) -> None:
    runs = tmp_path_factory.mktemp("runs")
    for name in given_names:
        views.write(runs, name, {"query": "where=auc+%3E+0.9&sort=-metrics.AUC"})
    found = views.read(runs)
    assert [one["name"] for one in found] == sorted(" ".join(name.split()) for name in given_names)
    for one in found:
        views.remove(runs, one["name"])
    assert views.read(runs) == []
    assert [path.name for path in runs.iterdir()] == ([views.FILE] if given_names else [])


def test_a_view_keeps_what_a_list_has_and_nothing_else(tmp_path: Path) -> None:
    views.write(tmp_path, "a", {"query": "sort=id&selected=x&page=3&evil=1&where=a%26b"})
    assert views.read(tmp_path) == [{"name": "a", "query": "sort=id&where=a%26b"}]


@pytest.mark.parametrize(
    ("name", "content", "headline"),
    [
        ("a", None, "This is no view"),
        ("a", {}, "This is no view"),
        ("a", {"query": 3}, "This is no view"),
        ("  ", {"query": ""}, "This is no name of a view"),
        ("x" * 61, {"query": ""}, "This is no name of a view"),
    ],
)
def test_what_is_no_view_is_told(name: str, content: Any, headline: str, tmp_path: Path) -> None:
    with pytest.raises(DashboardError) as caught:
        views.write(tmp_path, name, content)
    assert caught.value.headline == headline and views.read(tmp_path) == []


def test_there_are_not_too_many(tmp_path: Path) -> None:
    content = {str(number): "" for number in range(views.MAX_VIEWS)}
    (tmp_path / views.FILE).write_text(json.dumps(content))
    with pytest.raises(DashboardError, match="too many views"):
        views.write(tmp_path, "one more", {"query": ""})
    views.write(tmp_path, "3", {"query": "sort=id"})
    assert len(views.read(tmp_path)) == views.MAX_VIEWS


def test_a_damaged_file_is_told_and_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / views.FILE).write_text("{")
    for act in (
        lambda: views.read(tmp_path),
        lambda: views.write(tmp_path, "a", {"query": ""}),
        lambda: views.remove(tmp_path, "a"),
    ):
        with pytest.raises(DashboardError, match="cannot be read"):
            act()
    assert (tmp_path / views.FILE).read_text() == "{"


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(DashboardError) as caught:
        views.write(tmp_path / "absent", "a", {"query": ""})
    assert caught.value.status == 500

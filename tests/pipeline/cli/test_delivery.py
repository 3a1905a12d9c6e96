"""The commands that take a change to production, as far as they need no cloud."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.config import project
from pipeline.delivery import image_tag
from tests.helpers.paths import ROOT


def typed(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main.main(list(arguments))
    assert isinstance(end.value.code, int)
    return end.value.code


def test_the_image_tag_is_printed_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("image-tag") == 0
    assert capsys.readouterr().out == f"{image_tag.tag(ROOT)}\n"


@pytest.fixture
def commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The one commit of a project with one model."""
    (tmp_path / "models" / "rents").mkdir(parents=True)
    (tmp_path / "models" / "rents" / "config.yaml").touch()
    git = ("git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.c")
    for arguments in (("init", "-q"), ("add", "."), ("commit", "-qm", "first")):
        subprocess.run([*git, *arguments], check=True)
    monkeypatch.setattr(project, "ROOT", tmp_path)
    done = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_changes_are_told_in_words_or_as_json(
    commit: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("changes", "--base", commit) == 0
    words = capsys.readouterr().out
    assert words.strip() and words == f"{words.rstrip()}\n"
    assert typed("changes", "--base", commit, "--json") == 0
    assert isinstance(json.loads(capsys.readouterr().out), dict)


def test_changes_need_a_commit_to_start_from() -> None:
    assert typed("changes") == 2

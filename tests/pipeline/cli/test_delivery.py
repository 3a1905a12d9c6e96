"""The commands that take a change to production, as far as they need no cloud."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from models.common.errors import RunError
from pipeline.cli import main
from pipeline.cloud import targets
from pipeline.cloud.platforms.kfp import KubeflowPipelines
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


def test_changes_count_from_what_is_released(
    commit: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("changes") == 0
    assert "there is no last released commit" in capsys.readouterr().out
    git = ("git", "-C", str(project.ROOT))
    subprocess.run([*git, "tag", "released/rents", commit], check=True)
    assert typed("changes") == 0
    assert capsys.readouterr().out == "none: nothing has changed\n"


def status(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main.main(list(arguments))
    assert isinstance(end.value.code, int)
    return end.value.code


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The targets and jobs that were asked for."""
    found: list[tuple[str, str]] = []

    def section(name: str, root: object) -> Any:
        def pushed(job: str, seconds: float) -> str | None:
            found.append((name, job))
            if job == "failed-1":
                raise RunError("failed-1 failed")
            return None if job == "refused-1" else f"gs://b/{job}/5"

        return SimpleNamespace(pushed=pushed)

    monkeypatch.setattr(targets, "section", section)
    return found


@pytest.mark.parametrize(
    ("job", "code", "out", "err"),
    [
        ("taxi-1", 0, "gs://b/taxi-1/5\n", ""),
        ("refused-1", 3, "", "refused-1 pushed nothing: its model was not blessed."),
        ("failed-1", 2, "", "failed-1 failed"),
    ],
)
def test_what_a_job_has_pushed(
    asked: list[tuple[str, str]],
    capsys: pytest.CaptureFixture[str],
    job: str,
    code: int,
    out: str,
    err: str,
) -> None:
    assert status("pushed", job) == code
    said = capsys.readouterr()
    assert said.out == out and err in said.err
    status("pushed", job, "--target", "kfp")
    assert asked == [("vertex", job), ("kfp", job)]


def test_a_platform_that_cannot_say_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    content = {"kfp": KubeflowPipelines(bucket="gs://b")}
    monkeypatch.setattr(targets, "read", lambda root: content)
    assert status("pushed", "x-1", "--target", "kfp") == main.MISTAKE
    assert "What x-1 has pushed is not known" in capsys.readouterr().err
    assert status("pushed", "x-1") == main.MISTAKE
    assert "targets.yaml has no section 'vertex'" in capsys.readouterr().err

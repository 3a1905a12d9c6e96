"""What git answers, and that its failures are told."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pipeline.delivery import git


@pytest.fixture
def root(tmp_path: Path) -> Path:
    identity = ("-c", "user.name=n", "-c", "user.email=e@example.com")
    for arguments in (["init", "-q"], *(["commit", "-qm", m, "--allow-empty"] for m in "ab")):
        subprocess.run(["git", "-C", str(tmp_path), *identity, *arguments], check=True)
    return tmp_path


def test_output_and_failures(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert git.output(root, "rev-list", "--count", "HEAD") == "2\n"
    assert git.names(root, "log", "-z", "--format=%s") == ["b", "a"]
    assert not git.succeeds(root, "rev-parse", "--verify", "--quiet", "nothing")
    with pytest.raises(git.GitError, match="git show failed: fatal"):
        git.output(root, "show", "nothing")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(git.GitError, match="git cannot be run"):
        git.output(root, "status")


@pytest.mark.parametrize(
    ("commit", "than", "older"),
    [
        ("HEAD~1", "HEAD", True),
        ("HEAD", "HEAD~1", False),
        ("HEAD", "HEAD", False),
        ("HEAD", "0" * 40, False),
        ("nothing", "HEAD", False),
    ],
)
def test_which_commit_is_older(root: Path, commit: str, than: str, older: bool) -> None:
    assert git.is_older(commit, than, root) is older

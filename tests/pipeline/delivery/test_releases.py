"""What is released and on its way, and what each next push is to do about it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pipeline.delivery import changes, git, releases
from pipeline.delivery.change_class import IMAGE, MODULES, NONE


class Project:
    """A repository with two models, whose commits are numbers."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "--quiet", "--initial-branch", "main")
        for name in ("taxi", "rents"):
            self.write(f"models/{name}/config.yaml", "data: {}")
        self.write("Dockerfile", "FROM scratch\nCOPY pipeline /opt/\n")
        self.commits = [self.commit("pipeline/a.py")]

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "gc.auto=0")
        command = ["git", "-C", str(self.root), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def commit(self, path: str) -> str:
        self.write(path, str(self.root / path) + str(len(getattr(self, "commits", []))))
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", path)
        return self.git("rev-parse", "HEAD")

    def push(self, path: str) -> str:
        self.commits.append(self.commit(path))
        return self.commits[-1]

    def needs(self, *ended: str) -> tuple[str, list[str]]:
        found = changes.since_release(self.root, ended)
        return found.kind, found.models


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.git("tag", "released/taxi")
    # A tag with a message is an object of its own.
    made.git("tag", "-m", "released", "released/rents")
    return made


BOTH = ["rents", "taxi"]


def test_what_is_released_needs_nothing(project: Project) -> None:
    assert project.needs() == (NONE, [])
    assert {(c.model, c.commit) for c in releases.read(project.root)} == {
        ("rents", project.commits[0]),
        ("taxi", project.commits[0]),
    }


def test_what_was_never_released_needs_all_and_only_it(project: Project) -> None:
    project.git("tag", "-d", "released/taxi")
    assert project.needs() == (IMAGE, ["taxi"])
    project.git("tag", "-d", "released/rents")
    assert project.needs() == (IMAGE, BOTH)


def test_what_has_failed_is_tried_again_by_the_next_push_and_what_is_on_its_way_is_not(
    project: Project,
) -> None:
    project.push("models/taxi/model.py")
    assert project.needs() == (MODULES, ["taxi"])
    project.git("tag", "submitted/taxi/7")
    project.push("docs/page.md")
    assert project.needs() == (NONE, [])
    project.push("models/rents/model.py")
    assert project.needs() == (MODULES, ["rents"])
    # The run's machine is lost, or its release has failed, which takes the tag away.
    assert project.needs("7") == (MODULES, BOTH)
    project.git("tag", "-d", "submitted/taxi/7")
    assert project.needs() == (MODULES, BOTH)
    project.git("tag", "--force", "released/taxi", project.commits[1])
    assert project.needs() == (MODULES, ["rents"])


def test_each_model_counts_from_its_own_commit(project: Project) -> None:
    project.push("pipeline/b.py")
    project.git("tag", "--force", "released/taxi")
    project.push("models/taxi/model.py")
    assert project.needs() == (IMAGE, BOTH)
    found = changes.since_release(project.root)
    assert found.reason.startswith("rents: pipeline/b.py is part of the image; taxi: models/taxi")


@pytest.mark.parametrize("tag", ["released/taxi", "submitted/taxi/7"])
def test_a_commit_that_is_older_than_what_is_released_is_refused(
    project: Project, tag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    newer = project.push("models/taxi/model.py")
    project.git("tag", "--force", tag)
    project.git("checkout", "--quiet", project.commits[0])
    with pytest.raises(changes.SupersededError, match=f"HEAD is older than {newer[:12]}"):
        changes.since_release(project.root)
    for options in ([], ["--retrain", "all"], ["--retrain", "rents"]):
        assert changes.main(options, project.root) == changes.SUPERSEDED
        assert "git revert" in capsys.readouterr().err
    # Where main itself was taken back, that is what somebody wants.
    project.git("update-ref", "refs/remotes/origin/main", project.commits[0])
    assert project.needs() == (IMAGE if tag[0] == "r" else NONE, ["taxi"] if tag[0] == "r" else [])


def test_rewritten_history_needs_all(project: Project) -> None:
    project.push("models/taxi/model.py")
    project.git("tag", "--force", "released/taxi")
    project.git("commit", "--quiet", "--amend", "--message", "other")
    assert project.needs() == (IMAGE, ["taxi"])


def test_a_tag_of_another_name_counts_for_nothing(project: Project) -> None:
    project.git("tag", "released/gone")
    project.git("branch", "released/taxi")
    project.git("tag", "deployed")
    assert project.needs() == (NONE, [])


def test_the_jobs_of_a_schedule_that_have_ended(project: Project) -> None:
    for name in ("scheduled/taxi/job-1", "scheduled/taxi/job-2", "scheduled/taxi2/job-3"):
        project.git("tag", name)
    assert releases.ended_jobs("taxi", project.root) == ["job-1", "job-2"]
    assert releases.ended_jobs("rents", project.root) == []
    assert project.needs() == (NONE, [])


def test_without_git_all_is_needed(tmp_path: Path) -> None:
    (tmp_path / "models" / "taxi").mkdir(parents=True)
    (tmp_path / "models" / "taxi" / "config.yaml").touch()
    with pytest.raises(git.GitError):
        releases.read(tmp_path)
    assert changes.since_release(tmp_path).kind == IMAGE

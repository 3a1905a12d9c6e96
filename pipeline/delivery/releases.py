"""Which commit of each model is released, and which are on their way: tags of the repository.

* `released/<model>`: the commit that production serves. It is set when a release has ended well,
  and moves forward alone.
* `submitted/<model>/<run>`: a commit whose pipeline was submitted and whose release has not ended;
  `<run>` is the workflow's. It is gone when the release has ended, however it did.
* `canary/<model>/<version>`: a commit whose version has a share of production's requests and is
  watched. It is gone when that has ended: then it is released, or was rolled back.
* `scheduled/<model>/<job>`: the newest job of the model's own schedule whose release has ended,
  however it did, at the commit that the job is of. No other run of the workflow looks at it again.

So a release that was refused or has failed leaves no trace, and the next push tries it again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.delivery import git

RELEASED = "refs/tags/released/"
SUBMITTED = "refs/tags/submitted/"
CANARY = "refs/tags/canary/"
SCHEDULED = "refs/tags/scheduled/"


@dataclass(frozen=True)
class Commit:
    """A commit of a model that is released, or on its way."""

    model: str
    commit: str
    run: str = ""
    """The workflow's run that releases it; empty: it is released, or a canary."""
    version: str = ""
    """The version that is a canary in production; empty: it is none."""

    def __str__(self) -> str:
        state = f"on its way in run {self.run}" if self.run else "released"
        if self.version:
            state = f"a canary in production, as version {self.version}"
        return f"{self.commit[:12]}, which is {state}"


def read(root: Path, ended: Collection[str] = ()) -> list[Commit]:
    """What is released and what is on its way.

    Args:
        root: The project's root, a git repository with its tags.
        ended: Runs that have ended whatever the tags say, such as one whose machine was lost.

    Raises:
        GitError: Git cannot say.
    """
    shown = "--format=%(refname) %(objectname) %(*objectname)"
    listed = git.output(root, "for-each-ref", shown, RELEASED, SUBMITTED, CANARY)
    found = []
    for line in listed.splitlines():
        reference, commit, *behind = line.split()
        commit = behind[0] if behind else commit  # Behind a tag that has a message.
        if reference.startswith(RELEASED):
            found.append(Commit(reference.removeprefix(RELEASED), commit))
            continue
        if reference.startswith(CANARY):
            model, _, version = reference.removeprefix(CANARY).partition("/")
            found.append(Commit(model, commit, version=version))
            continue
        model, _, run = reference.removeprefix(SUBMITTED).partition("/")
        if run not in ended:
            found.append(Commit(model, commit, run))
    return found


def ended_jobs(model: str, root: Path) -> list[str]:
    """The jobs of a model's own schedule whose release is known to have ended.

    Args:
        model: Its name.
        root: The project's root, a git repository with its tags.

    Raises:
        GitError: Git cannot say.
    """
    folder = f"{SCHEDULED}{model}/"
    listed = git.output(root, "for-each-ref", "--format=%(refname)", folder)
    return [line.removeprefix(folder) for line in listed.splitlines()]


def newer(commits: Iterable[Commit], root: Path, than: str = "HEAD") -> Commit | None:
    """One of the commits that another is older than; None where that one may be shipped.

    The newest commit of `main` is what somebody wants, even where history was taken back.

    Args:
        commits: What is released, or on its way.
        root: The project's root, a git repository with its history.
        than: The other commit.
    """
    if _is_newest_of_main(than, root):
        return None
    found = (each for each in commits if git.is_older(than, each.commit, root))
    return next(found, None)


def base(commits: Iterable[Commit], root: Path) -> Commit | None:
    """The commit that a model's changes count from: the newest that HEAD has or comes from.

    Args:
        commits: Those of one model.
        root: The project's root, a git repository with its history.
    """
    behind = {}
    for each in commits:
        if git.succeeds(root, "merge-base", "--is-ancestor", each.commit, "HEAD"):
            count = git.output(root, "rev-list", "--count", f"{each.commit}..HEAD")
            behind[each] = int(count)
    return min(behind, key=lambda each: behind[each], default=None)


def _is_newest_of_main(commit: str, root: Path) -> bool:
    try:
        main = git.output(root, "rev-parse", "--verify", "--quiet", "refs/remotes/origin/main")
        return main == git.output(root, "rev-parse", f"{commit}^{{commit}}")
    except git.GitError:
        return False

"""What git is asked for."""

from __future__ import annotations

import subprocess
from pathlib import Path


class GitError(Exception):
    """Git could not answer; the message says why."""


def output(root: Path, *arguments: str) -> str:
    """What a git command prints; bytes of names that are not UTF-8 become lone surrogates.

    Args:
        root: A folder of the repository.
        arguments: The command.

    Raises:
        GitError: It fails, or there is no git.
    """
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True)
    except OSError as error:
        raise GitError(f"git cannot be run: {error.strerror}") from None
    if done.returncode:
        message = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        raise GitError(f"git {arguments[0]} failed: {message[0]}")
    return done.stdout.decode(errors="surrogateescape")


def succeeds(root: Path, *arguments: str) -> bool:
    """Whether a git command ends well."""
    try:
        output(root, *arguments)
    except GitError:
        return False
    return True


def names(root: Path, *arguments: str) -> list[str]:
    """The names that a git command prints with `-z`."""
    return [name for name in output(root, *arguments).split("\0") if name]


def is_older(commit: str, than: str, root: Path) -> bool:
    """Whether a commit is an ancestor of another, and not the same; False where one is unknown."""
    same = succeeds(root, "merge-base", "--is-ancestor", than, commit)
    return not same and succeeds(root, "merge-base", "--is-ancestor", commit, than)

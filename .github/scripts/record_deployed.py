"""Moves the tag `deployed` to the commit that was submitted: the base of the next changes."""

from __future__ import annotations

import commands


def main() -> None:
    """Moves the tag, or makes it the first time."""
    repository = f"repos/{commands.setting('GITHUB_REPOSITORY')}"
    sha = f"sha={commands.setting('GITHUB_SHA')}"
    move = ("-X", "PATCH", f"{repository}/git/refs/tags/deployed", "-f", sha, "-F", "force=true")
    moved = commands.attempt("gh", "api", *move)
    if not moved.returncode:
        return
    if "Reference does not exist" not in moved.stdout + moved.stderr:
        commands.fail(
            "The tag 'deployed' was not moved, so the next push compares with an older one."
        )
    commands.run(
        "gh",
        "api",
        "-X",
        "POST",
        f"{repository}/git/refs",
        "-f",
        "ref=refs/tags/deployed",
        "-f",
        sha,
    )


if __name__ == "__main__":
    main()

"""Writes a report as a comment of a pull request, in the place of an earlier one.

    python3 post_comment.py REPORT.md

It runs with the right to write, beside files of a pull request: it believes GitHub alone about
which pull request that is.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import commands
from quality_report import MARK


def main() -> None:
    """Finds the pull request by its head, then adds or replaces the comment."""
    repository = f"repos/{commands.setting('GITHUB_REPOSITORY')}"
    owner, branch = commands.setting("HEAD_OWNER"), commands.setting("HEAD_BRANCH")
    query = ("-X", "GET", f"{repository}/pulls", "-f", "state=open", "-f", f"head={owner}:{branch}")
    found = json.loads(commands.run("gh", "api", *query))
    numbers = [
        pull["number"] for pull in found if pull["head"]["sha"] == commands.setting("HEAD_SHA")
    ]
    if not numbers:
        print("::notice::No open pull request has this head any more.")
        return
    body = f"body=@{Path(sys.argv[1]).resolve()}"
    comments = f"{repository}/issues/{numbers[0]}/comments"
    listed = commands.run("gh", "api", "--paginate", "--slurp", comments)
    for page in json.loads(listed):
        for comment in page:
            own = comment["user"]["login"] == "github-actions[bot]"
            if own and comment["body"].startswith(MARK):
                earlier = f"{repository}/issues/comments/{comment['id']}"
                commands.run("gh", "api", "-X", "PATCH", earlier, "-F", body)
                return
    commands.run("gh", "api", "-X", "POST", comments, "-F", body)


if __name__ == "__main__":
    main()

"""Says how a model's release ended: on the workflow's page, and in a comment on its commit.

REPORT is what run_report.py has output; OUTCOME and VERSION are production's. The step is well
whatever becomes of the comment.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path

import commands

_NOT_PLAIN = re.compile(r"[^\w .,:;=%+()'-]")
_LONGEST = 300


def main() -> None:
    """Writes the summary and the comment."""
    found = json.loads(os.environ.get("REPORT") or "{}")
    text = report(commands.setting("MODEL"), found, deployed())
    commands.summary(text)
    with tempfile.TemporaryDirectory() as folder:
        body = Path(folder, "comment.md")
        body.write_text(commands.HIDE.text(text), encoding="utf-8")
        repository, commit = commands.setting("GITHUB_REPOSITORY"), commands.setting("COMMIT")
        address = f"repos/{repository}/commits/{commit}/comments"
        done = commands.attempt("gh", "api", "-X", "POST", address, "-F", f"body=@{body}")
    if done.returncode:
        commands.warn("The commit has no comment of how the release ended: see the summary.")


def deployed() -> str:
    """What has become of the version in production, as a sentence."""
    outcome, version = os.environ.get("OUTCOME", ""), os.environ.get("VERSION", "")
    if outcome == "promoted":
        return f"Version {version} serves production."
    if outcome == "canary":
        return f"Version {version} is a canary in production, and is watched."
    if version:
        return f"Version {version} was staged; production serves what it served before."
    return "Nothing was deployed; production serves what it served before."


def report(model: str, found: dict, ending: str) -> str:
    """The report, as Markdown.

    Args:
        model: The model's name.
        found: What run_report.py has output; empty where the run has left no record.
        ending: What has become of the version in production.
    """
    lines = [f"### {_plain(model)}: {_plain(found.get('verdict', 'no record'))}", "", ending]
    if found.get("failure"):
        lines += ["", f"It failed: {_plain(found['failure'])}"]
    places = {"Report": "report", "Dashboard": "dashboard", "Job": "job"}
    links = [f"[{name}](<{found[key]}>)" for name, key in places.items() if found.get(key)]
    if links:
        lines += ["", " · ".join(links)]
    if found.get("cost") is not None:
        lines += ["", f"The tasks' machines cost {found['cost']:.2f}."]
    lines += [*_table(found), *(f"- {_plain(one)}" for one in found.get("refusals", ()))]
    return "\n".join([*lines, ""])


def _table(found: dict) -> list[str]:
    rows = found.get("metrics", ())
    if not rows:
        return []
    version = found.get("production")
    before = f"In production ({_plain(version)})" if version else "In production"
    lines = [
        "",
        f"| Metric | Slice | {before} | This run | Difference |",
        "|---|---|---:|---:|---:|",
    ]
    for metric, part, old, value in rows:
        shown = "" if old is None else f"{old:.4f}"
        difference = "" if old is None else f"{value - old:+.4f}"
        name, of = _plain(metric), _plain(part)
        lines.append(f"| {name} | {of} | {shown} | {value:.4f} | {difference} |")
    if all(old is None for _, _, old, _ in rows):
        lines += ["", "There was no model in production to compare with."]
    return [*lines, ""]


def _plain(text: object) -> str:
    """A text that means nothing to Markdown."""
    return _NOT_PLAIN.sub("?", str(text))[:_LONGEST]


if __name__ == "__main__":
    main()

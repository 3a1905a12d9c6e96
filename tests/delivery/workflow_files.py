"""The workflow files, read for the tests of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from tests.helpers.paths import ROOT

FOLDER = ROOT / ".github" / "workflows"


class Step(NamedTuple):
    """A step, and where it is."""

    workflow: str
    job: str
    content: dict[str, Any]

    def __str__(self) -> str:
        what = self.content.get("name") or self.content.get("uses") or self.content.get("run")
        return f"{self.workflow}: {self.job}: {what}"


def names() -> list[str]:
    """The workflows: their files' names without an ending."""
    return sorted(path.stem for path in FOLDER.glob("*.yml"))


def text(workflow: str) -> str:
    """A workflow's file as it is."""
    return (FOLDER / f"{workflow}.yml").read_text(encoding="utf-8")


def load(workflow: str) -> dict[str, Any]:
    """A workflow's content; YAML takes the key `on` for a truth, which is undone."""
    content = yaml.safe_load(text(workflow))
    content["on"] = content.pop(True)
    return content


def jobs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each job with its workflow's name and its own."""
    for workflow in names():
        for name, job in load(workflow)["jobs"].items():
            yield workflow, name, job


def steps() -> list[Step]:
    """All steps."""
    return [Step(flow, name, step) for flow, name, job in jobs() for step in job.get("steps", [])]


def all_needs(workflow: str, job: str) -> set[str]:
    """The jobs that have to end before this one starts, directly or not."""
    found: set[str] = set()
    waiting = [job]
    while waiting:
        needs = load(workflow)["jobs"][waiting.pop()].get("needs", [])
        new = {needs} if isinstance(needs, str) else set(needs)
        waiting += new - found
        found |= new
    return found

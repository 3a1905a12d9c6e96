"""Finds what models' schedules have pushed and no release has taken up yet."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import commands
from serve import on_service

from pipeline.delivery import change_class, git, names, releases

ROOT = Path(__file__).resolve().parents[2]
NOTHING = 3
"""The exit status of `python -m pipeline scheduled` and `pushed` where there is nothing."""


def main() -> None:
    """Sets the outputs `releases`, a JSON list of `model`, `job` and `commit`, and `canaries`.

    The latter is one of `model`, `version` and `commit`: what is watched in production.
    """
    found = [release for model in change_class.models(ROOT) for release in of_model(model)]
    commands.output("releases", json.dumps(found))
    try:
        known = [vars(each) for each in releases.read(ROOT) if each.version]
    except git.GitError as error:
        commands.fail(f"Which versions are canaries is not known: {error}")
    canaries = [{key: each[key] for key in ("model", "version", "commit")} for each in known]
    commands.output("canaries", json.dumps(canaries))


def of_model(model: str) -> list[dict[str, str]]:
    """What is to be released of a model: the newest push of its schedule, if any."""
    job, _, commit = _pipeline("scheduled", model).partition(" ")
    try:
        if job in releases.ended_jobs(model, ROOT):  # It is served, or was refused, or has failed.
            return []
    except git.GitError as error:
        commands.fail(f"Which jobs' releases have ended is not known: {error}")
    pushed = _pipeline("pushed", job) if job else ""
    version = pushed.rstrip("/").rpartition("/")[2]
    if not pushed.startswith("gs://") or not version.isdigit():
        return []
    # What pre-production has was taken up: it is served, or waits.
    os.environ["MODEL"] = model
    served = on_service(names.service(model) + names.PRE_PRODUCTION)
    if any(int(each["version"]) >= int(version) for each in served):
        return []
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        commands.warn(f"{job} is of no commit of the repository ({commit}): submit from one.")
        return []
    return [{"model": model, "job": job, "commit": commit}]


def _pipeline(*arguments: str) -> str:
    done = commands.attempt(sys.executable, "-m", "pipeline", *arguments)
    if done.returncode not in (0, NOTHING):
        commands.fail(f"What schedules have pushed is not known: {' '.join(arguments)} failed.")
    return done.stdout.strip() if done.returncode == 0 else ""


if __name__ == "__main__":
    main()

"""Says what a push, or a wish to retrain, needs: the class, the models, and the image's tag."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import commands

from pipeline.delivery import releases

ROOT = Path(__file__).resolve().parents[2]
VARIABLES = (
    "BUCKET",
    "BUILD_SERVICE_ACCOUNT",
    "DEPLOY_SERVICE_ACCOUNT",
    "IMAGE",
    "PROJECT",
    "REGION",
    "SERVING_BUCKET",
    "SERVING_IMAGE",
    "SERVING_SERVICE_ACCOUNT",
    "WORKLOAD_IDENTITY_PROVIDER",
)


def main() -> None:
    """Refuses to start without the variables, then classifies."""
    missing = [name for name in VARIABLES if not os.environ.get(name)]
    if missing:
        commands.fail(
            f"These variables of the repository are not set: {', '.join(missing)}. "
            "docs/ship.md says what each is; gh variable set NAME sets one."
        )
    if not (ROOT / "targets.yaml").is_file():
        commands.fail("targets.yaml is not in the repository; docs/ship.md has one to start from.")
    retrain = os.environ.get("RETRAIN", "")
    options = ["--retrain", retrain] if retrain else []
    for run in _ended(commands.setting("GITHUB_RUN_ID")):
        options += ["--ended", run]
    classify = (sys.executable, "-m", "pipeline.delivery.changes", *options)
    done = commands.attempt(*classify, "--json")
    if done.returncode:
        commands.fail(f"Nothing is submitted. {done.stderr.strip().splitlines()[-1]}")
    found = json.loads(done.stdout)
    commands.output("class", found["class"])
    commands.output("models", json.dumps(found["models"]))
    commands.output("names", " ".join(found["models"]))
    # To train again is to run what the cache would have.
    commands.output("cached", "false" if found["retrain"] else "true")
    commands.output("tag", commands.run(sys.executable, "-m", "pipeline.delivery.image_tag"))
    # Not the same twice, so that a job that is run again gets a name of its own.
    run = (commands.setting("GITHUB_RUN_ID"), commands.setting("GITHUB_RUN_ATTEMPT"))
    commands.output("run", "-".join([commands.setting("GITHUB_SHA")[:12], *run]))
    commands.summary(f"```text\n{commands.run(*classify)}\n```")


def _ended(own: str) -> list[str]:
    """The runs whose tags say that something is on its way, though they have ended.

    A run whose machine was lost takes no tag away. This run itself has not submitted anything yet.
    """
    found = [own]
    for run in sorted({each.run for each in releases.read(ROOT)} - {"", own}):
        asked = f"repos/{commands.setting('GITHUB_REPOSITORY')}/actions/runs/{run}"
        done = commands.attempt("gh", "api", asked, "--jq", ".status")
        if done.stdout.strip() == "completed" or "HTTP 404" in done.stderr:
            found.append(run)
    return found


if __name__ == "__main__":
    main()

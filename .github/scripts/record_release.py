"""Records as tags which commit of a model is on its way, and which is released.

    python3 record_release.py submitted|ended|watched

pipeline/delivery/releases.py says what the tags mean.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import commands

from pipeline.delivery import git, releases
from pipeline.delivery.releases import Commit

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Does what the argument names."""
    {"submitted": submitted, "ended": ended, "watched": watched}[sys.argv[1]]()


def submitted() -> None:
    """Tags this commit for each of MODELS, a JSON list; outputs `models`, which is that list."""
    models = json.loads(commands.setting("MODELS"))
    for model in models:
        if not _set(_on_its_way(model), commands.setting("GITHUB_SHA"), force=True):
            commands.fail(
                f"It is not recorded that {model} was submitted, so it is not released. The next "
                "push submits it again."
            )
    commands.output("models", json.dumps(models))


def ended() -> None:
    """Takes away the tag of what was on its way, and says what has become of it.

    OUTCOME is `promoted`, which is released, or `canary`, which is watched as VERSION from now on;
    else it is neither. What a model's own schedule has pushed is tagged by its JOB, so that it is
    looked at once.
    """
    model, commit = commands.setting("MODEL"), commands.setting("COMMIT")
    outcome = os.environ.get("OUTCOME", "")
    if outcome == "promoted":
        _set_released(model, commit)
    if outcome == "canary":
        tag = _canary(model, commands.setting("VERSION"))
        if not _set(tag, commit, force=True):
            commands.fail(f"The tag {tag} was not made, so nobody watches the canary.")
    if outcome:  # A newer one has the place of all that were canaries.
        _forget_canaries(model, but=os.environ.get("VERSION", "") if outcome == "canary" else "")
    if not _remove(_on_its_way(model)):
        print(f"::warning::The tag {_on_its_way(model)} is left; a run that has ended counts not.")
    if job := os.environ.get("JOB"):
        _set_ended(model, job, commit)


def watched() -> None:
    """Records what has become of the canary VERSION; the next push tries what was rolled back."""
    model, commit, version = (commands.setting(name) for name in ("MODEL", "COMMIT", "VERSION"))
    outcome = os.environ.get("OUTCOME", "")
    if outcome == "promoted":
        _set_released(model, commit)
    if outcome in ("promoted", "rolled back") and not _remove(_canary(model, version)):
        commands.fail(f"The tag {_canary(model, version)} is left: the next hour looks again.")
    if outcome == "rolled back":
        commands.fail(
            f"Version {version} of {model} was rolled back. {os.environ.get('REASON', '')}"
        )


def _set_released(model: str, commit: str) -> None:
    name = f"released/{model}"
    if _set(name, commit, force=False):
        return
    known = [each for each in releases.read(ROOT) if each == Commit(model, each.commit)]
    newer = releases.newer(known, ROOT, commit)
    if newer is not None:
        print(f"::notice::The tag {name} stays at {newer}.")
    elif not _set(name, commit, force=True):  # History was rewritten.
        commands.fail(f"The tag {name} was not moved, so the next push submits it again.")


def _forget_canaries(model: str, but: str) -> None:
    try:
        known = [each for each in releases.read(ROOT) if each.model == model and each.version]
    except git.GitError as error:
        commands.fail(f"Which versions were canaries is not known: {error}")
    for each in known:
        if each.version != but and not _remove(_canary(model, each.version)):
            print(f"::warning::The tag {_canary(model, each.version)} is left.")


def _canary(model: str, version: str) -> str:
    return f"canary/{model}/{version}"


def _set_ended(model: str, job: str, commit: str) -> None:
    """Tags a scheduled job as ended; the tags of those before it are of no more use."""
    if not _set(f"scheduled/{model}/{job}", commit, force=True):
        commands.fail(f"It is not recorded that {job} was looked at, so it is again in an hour.")
    try:
        ended_jobs = releases.ended_jobs(model, ROOT)
    except git.GitError as error:
        commands.fail(f"Which jobs' releases have ended is not known: {error}")
    for earlier in ended_jobs:
        if earlier != job and not _remove(f"scheduled/{model}/{earlier}"):
            print(f"::warning::The tag scheduled/{model}/{earlier} is left; nothing looks at it.")


def _on_its_way(model: str) -> str:
    return f"submitted/{model}/{commands.setting('GITHUB_RUN_ID')}"


def _set(name: str, commit: str, force: bool) -> bool:
    """Moves a tag, or makes it; returns whether it is there now."""
    reference = f"refs/tags/{name}"
    forced = f"force={str(force).lower()}"
    move = ("-X", "PATCH", f"{_repository()}/git/{reference}", "-f", f"sha={commit}", "-F", forced)
    moved = commands.attempt("gh", "api", *move)
    if moved.returncode and "Reference does not exist" in moved.stdout + moved.stderr:
        make = ("-X", "POST", f"{_repository()}/git/refs", "-f", f"ref={reference}")
        moved = commands.attempt("gh", "api", *make, "-f", f"sha={commit}")
    return not moved.returncode


def _remove(name: str) -> bool:
    """Takes a tag away; returns whether it is gone."""
    tag = f"{_repository()}/git/refs/tags/{name}"
    gone = commands.attempt("gh", "api", "-X", "DELETE", tag)
    return not gone.returncode or "Reference does not exist" in gone.stdout + gone.stderr


def _repository() -> str:
    return f"repos/{commands.setting('GITHUB_REPOSITORY')}"


if __name__ == "__main__":
    main()

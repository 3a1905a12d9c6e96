"""`release`: a version's way from the pipeline's push to its users, in a serving folder."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serving.commands.app import app
from serving.commands.options import Model, Why
from serving.commands.routing import check_answers
from serving.commands.terminal import quiet_tensorflow, user
from serving.core.errors import Code, ServingError

if TYPE_CHECKING:
    from serving.release.stages import Look, Release

release = typer.Typer(help="Take a version to its users, step by step.", no_args_is_help=True)
app.add_typer(release, name="release")

Bucket = Annotated[
    str,
    typer.Option(
        "--bucket", metavar="ADDRESS", envvar="SERVING_FOLDER",
        help="The serving folder: gs://bucket/folder, s3://bucket/folder, or on this machine.",
    ),
]  # fmt: skip
Version = Annotated[int, typer.Argument(metavar="VERSION", min=0)]
Settings = Annotated[
    Path, typer.Option("--settings", metavar="FILE", help="How a canary is watched.")
]
SETTINGS = Path("release.yaml")
PROMOTED, ROLLED_BACK, MISTAKE, CANARY = 0, 1, 2, 3
_SECONDS_BETWEEN_LOOKS = 15.0


@release.command()
def stage(
    model: Model,
    source: Annotated[str, typer.Argument(metavar="ADDRESS", help="The pushed version.")],
    bucket: Bucket,
    commit: Annotated[str, typer.Option(help="The commit that its pipeline is of.")] = "unknown",
    load: Annotated[bool, typer.Option("--check/--no-check", help="Load and ask it first.")] = True,
) -> None:
    """Bring a pushed version into the serving folder, and have it loaded without traffic."""
    _show(_release(bucket, model).stage(source, commit, check_answers if load else None))


@release.command()
def canary(model: Model, version: Version, bucket: Bucket, settings: Settings = SETTINGS) -> None:
    """Give a staged version its share of the requests; a first version has all of them.

    Exit status: 0 it has all of them, 1 it was rolled back, 2 a mistake, 3 it is a canary.
    """
    from serving.release import settings as files

    share = files.read(settings).canary.share
    raise typer.Exit(_show(_release(bucket, model).begin(version, share)))


@release.command()
def watch(
    model: Model,
    version: Version,
    bucket: Bucket,
    settings: Settings = SETTINGS,
    minutes: Annotated[float, typer.Option(min=0, help="How long to wait for it to end.")] = 0,
) -> None:
    """Promote a canary, or roll it back, where that is due.

    Exit status: 0 promoted, 1 rolled back, 2 a mistake, 3 too early: it stays a canary.
    """
    from serving.release import settings as files

    canary, made = files.read(settings).canary, _release(bucket, model)
    end = time.monotonic() + minutes * 60
    while True:
        found = made.watch(version, canary)
        if found.stage != "canary" or time.monotonic() >= end:
            raise typer.Exit(_show(found))
        time.sleep(min(_SECONDS_BETWEEN_LOOKS, max(0.0, end - time.monotonic())))


@release.command()
def promote(model: Model, version: Version, bucket: Bucket, why: Why = "") -> None:
    """Give a version all of the requests."""
    _show(_release(bucket, model).promote(version, why))


@release.command("roll-back")
def roll_back(model: Model, version: Version, bucket: Bucket, why: Why = "") -> None:
    """Take a version out of the traffic: the one before it has all of it then."""
    _show(_release(bucket, model).roll_back(version, why))


@release.command()
def status(model: Model, bucket: Bucket) -> None:
    """Print which versions are stable and canary, and their commits, as JSON."""
    print(json.dumps(_release(bucket, model).status()))


def _release(bucket: str, model: str) -> Release:
    quiet_tensorflow()
    from serving.release.stages import Release
    from serving.release.store import Store

    if not model or "/" in model:
        raise ServingError(
            Code.INVALID_ARGUMENT, f"'{model}' is no model's name", remedy="Name one: taxi."
        )
    run = os.environ.get("GITHUB_RUN_ID")
    by = f"run {run} of {os.environ.get('GITHUB_ACTOR', 'nobody')}" if run else user()
    return Release(Store(bucket), model, by)


def _show(found: Look) -> int:
    """Prints how a release stands; the exit status that says the same."""
    stage = {"canary": "a canary"}.get(found.stage, found.stage)
    print(f"Version {found.version} is {stage}.", *found.words, sep="\n")
    return {"promoted": PROMOTED, "canary": CANARY, "staged": PROMOTED}.get(
        found.stage, ROLLED_BACK
    )

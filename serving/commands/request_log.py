"""`log export` and `log bigquery`."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated

import typer

from serving.commands.app import app
from serving.commands.options import MODELS, RUNS, Models, Runs
from serving.commands.terminal import quiet_tensorflow
from serving.core.errors import Code, ServingError
from serving.request_log import settings

log = typer.Typer(help="Take the request log elsewhere.", no_args_is_help=True)
app.add_typer(log, name="log")

Time = Annotated[datetime | None, typer.Option(metavar="TIME", help="UTC, such as 2026-11-21.")]


@log.command()
def export(
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Where the files go.")],
    model: Annotated[str | None, typer.Option(metavar="MODEL", help="Only this model.")] = None,
    since: Time = None,
    until: Time = None,
    models: Models = MODELS,
    runs: Runs = RUNS,
) -> None:
    """Write the log as Parquet: a row for each instance, a column for each feature."""
    quiet_tensorflow()
    from serving.request_log import export as exporting

    selection = exporting.Selection(
        model=model,
        since=_seconds(since, 0.0),
        until=_seconds(until, float("inf")),
    )
    total = 0
    try:
        for path, rows in exporting.export(_folder(models), models, to, selection, runs):
            total += rows
            print(f"{path}: {rows:,} rows")
    except OSError as error:
        raise ServingError(
            Code.FAILED_PRECONDITION, f"The export to {to} failed", str(error),
            "Name a folder that can be written, with room for it.",
        ) from error  # fmt: skip
    print(f"{total:,} rows in all")


@log.command()
def fetch(
    bucket: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="A serving folder in a bucket: gs:// or s3://.")
    ],
    models: Models = MODELS,
) -> None:
    """Copy what servers have logged to a bucket here, and what is known of the versions."""
    from serving.release.store import Store
    from serving.release.uploads import fetch as fetching

    count = fetching(Store(bucket), models, _folder(models))
    print(f"{count} files of the log that were not here")


@log.command()
def bigquery(
    dataset: Annotated[str, typer.Argument(metavar="PROJECT.DATASET")],
    models: Models = MODELS,
    runs: Runs = RUNS,
) -> None:
    """Load what was logged since the last time into BigQuery, a table for each model."""
    quiet_tensorflow()
    try:
        from google.cloud import bigquery as client_library
    except ImportError as error:
        raise ServingError(
            Code.FAILED_PRECONDITION, "BigQuery's client is not installed",
            remedy="Install it: uv pip install google-cloud-bigquery",
        ) from error  # fmt: skip
    from google.auth.exceptions import GoogleAuthError

    from serving.request_log import bigquery as loading

    if dataset.count(".") != 1:
        raise ServingError(
            Code.INVALID_ARGUMENT, f"'{dataset}' names no dataset", remedy="Write PROJECT.DATASET."
        )
    try:
        client = client_library.Client(project=dataset.partition(".")[0])
    except (GoogleAuthError, OSError) as error:
        raise ServingError(
            Code.UNAUTHENTICATED, "Google Cloud does not know who you are", str(error),
            "Log in: gcloud auth application-default login",
        ) from error  # fmt: skip
    for table, rows in loading.load(_folder(models), models, dataset, runs, client):
        print(f"{table}: {rows:,} rows")


def _folder(models: Path) -> Path:
    return settings.log_folder(models, settings.read(models))


def _seconds(time: datetime | None, default: float) -> float:
    return default if time is None else time.replace(tzinfo=timezone.utc).timestamp()

"""The request log in BigQuery: load jobs of Parquet, each entry exactly once.

How far a log file has been loaded stands in `bigquery-<table>.json` beside the log. The range of
rows is written there before its job starts, and the job's id follows from that range: after an
interruption the same job is asked for again, and BigQuery says whether it has run.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from serving.core.errors import Code, ServingError
from serving.core.files.atomic_file import write_whole
from serving.request_log import database
from serving.request_log.export import Selection, export_file

Progress = dict[str, dict[str, int]]


def load(
    log_folder: Path, serving_folder: Path, dataset: str, runs: Path, client: Any
) -> Iterator[tuple[str, int]]:
    """Loads what has been logged since the last time.

    Each model has a table of its own, `requests_<model>`; requests that no version answered are in
    `requests__refused`. Columns that a new version brings are added.

    Args:
        log_folder: The log's folder.
        serving_folder: Where the versions are, for their signatures.
        dataset: `project.dataset`, which exists.
        runs: The folder of the pipeline's runs.
        client: A `google.cloud.bigquery.Client`.

    Yields:
        A table and how many rows were loaded into it.

    Raises:
        ServingError: BigQuery refuses a job, or cannot be reached.
    """
    state = log_folder / f"bigquery-{dataset}.json"
    progress: Progress = json.loads(state.read_text()) if state.exists() else {}
    for path in database.files(log_folder):
        done = progress.setdefault(path.name, {"loaded": 0, "upto": 0})
        while (upto := done["upto"]) > done["loaded"] or (upto := _last(path)) > done["loaded"]:
            done["upto"] = upto
            write_whole(state, json.dumps(progress))
            wanted = Selection(after=done["loaded"], upto=upto)
            with tempfile.TemporaryDirectory() as folder:
                parts = export_file(path, serving_folder, Path(folder), wanted, runs)
                for part, rows in parts:
                    table = f"{dataset}.{_table(part.relative_to(folder))}"
                    name = f"{dataset}/{part.relative_to(folder)}/{wanted.after}-{upto}"
                    _job(part, table, hashlib.sha256(name.encode()).hexdigest()[:32], client)
                    yield table, rows
            done["loaded"] = upto
            write_whole(state, json.dumps(progress))


def _last(path: Path) -> int:
    return max((number for number, _ in database.read(path)), default=0)


def _table(part: Path) -> str:
    model = "".join(c if c.isalnum() and c.isascii() else "_" for c in part.parts[0])
    return f"requests_{model}"


def _job(part: Path, table: str, job_id: str, client: Any) -> None:
    from google.api_core import exceptions
    from google.auth.exceptions import GoogleAuthError
    from google.cloud import bigquery

    config = bigquery.LoadJobConfig(
        source_format=bigquery.SourceFormat.PARQUET,
        write_disposition=bigquery.WriteDisposition.WRITE_APPEND,
        schema_update_options=[bigquery.SchemaUpdateOption.ALLOW_FIELD_ADDITION],
        time_partitioning=bigquery.TimePartitioning(field="time"),
    )
    try:
        try:
            with part.open("rb") as file:
                job = client.load_table_from_file(
                    file, table, job_id=f"request-log-{job_id}", job_config=config
                )
        except exceptions.Conflict:  # It was started before an interruption.
            job = client.get_job(f"request-log-{job_id}")
        job.result()
    except (exceptions.GoogleAPIError, GoogleAuthError, OSError) as error:
        raise ServingError(
            Code.UNAVAILABLE,
            f"BigQuery did not load requests into {table}",
            str(error),
            "Nothing is lost: run the command again when that is settled.",
        ) from error

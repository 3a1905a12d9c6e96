"""The log in BigQuery, through its own client: each entry once, whatever happens in between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery as client_library

from serving.core.errors import ServingError
from serving.request_log import bigquery, database
from tests.helpers import bigquery_server
from tests.helpers.log_entries import entry, write


@pytest.fixture
def server() -> Iterator[bigquery_server.BigQueryServer]:
    with bigquery_server.running() as server:
        yield server


def load(server: bigquery_server.BigQueryServer, logged: Path, folder: Path) -> dict[str, int]:
    client = client_library.Client(
        project="p", credentials=AnonymousCredentials(), client_options={"api_endpoint": server.url}
    )
    return dict(bigquery.load(logged, folder, "p.logs", folder / "runs", client))


def ids(server: bigquery_server.BigQueryServer, table: str) -> list[Any]:
    return [one for part in server.loaded.get(table, []) for one in part["id"].to_pylist()]


def test_entries_are_loaded_once(
    server: bigquery_server.BigQueryServer, logged: Path, serving_folder: Path
) -> None:
    assert load(server, logged, serving_folder) == {
        "p.logs.requests_taxi": 4,
        "p.logs.requests__refused": 1,
    }
    assert load(server, logged, serving_folder) == {}
    write(logged, entry(9))
    assert load(server, logged, serving_folder) == {"p.logs.requests_taxi": 1}
    assert sorted(ids(server, "requests_taxi")) == [
        "request-1", "request-1", "request-2", "request-2", "request-9",
    ]  # fmt: skip


def test_an_answer_that_was_lost_loads_nothing_twice(
    server: bigquery_server.BigQueryServer, logged: Path, serving_folder: Path
) -> None:
    server.lose_answers = 1
    with pytest.raises(ServingError, match="did not load"):
        load(server, logged, serving_folder)
    write(logged, entry(9))
    load(server, logged, serving_folder)
    assert len(ids(server, "requests_taxi")) == 5
    assert len(server.asked) == len(set(server.asked)) + 1, "the same job was asked for again"


def test_entries_that_come_meanwhile_wait_for_the_job_that_was_interrupted(
    server: bigquery_server.BigQueryServer, log_folder: Path, serving_folder: Path
) -> None:
    file = database.Database(log_folder, "process")
    file.add([entry(1)])
    server.lose_answers = 1
    with pytest.raises(ServingError, match="did not load"):
        load(server, log_folder, serving_folder)
    file.add([entry(2)])
    load(server, log_folder, serving_folder)
    file.close()
    assert sorted(ids(server, "requests_taxi")) == ["request-1", "request-2"]


def test_a_refusal_is_told(
    server: bigquery_server.BigQueryServer, logged: Path, serving_folder: Path
) -> None:
    server.refuse = "Provided Schema does not match"
    with pytest.raises(ServingError, match="Provided Schema does not match"):
        load(server, logged, serving_folder)

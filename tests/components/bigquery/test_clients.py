"""What BigQuery's refusals come to, by the real clients."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable

import google.api_core.exceptions
import google.auth.exceptions
import pyarrow as pa
import pytest

from components.bigquery import clients, streams, versions
from components.tables import TableSource
from models.common.errors import DataError
from tests.components.bigquery.bigquery_service import BigQueryService, Refusal

NAME = "my-project.trips.taxi"
SOURCE = TableSource(NAME, "bigquery")
BY_QUERY = TableSource("data/query.sql", "bigquery", query="SELECT 1")


def told(ask: Callable[[], object]) -> DataError:
    with pytest.raises(DataError) as caught:
        ask()
    assert "Traceback" not in str(caught.value)
    assert "http://" not in caught.value.detail
    return caught.value


@pytest.mark.parametrize(
    ("status", "reason", "message", "headline", "remedy"),
    [
        (403, "accessDenied", "Access Denied: Table", "may not read it", "bigquery.dataViewer"),
        (403, "quotaExceeded", "Quota exceeded", "quota of BigQuery is used up", "later"),
        (403, "accessNotConfigured", "BigQuery API has not been used in project 1 before or it is "
         "disabled", "is not enabled", "gcloud services enable"),
        (403, "billingNotEnabled", "Billing has not been enabled", "no billing", "billing"),
        (404, "notFound", "Not found: Dataset p:d was not found in location US",
         "not in the location US", "one location"),
        (404, "notFound", "Not found: Table p:d.t", "no such table", "expired"),
        (400, "invalidQuery", "Syntax error: [3:7]", "does not take it", "objects to"),
        (418, "teapot", "What?", "cannot be read", "objects to"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("source", [SOURCE, BY_QUERY], ids=["table", "query"])
def test_a_refusal_is_told_in_a_persons_words(
    service: BigQueryService,
    source: TableSource,
    status: int,
    reason: str,
    message: str,
    headline: str,
    remedy: str,
) -> None:
    service.refuse = Refusal(status, reason, message)
    error = told(lambda: versions.fingerprint(source))
    assert headline in error.headline
    assert source.pattern in error.headline
    assert message in error.detail
    assert remedy in error.remedy


@pytest.mark.parametrize("status", [500, 503, 429])
def test_what_may_pass_is_tried_again_and_then_told(
    service: BigQueryService, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(clients, "PATIENCE", 1.2)
    service.refuse = Refusal(status, "backendError", "Try again")
    error = told(lambda: versions.fingerprint(SOURCE))
    assert len(service.asked) > 1
    expected = "a quota of BigQuery" if status == 429 else "BigQuery does not answer"
    assert expected in error.headline


def test_a_server_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setattr(clients, "PATIENCE", 0.5)
    monkeypatch.setenv(clients.EMULATOR, f"http://{address}")
    monkeypatch.setenv(clients.STORAGE_EMULATOR, address)
    error = told(lambda: versions.fingerprint(SOURCE))
    assert "does not answer" in error.headline
    error = told(lambda: streams.open_streams(SOURCE, f"{'0' * 32}-9999999999999"))
    assert "does not answer" in error.headline
    assert "network" in error.remedy


@pytest.mark.parametrize(
    ("raised", "headline"),
    [
        (google.auth.exceptions.DefaultCredentialsError("none found"), "without a login"),
        (google.auth.exceptions.RefreshError("expired"), "does not take the login"),
        (google.api_core.exceptions.Unauthorized("Invalid Credentials"), "does not take the login"),
        (google.auth.exceptions.TransportError("no route"), "login does not answer"),
    ],
)
def test_a_login_that_is_missing_or_not_taken_is_told(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, headline: str
) -> None:
    def fail() -> None:
        raise raised

    monkeypatch.setattr(clients, "_login", fail)
    assert headline in told(lambda: versions.fingerprint(SOURCE)).headline


def test_without_any_login_it_is_told_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", clients.EMULATOR, *clients.PROJECTS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    clients._of_google.cache_clear()
    error = told(lambda: versions.fingerprint(SOURCE))
    assert "cannot be read without a login to Google Cloud" in error.headline
    assert "gcloud auth application-default login" in error.remedy


@pytest.mark.parametrize(
    ("variables", "login", "expected"),
    [
        ({"GOOGLE_CLOUD_PROJECT": "named"}, "of-login", "named"),
        ({"CLOUD_ML_PROJECT_ID": "of-vertex"}, "tenant", "of-vertex"),
        ({}, "of-login", "of-login"),
        ({}, None, "of-table"),
    ],
)
def test_who_pays(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], login: str | None, expected: str
) -> None:
    for name in clients.PROJECTS:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(clients, "_login", lambda: (None, login))
    assert clients.payer("of-table") == f"projects/{expected}"


def test_a_query_that_nobody_pays_for_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in clients.PROJECTS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(clients, "_login", lambda: (None, None))
    error = told(lambda: versions.fingerprint(BY_QUERY))
    assert "GOOGLE_CLOUD_PROJECT" in error.remedy


def test_an_answer_that_is_no_json_is_told(
    service: BigQueryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "PATIENCE", 0.5)
    service.put(NAME, pa.table({"a": [1]}))
    page = b"<html><title>Log in</title></html>"

    def answer(handler: http.server.BaseHTTPRequestHandler, *_: object) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(page)))
        handler.end_headers()
        handler.wfile.write(page)

    monkeypatch.setattr("tests.components.bigquery.bigquery_service._Rest._answer", answer)
    assert NAME in told(lambda: versions.fingerprint(SOURCE)).headline

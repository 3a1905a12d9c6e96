"""Who asks BigQuery, and what its refusals mean."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from models.common.errors import DataError

if TYPE_CHECKING:
    from google.cloud import bigquery, bigquery_storage

EMULATOR = "BIGQUERY_EMULATOR_HOST"
"""The address of an emulator's REST API, as Google's own client takes it."""
STORAGE_EMULATOR = "BIGQUERY_STORAGE_EMULATOR_HOST"
"""Host and port of an emulator's Storage API, without encryption."""
PROJECTS = ("GOOGLE_CLOUD_PROJECT", "CLOUD_ML_PROJECT_ID")
"""Variables that name the project which pays; the second is of Vertex AI's tasks."""

PATIENCE = 60.0
"""Seconds for which a request that gets no answer is tried again."""
_ATTEMPT = 30.0
"""Seconds for one of these tries."""

LOGIN = (
    "Log in by `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS to "
    "the file of a service account's key."
)
_ROLES = (
    "It needs roles/bigquery.dataViewer on the data, roles/bigquery.readSessionUser on the project "
    "that pays and, for a query, roles/bigquery.jobUser on that too."
)


def asking(project: str) -> bigquery.Client:
    """The client of BigQuery's REST API.

    Args:
        project: Who pays, where neither the environment nor the login says it.
    """
    from google.cloud import bigquery

    return bigquery.Client(_payer(project), credentials=_login()[0])


def reading() -> bigquery_storage.BigQueryReadClient:
    """The client of the Storage Read API."""
    import grpc
    from google.cloud import bigquery_storage
    from google.cloud.bigquery_storage_v1.services.big_query_read import transports

    if address := os.environ.get(STORAGE_EMULATOR):
        transport = transports.BigQueryReadGrpcTransport(channel=grpc.insecure_channel(address))
        return bigquery_storage.BigQueryReadClient(transport=transport)
    return bigquery_storage.BigQueryReadClient(credentials=_login()[0])


def _payer(project: str) -> str:
    named = next(filter(None, map(os.environ.get, PROJECTS)), None)
    found = named or _login()[1] or project
    if not found:
        raise DataError(
            "Which project of Google Cloud pays for a query is not known",
            f"Looked for: {', '.join(PROJECTS)}, and the project of the login. Received: nothing.",
            f"Set {PROJECTS[0]} to the project's id.",
        )
    return found


def payer(project: str) -> str:
    """The project that pays for what is read, as a resource name."""
    return f"projects/{_payer(project)}"


def _login() -> tuple[Any, str | None]:
    """The credentials, and the project that comes with them."""
    from google.auth.credentials import AnonymousCredentials

    return (AnonymousCredentials(), None) if os.environ.get(EMULATOR) else _of_google()


@functools.lru_cache(maxsize=1)
def _of_google() -> tuple[Any, str | None]:
    import google.auth

    found, project = google.auth.default(scopes=["https://www.googleapis.com/auth/bigquery"])
    return found, project


def patience() -> dict[str, Any]:
    """Arguments of each request: how long it is tried."""
    from google.api_core import exceptions, retry

    transient = retry.if_exception_type(
        exceptions.ServiceUnavailable,
        exceptions.InternalServerError,
        exceptions.BadGateway,
        exceptions.TooManyRequests,
        ConnectionError,
    )
    again = retry.Retry(predicate=transient, initial=0.5, maximum=10, timeout=PATIENCE)
    return {"retry": again, "timeout": _ATTEMPT}


@contextlib.contextmanager
def errors(name: str) -> Iterator[None]:
    """Raises what the clients raise as what a person understands.

    Args:
        name: The table, or the file with the query.

    Raises:
        DataError: BigQuery refused, or did not answer.
    """
    _import_clients()
    from google.api_core import exceptions
    from google.auth import exceptions as login

    try:
        yield
    except (exceptions.GoogleAPIError, login.GoogleAuthError, OSError, ValueError) as error:
        cause = error
        while isinstance(cause, exceptions.RetryError) and isinstance(cause.cause, Exception):
            cause = cause.cause
        headline, remedy = _meaning(name, cause)
        raise DataError(headline, f"Received: {_said(cause)}", remedy) from error


@functools.lru_cache(maxsize=1)
def _import_clients() -> None:
    """Imports Google's clients, without what they say of versions of Python to come."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        import google.cloud.bigquery
        import google.cloud.bigquery_storage  # noqa: F401


def _meaning(name: str, error: Exception) -> tuple[str, str]:
    """A headline and a remedy for what a client raised."""
    from google.api_core import exceptions as api
    from google.auth import exceptions as login

    said, reasons = _said(error), _reasons(error)
    if isinstance(error, login.DefaultCredentialsError):
        return f"{name} cannot be read without a login to Google Cloud", LOGIN
    if isinstance(error, login.TransportError):
        return f"{name}: Google's login does not answer", "Check the network, and run again."
    if isinstance(error, login.GoogleAuthError | api.Unauthorized):
        return f"{name}: Google Cloud does not take the login", LOGIN
    if isinstance(error, api.TooManyRequests) or reasons & {"quotaExceeded", "rateLimitExceeded"}:
        return (
            f"{name}: a quota of BigQuery is used up",
            "Run again later, or have the quota raised: console, IAM & Admin, Quotas.",
        )
    if isinstance(error, api.Forbidden):
        if re.search("has not been used|is disabled|SERVICE_DISABLED", said):
            return (
                f"{name}: BigQuery is not enabled in the project that pays",
                "Run: gcloud services enable bigquery.googleapis.com "
                f"bigquerystorage.googleapis.com; or set {PROJECTS[0]} to another project.",
            )
        if "billing" in said.lower():
            return (
                f"{name}: the project that pays has no billing",
                f"Enable billing, or set {PROJECTS[0]} to a project that has it.",
            )
        return f"{name}: whoever is logged in may not read it", _ROLES
    if isinstance(error, api.NotFound):
        location = re.search(r"not found in location ([\w-]+)", said)
        if location:
            return (
                f"{name} is not in the location {location[1]}",
                "A query reads data sets of one location: copy those that are elsewhere, or "
                "correct their names.",
            )
        return (
            f"BigQuery has no such table, or no longer: {name}",
            "Correct the project, data set and table. One that has expired is to be made again.",
        )
    if isinstance(error, api.BadRequest):
        if re.search("time travel|snapshot", said, re.IGNORECASE):
            return _too_late(name)
        return f"{name}: BigQuery does not take it", "Correct what it objects to, and run again."
    unreachable = (
        api.ServiceUnavailable, api.RetryError, api.ServerError, api.Unknown, OSError
    )  # fmt: skip
    if isinstance(error, unreachable):
        return (
            f"{name}: BigQuery does not answer",
            "Check the network, and whether a firewall or proxy is between; then run again.",
        )
    if isinstance(error, api.FailedPrecondition) and "session" in said.lower():
        return f"{name}: what was read has expired", "Run again: BigQuery keeps it for six hours."
    return f"{name} cannot be read", "Correct what BigQuery objects to, and run again."


def _too_late(name: str) -> tuple[str, str]:
    return (
        f"{name}: BigQuery no longer has it as it was when its version was taken",
        "Run again: its version is taken anew.",
    )


def _reasons(error: Exception) -> set[str]:
    found = getattr(error, "errors", None) or ()
    return {one["reason"] for one in found if isinstance(one, dict) and "reason" in one}


def _said(error: Exception) -> str:
    """What an error says to a person, on one line, without the request's address."""
    text = str(getattr(error, "message", "") or error or type(error).__name__)
    words = " ".join(re.sub(r"^(?:GET|POST) \S+:? ", "", text).split())
    return words[:500] + ("" if words[:500].endswith(".") else ".")

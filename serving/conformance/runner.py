"""Asks a server the conformance table."""

from __future__ import annotations

import gzip
import http.client
import json
import math
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from serving.core.errors import Code, ServingError

_TABLE = Path(__file__).with_name("cases.yaml")
_TIMEOUT = 30
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Case:
    """A request and what must come of it; see the head of `cases.yaml`."""

    name: str
    source: str
    path: str
    method: str = "POST"
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    json: Any = None
    holds: Any = None
    error: str | None = None
    text: str | None = None
    answer_headers: Mapping[str, str] = field(default_factory=dict)

    def request_body(self) -> bytes:
        """The body as it is sent."""
        body = self.body.encode()
        compressed = self.headers.get("content-encoding") == "gzip" and "x-raw" not in self.headers
        return gzip.compress(body) if compressed else body


@dataclass(frozen=True)
class Outcome:
    """What a server made of a case."""

    case: Case
    problem: str = ""
    """What is wrong with its answer; empty if nothing is."""


@cache
def cases() -> tuple[Case, ...]:
    """The table."""
    return tuple(Case(**entry) for entry in yaml.safe_load(_TABLE.read_text(encoding="utf-8")))


def run(url: str, token: str = "") -> Iterator[Outcome]:
    """Asks each case.

    Args:
        url: Of the server, such as `http://127.0.0.1:8501`.
        token: Sent as a bearer token, if given.

    Raises:
        ServingError: The server cannot be reached.
    """
    for case in cases():
        yield Outcome(case, _problem(case, *ask(url, case, token)))


def ask(url: str, case: Case, token: str = "") -> tuple[int, Mapping[str, str], bytes]:
    """Sends a case's request; returns status, headers and body of the answer.

    Raises:
        ServingError: The server cannot be reached, or it is no URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"'{url}' is no URL of a server",
            remedy="Write it as http://127.0.0.1:8501, the server's REST port.",
        )
    headers = {name: value for name, value in case.headers.items() if name != "x-raw"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    place = parts.hostname or "", parts.port
    connection = (
        http.client.HTTPSConnection(*place, timeout=_TIMEOUT, context=ssl.create_default_context())
        if parts.scheme == "https"
        else http.client.HTTPConnection(*place, timeout=_TIMEOUT)
    )
    try:
        body = case.request_body() if case.method == "POST" else None
        connection.request(case.method, parts.path.rstrip("/") + case.path, body, headers)
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise ServingError(
            Code.UNAVAILABLE,
            f"{url} does not answer",
            f"At '{case.name}': {type(error).__name__}: {error}",
            "See whether the server runs, and whether the URL is its REST port's.",
        ) from error
    finally:
        connection.close()


def _problem(case: Case, status: int, headers: Mapping[str, str], body: bytes) -> str:
    shown = body.decode(errors="replace")[:300]
    if status != case.status:
        return f"status {status} instead of {case.status}: {shown}"
    for name, value in case.answer_headers.items():
        if value not in headers.get(name, ""):
            return f"header {name}: {headers.get(name)} instead of {value}"
    if case.text is not None and not re.search(case.text, shown):
        return f"{shown} instead of {case.text}"
    try:
        answer = json.loads(body)
    except ValueError:
        return f"no JSON: {shown}"
    if case.error is not None:
        text = answer.get("error") if isinstance(answer, dict) else None
        # TensorFlow Serving escapes quotation marks twice in some versions.
        if not isinstance(text, str) or case.error not in text.replace("\\", ""):
            return f"error {shown} instead of {case.error}"
    if case.json is not None and not _same(answer, case.json):
        return f"{shown} instead of {json.dumps(case.json)}"
    if case.holds is not None and not _holds(answer, case.holds):
        return f"{shown} does not hold {json.dumps(case.holds)}"
    return ""


def _same(received: Any, expected: Any) -> bool:
    if isinstance(expected, dict):
        return (
            isinstance(received, dict)
            and received.keys() == expected.keys()
            and all(_same(received[key], value) for key, value in expected.items())
        )
    if isinstance(expected, list):
        return (
            isinstance(received, list)
            and len(received) == len(expected)
            and all(map(_same, received, expected))
        )
    if isinstance(expected, float) and isinstance(received, float):
        both_nan = math.isnan(expected) and math.isnan(received)
        return both_nan or math.isclose(expected, received, rel_tol=_TOLERANCE)
    return type(received) is type(expected) and bool(received == expected)


def _holds(received: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return isinstance(received, dict) and all(
            key in received and _holds(received[key], value) for key, value in part.items()
        )
    return _same(received, part)

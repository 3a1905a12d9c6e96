"""What every server of the REST API does with a request."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path

import pytest

from serving.core.errors import Code, ServingError
from serving.core.exchange import Answer
from serving.core.hooks import Entry, Hooks
from serving.core.metrics import Metrics
from serving.core.model_spec import ModelSpec
from serving.core.settings import Settings
from serving.http.messages import Request, Response
from serving.rest.base_app import BaseRestApp
from serving.rest.paths import Route, parse

PREDICT = "/v1/models/taxi:predict"
COUNTED = ":tensorflow:serving:request_count"


class App(BaseRestApp):
    """Answers an inference with its body, or with an error."""

    error: Exception | None = None
    reasons: tuple[str, ...] = ()
    specs: tuple[ModelSpec, ...] = ()

    async def _answer_api(self, request: Request, request_id: str) -> Answer:
        route = parse(request.method, request.path)
        return await self._answer_inference(route, request, request_id)

    async def _infer(self, route: Route, spec: ModelSpec, request: Request, body: bytes) -> Answer:
        self.specs += (spec,)
        if self.error:
            raise self.error
        return Answer(body, version=3)

    async def _unready(self) -> list[str]:
        return list(self.reasons)


class Log:
    def __init__(self) -> None:
        self.entries: list[Entry] = []

    async def submit(self, entry: Entry) -> bool:
        self.entries.append(entry)
        return True

    def close(self) -> None:
        pass


def made(token: str = "", log: Log | None = None) -> App:
    settings = Settings(Path(), token=token, body_bytes=5000)
    return App(Hooks(request_log=log), Metrics(), settings, lambda name: name == "taxi")


def ask(
    app: App, path: str = PREDICT, method: str = "POST", body: bytes = b"{}", **headers: str
) -> Response:
    fields = {
        name.replace("_", "-").encode(): value.encode("latin-1") for name, value in headers.items()
    }
    return asyncio.run(app(Request(method, path, b"", fields, body)))


@pytest.mark.parametrize("code", Code)
def test_an_error_is_answered_with_its_status_and_counted_by_its_name(code: Code) -> None:
    app = made()
    app.error = ServingError(code, "no", "Received: x.")
    answer = ask(app)
    assert (answer.status, json.loads(answer.body)) == (code.http, {"error": "no\nReceived: x."})
    assert f'{COUNTED}{{model_name="taxi",status="{code.name}"}} 1' in app._counts.text()


def test_an_answers_headers() -> None:
    app = made(log=Log())
    headers = dict(ask(app, x_request_id="mine\xe9").headers)
    assert headers == {
        b"content-type": b"application/json", b"x-request-id": b"mine\xe9",
        b"x-model-version": b"3", b"x-request-logged": b"true",
    }  # fmt: skip
    assert dict(ask(app).headers)[b"x-request-id"] != dict(ask(app).headers)[b"x-request-id"]


def test_gzip_in_both_directions() -> None:
    body, log = b"x" * 4000, Log()
    answer = ask(
        made(log=log),
        body=gzip.compress(body, mtime=0),
        content_encoding="gzip",
        accept_encoding="gzip",
    )
    assert dict(answer.headers)[b"content-encoding"] == b"gzip"
    assert gzip.decompress(answer.body) == body
    assert (log.entries[0].request, log.entries[0].response) == (body, body)


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [("br", b"{}", 415), ("gzip", b"{}", 400), ("gzip", gzip.compress(b"x" * 6000, mtime=0), 413)],
)
def test_a_body_that_cannot_be_read_is_counted_and_logged_without_it(
    encoding: str, body: bytes, status: int
) -> None:
    log = Log()
    app = made(log=log)
    assert ask(app, body=body, content_encoding=encoding).status == status
    assert f'{COUNTED}{{model_name="taxi",status="INVALID_ARGUMENT"}} 1' in app._counts.text()
    assert [(one.request, one.status) for one in log.entries] == [(b"null", status)]
    assert not app.specs


def test_what_fails_unexpectedly_tells_a_client_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    app = made()
    app.error = KeyError("secret")
    answer = ask(app)
    assert (answer.status, b"secret" in answer.body) == (500, False)
    assert "secret" in capsys.readouterr().err
    assert f'{COUNTED}{{model_name="taxi",status="INTERNAL"}} 1' in app._counts.text()


def test_the_routing_key_reaches_the_servable() -> None:
    app = made()
    ask(app, x_routing_key="ann")
    ask(app)
    assert app.specs == (ModelSpec("taxi", routing_key="ann"), ModelSpec("taxi"))


def test_everything_but_health_needs_the_token() -> None:
    app = made(token="secret")
    for path, status in (
        ("/healthz", 200), ("/readyz", 200), ("/", 401), (PREDICT, 401),
        ("/monitoring/prometheus/metrics", 401),
    ):  # fmt: skip
        assert ask(app, path, "GET").status == status
    assert ask(app, authorization="Bearer secret").status == 200
    text = ask(app, "/monitoring/prometheus/metrics", "GET", authorization="Bearer secret").body
    assert f'{COUNTED}{{model_name="",status="UNAUTHENTICATED"}} 3'.encode() in text


def test_readiness_says_why_not() -> None:
    app = made()
    app.reasons = ("No version of 'taxi' is available.",)
    answer = ask(app, "/readyz", "GET")
    assert (answer.status, json.loads(answer.body)["reasons"]) == (503, list(app.reasons))
    app.reasons, app.stopping = (), True
    assert b"stopping" in ask(app, "/readyz", "GET").body


def test_other_paths_are_not_found() -> None:
    for method, path in (("GET", "/nothing"), ("POST", "/"), ("POST", "/models")):
        assert ask(made(), path, method).status == 404

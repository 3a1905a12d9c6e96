"""TensorFlow Serving's REST API as an ASGI application, and health, metrics and a page beside it.

Plain ASGI: what a framework does for each request would cost more than the prediction.
"""

from __future__ import annotations

import hmac
import itertools
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from serving import http_body, json_text, logs, metrics, model_info, pages
from serving.engine import Engine
from serving.errors import Code, ServingError
from serving.hooks import Entry
from serving.http_body import Headers
from serving.rest_methods import METHODS, Answer, form_request
from serving.rest_paths import Route, route
from serving.settings import Settings

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_JSON = b"application/json"
_REQUEST_ID = 128


class RestApp:
    """The application.

    Args:
        engine: Runs the requests.
        settings: Limits and token.
    """

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        self._ids = itertools.count()
        self._process = secrets.token_hex(6)
        self.stopping = False
        """Set when the server stops, so that a balancer sends no more."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        if scope["type"] != "http":
            return
        headers = Headers(scope["headers"])
        request_id = headers.get(b"x-request-id")[:_REQUEST_ID] or self._new_id()
        try:
            answer = await self._answer(scope, headers, receive, request_id)
        except ServingError as error:
            answer = _error(error)
        except Exception as error:  # a client never gets a traceback
            text = f"{type(error).__name__}: {error}"
            logs.event("request failed", "error", id=request_id.decode("latin-1"), error=text)
            answer = _error(ServingError(Code.INTERNAL, "The server failed; its log says more"))
        await _send(answer, headers, request_id, scope["method"], send)

    def _new_id(self) -> bytes:
        return b"%s-%x" % (self._process.encode(), next(self._ids))

    async def _answer(
        self, scope: Scope, headers: Headers, receive: Receive, request_id: bytes
    ) -> Answer:
        method, path = scope["method"], scope["raw_path"].partition(b"?")[0].decode("latin-1")
        if path == "/healthz":
            return Answer(b'{"status":"ok"}')
        if path == "/readyz":
            return self._ready()
        self._authorize(headers)
        if path[:4].lower() == "/v1/":
            body = b""
            if method == "POST":
                body = await http_body.read(headers, receive, self._settings.body_bytes)
            found = route(method, path)
            if found.resource == "form":
                body = scope["query_string"]
            if found.resource in METHODS:
                return await self._predict(found, headers, body, request_id)
            return self._info(found)
        if method in ("GET", "HEAD"):
            if path == "/monitoring/prometheus/metrics":
                text = self._engine.metrics.text().encode()
                return Answer(text, content_type=metrics.CONTENT_TYPE.encode())
            if path == "/models":
                return Answer(json_text.dump_special(model_info.overview(self._engine.versions)))
            if path in pages.FILES:
                return pages.FILES[path]
        raise ServingError(Code.NOT_FOUND, f"Not found: {path}")

    def _authorize(self, headers: Headers) -> None:
        token = self._settings.token
        sent = headers.get(b"authorization")
        if token and not hmac.compare_digest(sent, b"Bearer " + token.encode()):
            raise ServingError(
                Code.UNAUTHENTICATED,
                "The request needs the header Authorization: Bearer with the server's token",
            )

    def _ready(self) -> Answer:
        reasons = ["The server is stopping."] if self.stopping else self._engine.versions.unready()
        body = {"status": "unready" if reasons else "ready", "reasons": reasons}
        return Answer(json_text.dump_special(body), 503 if reasons else 200)

    def _info(self, found: Route) -> Answer:
        versions, target = self._engine.versions, found.target
        if found.resource == "metadata":
            version = self._engine.find(target)
            return Answer(json_text.dump_special(model_info.metadata_json(version)))
        number = self._engine.find(target).number if target.label else target.version
        states = model_info.statuses(versions, target.model, number)
        return Answer(json_text.dump_special(model_info.status_json(states)))

    async def _predict(
        self, found: Route, headers: Headers, body: bytes, request_id: bytes
    ) -> Answer:
        start = time.perf_counter()
        target = found.with_key(headers.get(b"x-routing-key"))
        try:
            if found.resource == "form":
                body = form_request(body, self._engine.find(target))
            answer = await METHODS[found.method](self._engine, target, body)
        except ServingError as error:
            answer = _error(error)
            status, code = error.http_status, error.code.name
        else:
            status, code = 200, "OK"
        seconds = time.perf_counter() - start
        # Names that clients make up must not become labels that stay.
        known = target.model if target.model in self._engine.versions.statuses else ""
        counts = self._engine.metrics
        counts.requests.add(known, code)
        counts.latency.observe(seconds * 1e6, known, found.method.capitalize(), "REST")
        log = self._engine.hooks.request_log
        if log is not None:
            entry = Entry(
                id=request_id.decode("latin-1"), time=time.time() - seconds, model=target.model,
                version=answer.version, label=answer.label or target.label, seconds=seconds,
                request=body, response=answer.body, status=status,
            )  # fmt: skip
            answer.logged = await log.submit(entry)
            counts.logged.add(str(answer.logged).lower())
        return answer


def _error(error: ServingError) -> Answer:
    return Answer(json_text.dump_special({"error": str(error)}), error.http_status)


async def _send(
    answer: Answer, headers: Headers, request_id: bytes, method: str, send: Send
) -> None:
    body = answer.body
    fields = [(b"content-type", answer.content_type), (b"x-request-id", request_id)]
    if answer.version is not None:
        fields.append((b"x-model-version", b"%d" % answer.version))
    if answer.logged is not None:
        fields.append((b"x-request-logged", b"true" if answer.logged else b"false"))
    if http_body.wants_gzip(headers, body):
        body = http_body.gzipped(body)
        fields += [(b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")]
    fields.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": fields})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})

"""TensorFlow Serving's REST API, and health, metrics and a page beside it."""

from __future__ import annotations

import hmac
import itertools
import secrets
import time

from serving import json_text, logs, metrics, model_info, pages
from serving.engine import Engine
from serving.errors import Code, ServingError
from serving.hooks import Entry
from serving.http import encoding
from serving.http.messages import Request, Response
from serving.rest_methods import METHODS, Answer, form_request
from serving.rest_paths import Route, route
from serving.settings import Settings

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

    async def __call__(self, request: Request) -> Response:
        """Answers a request."""
        request_id = request.headers.get(b"x-request-id", b"")[:_REQUEST_ID] or self._new_id()
        try:
            answer = await self._answer(request, request_id)
        except ServingError as error:
            answer = _error(error)
        except Exception as error:  # a client never gets a traceback
            text = f"{type(error).__name__}: {error}"
            logs.event("request failed", "error", id=request_id.decode("latin-1"), error=text)
            answer = _error(ServingError(Code.INTERNAL, "The server failed; its log says more"))
        return _response(answer, request, request_id)

    def _new_id(self) -> bytes:
        return b"%s-%x" % (self._process.encode(), next(self._ids))

    async def _answer(self, request: Request, request_id: bytes) -> Answer:
        path = request.path
        if path == "/healthz":
            return Answer(b'{"status":"ok"}')
        if path == "/readyz":
            return self._ready()
        self._authorize(request)
        if path[:4].lower() == "/v1/":
            found = route(request.method, path)
            if found.resource in METHODS:
                return await self._predict(found, request, request_id)
            return self._info(found)
        if request.method in ("GET", "HEAD"):
            if path == "/monitoring/prometheus/metrics":
                text = self._engine.metrics.text().encode()
                return Answer(text, content_type=metrics.CONTENT_TYPE.encode())
            if path == "/models":
                return Answer(json_text.dump_special(model_info.overview(self._engine.versions)))
            if path in pages.FILES:
                return pages.FILES[path]
        raise ServingError(Code.NOT_FOUND, f"Not found: {path}")

    def _authorize(self, request: Request) -> None:
        token = self._settings.token
        sent = request.headers.get(b"authorization", b"")
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

    async def _predict(self, found: Route, request: Request, request_id: bytes) -> Answer:
        start = time.perf_counter()
        body = encoding.decoded(request.headers, request.body, self._settings.body_bytes)
        target = found.with_key(request.headers.get(b"x-routing-key", b""))
        try:
            if found.resource == "form":
                body = form_request(request.query, self._engine.find(target))
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


def _response(answer: Answer, request: Request, request_id: bytes) -> Response:
    body = answer.body
    fields = [(b"content-type", answer.content_type), (b"x-request-id", request_id)]
    if answer.version is not None:
        fields.append((b"x-model-version", b"%d" % answer.version))
    if answer.logged is not None:
        fields.append((b"x-request-logged", b"true" if answer.logged else b"false"))
    if encoding.wants_gzip(request.headers, body):
        body = encoding.gzipped(body)
        fields += [(b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")]
    return Response(answer.status, fields, body)

"""What every server of the REST API does around an answer; without TensorFlow.

One server runs models, another forwards to a server that does.
"""

from __future__ import annotations

import abc
import hmac
import itertools
import secrets
import time
from dataclasses import dataclass

from serving.core import json_text, logs, metrics
from serving.core.errors import Code, ServingError
from serving.core.hooks import Entry, Hooks
from serving.core.metrics import Metrics
from serving.core.settings import Settings
from serving.core.target import Target
from serving.http import encoding
from serving.http.messages import Request, Response

_REQUEST_ID = 128


@dataclass
class Answer:
    """An answer, before it is HTTP's."""

    body: bytes
    status: int = 200
    content_type: bytes = b"application/json"
    version: int | None = None
    """The model version that computed it."""
    label: str | None = None
    """How that version was chosen: a label or a variant."""
    logged: bool | None = None
    """Whether the request log has it; None if there is no log."""


class RestApp(abc.ABC):
    """An application: ids, the token, errors, counts and the request log.

    Args:
        hooks: Routing and the request log.
        counts: What is counted.
        settings: Limits and token.
    """

    def __init__(self, hooks: Hooks, counts: Metrics, settings: Settings) -> None:
        self._hooks = hooks
        self._counts = counts
        self._settings = settings
        self._ids = itertools.count()
        self._process = secrets.token_hex(6).encode()
        self.stopping = False
        """Set when the server stops, so that a balancer sends no more."""
        for gauge in hooks.gauges:
            counts.add(gauge)

    async def __call__(self, request: Request) -> Response:
        """Answers a request."""
        request_id = request.headers.get(b"x-request-id", b"")[:_REQUEST_ID] or self._new_id()
        try:
            answer = await self._answer(request, request_id)
        except ServingError as error:
            answer = error_answer(error)
        except Exception as error:  # a client never gets a traceback
            answer = error_answer(logs.failure(error, id=request_id.decode("latin-1")))
        return _response(answer, request, request_id)

    async def _answer(self, request: Request, request_id: bytes) -> Answer:
        if request.path == "/healthz":
            return Answer(b'{"status":"ok"}')
        if request.path == "/readyz":
            reasons = ["The server is stopping."] if self.stopping else await self._unready()
            body = {"status": "unready" if reasons else "ready", "reasons": reasons}
            return Answer(json_text.dump_special(body), 503 if reasons else 200)
        self._authorize(request)
        if request.path[:4].lower() == "/v1/":
            return await self._answer_api(request, request_id)
        if request.method in ("GET", "HEAD"):
            if request.path == "/monitoring/prometheus/metrics":
                text = self._counts.text().encode()
                return Answer(text, content_type=metrics.CONTENT_TYPE.encode())
            page = self._page(request.path)
            if page is not None:
                return page
        raise ServingError(Code.NOT_FOUND, f"Not found: {request.path}")

    @abc.abstractmethod
    async def _answer_api(self, request: Request, request_id: bytes) -> Answer:
        """Answers a request under `/v1/`."""

    @abc.abstractmethod
    async def _unready(self) -> list[str]:
        """Why predictions cannot be asked for; empty if they can."""

    def _page(self, path: str) -> Answer | None:
        """What is beside the API; None if there is no such page."""
        return None

    async def _note(
        self, answer: Answer, target: Target, request_id: bytes, body: bytes, seconds: float
    ) -> Answer:
        """Stores an answer to a request for a prediction in the request log."""
        log = self._hooks.request_log
        if log is not None:
            entry = Entry(
                id=request_id.decode("latin-1"), time=time.time() - seconds, model=target.model,
                version=answer.version, label=answer.label or target.label, seconds=seconds,
                request=body, response=answer.body, status=answer.status,
            )  # fmt: skip
            answer.logged = await log.submit(entry)
            self._counts.logged.add(str(answer.logged).lower())
        return answer

    def _new_id(self) -> bytes:
        return b"%s-%x" % (self._process, next(self._ids))

    def _authorize(self, request: Request) -> None:
        token = self._settings.token
        sent = request.headers.get(b"authorization", b"")
        if token and not hmac.compare_digest(sent, b"Bearer " + token.encode()):
            raise ServingError(
                Code.UNAUTHENTICATED,
                "The request needs the header Authorization: Bearer with the server's token",
            )


def error_answer(error: ServingError) -> Answer:
    """What a client hears of an error."""
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

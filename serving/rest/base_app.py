"""What every server of the REST API does with a request; without TensorFlow.

One server runs models, another forwards to a server that does.
"""

from __future__ import annotations

import abc
from collections.abc import Awaitable, Callable
from functools import partial

from serving.core import background, json_text, logs, metrics
from serving.core.errors import Code, ServingError
from serving.core.exchange import Answer, Call, Exchange, Refusal
from serving.core.hooks import Hooks
from serving.core.metrics import Metrics
from serving.core.model_spec import ModelSpec
from serving.core.settings import LOOPBACK, Settings
from serving.http import encoding
from serving.http.messages import Request, Response
from serving.rest import access, aliases, pages
from serving.rest.paths import Route

MEMORY_BESIDE = 5
"""How many times a body's length its values take beside it, at most, but for short strings."""


class BaseRestApp(abc.ABC):
    """An application: health, metrics, ids, and the exchange around each inference.

    Args:
        hooks: Routing and the request log.
        counts: What is counted.
        settings: Limits and token.
        is_model: Whether a model of that name is served.

    Raises:
        ServingError: `aliases.yaml` in the serving folder is not usable.
    """

    has_page = False
    """Whether there is a page on which a person asks for predictions."""

    def __init__(
        self, hooks: Hooks, counts: Metrics, settings: Settings, is_model: Callable[[str], bool]
    ) -> None:
        self._counts = counts
        self._settings = settings
        self._aliases = aliases.read(settings.models)
        self._exchange = Exchange(hooks, counts, settings.token, is_model)
        # Who has the token is no page of another site that has made its name point here.
        self._checks_host = settings.host in LOOPBACK and not settings.token
        self.stopping = False
        """Set when the server stops, so that a balancer sends no more."""
        for gauge in hooks.gauges:
            counts.add(gauge)

    async def __call__(self, request: Request) -> Response:
        """Answers a request."""
        sent = request.headers.get(b"x-request-id", b"").decode("latin-1")
        request_id = self._exchange.request_id(sent)
        try:
            answer = await self._answer(request, request_id)
        except ServingError as error:
            answer = Refusal(error)
        except Exception as error:  # a client never gets a traceback
            answer = Refusal(logs.failure(error, id=request_id))
        body = answer.body
        compressed = None
        if encoding.wants_gzip(request.headers, body):
            pack = partial(encoding.gzipped, body)
            compressed = await background.run(pack) if len(body) > background.LONG else pack()
        response = _response(answer, answer.id or request_id, compressed)
        if self._settings.cors:
            response.headers.extend(access.CORS_HEADERS)
        return response

    async def _answer(self, request: Request, request_id: str) -> Answer:
        if request.path == "/healthz":
            return Answer(b'{"status":"ok"}')
        if request.path == "/readyz":
            reasons = ["The server is stopping."] if self.stopping else await self._unready()
            body = {"status": "unready" if reasons else "ready", "reasons": reasons}
            return Answer(json_text.dump_special(body), 503 if reasons else 200)
        if request.path == "/v2/health/live":
            return Answer(b'{"live":true}')
        if request.path == "/v2/health/ready":
            ready = not (self.stopping or await self._unready())
            return Answer(json_text.dump({"ready": ready}), 200 if ready else 503)
        if self._checks_host:
            access.check_host(request.headers.get(b"host", b""))
        if self._settings.cors and request.method == "OPTIONS":
            return access.preflight(request.headers.get(b"origin", b""))
        if request.method in ("GET", "HEAD") and request.path in pages.FILES and self.has_page:
            # Without the token, as it has nothing but a field for it.
            return pages.FILES[request.path]
        self._exchange.authorize(request.headers.get(b"authorization", b""))
        if request.path[:4].lower() == "/v1/":
            return await self._answer_api(request, request_id)
        if request.path == "/v2" or request.path[:4] == "/v2/":
            return await self._answer_open_inference(request, request_id)
        if request.method in ("GET", "HEAD"):
            if request.path == "/monitoring/prometheus/metrics":
                text = await self._metrics()
                return Answer(text.encode(), content_type=metrics.CONTENT_TYPE.encode())
            page = self._page(request.path)
            if page is not None:
                return page
            meant = self._aliases.meant(request)
            if meant is not None:
                return await self._answer_api(meant, request_id)
        raise ServingError(Code.NOT_FOUND, f"Not found: {request.path}")

    @abc.abstractmethod
    async def _answer_api(self, request: Request, request_id: str) -> Answer:
        """Answers a request under `/v1/`."""

    async def _answer_open_inference(self, request: Request, request_id: str) -> Answer:
        """Answers a request under `/v2`."""
        raise ServingError(Code.NOT_FOUND, f"Not found: {request.path}")

    @abc.abstractmethod
    def _infer(
        self, route: Route, spec: ModelSpec, request: Request, body: bytes
    ) -> Awaitable[Answer]:
        """Answers a request for an inference.

        Args:
            route: What the path asks for.
            spec: Which servable.
            request: As the client has sent it.
            body: Its body, decompressed; what a query means.

        Raises:
            ServingError: The request is refused, or fails.
        """

    @abc.abstractmethod
    async def _unready(self) -> list[str]:
        """Why predictions cannot be asked for; empty if they can."""

    async def _metrics(self) -> str:
        """What was counted, in Prometheus' text format."""
        return self._counts.text()

    def _page(self, path: str) -> Answer | None:
        """What is beside the API; None if there is no such page."""
        return None

    def _body(self, route: Route, spec: ModelSpec, request: Request) -> bytes | None:
        """The JSON that a request for an inference means; None if it takes long to decompress.

        Raises:
            ServingError: It cannot be read.
        """
        return encoding.decoded_if_short(request.headers, request.body, self._settings.body_bytes)

    def _logged(self, route: Route, request: Request, body: bytes) -> bytes:
        """What the request log has of a request, as JSON."""
        return body

    def _answer_inference(
        self, route: Route, request: Request, request_id: str
    ) -> Awaitable[Answer]:
        # No coroutine of its own, as each costs a request of a small model a percent of its time.
        spec = route.with_key(request.headers.get(b"x-routing-key", b""))
        # What the log has of a request that cannot be read.
        body = b"null"

        def infer() -> Awaitable[Answer]:
            nonlocal body
            found = self._body(route, spec, request)
            if found is None:
                return infer_decompressed()
            body = found
            request.hold(MEMORY_BESIDE * len(body))
            return self._infer(route, spec, request, body)

        async def infer_decompressed() -> Answer:
            nonlocal body
            limit = self._settings.body_bytes
            body = await background.run(
                partial(encoding.decoded, request.headers, request.body, limit)
            )
            request.hold((MEMORY_BESIDE + 1) * len(body))
            return await self._infer(route, spec, request, body)

        call = Call(
            request_id,
            spec,
            route.method.capitalize(),
            "REST",
            lambda: self._logged(route, request, body),
        )
        return self._exchange.run(call, infer)


def _response(answer: Answer, request_id: str, compressed: bytes | None) -> Response:
    fields = [
        (b"content-type", answer.content_type),
        (b"x-request-id", request_id.encode("latin-1")),
    ]
    if answer.version is not None:
        fields.append((b"x-model-version", b"%d" % answer.version))
    if answer.logged is not None:
        fields.append((b"x-request-logged", b"true" if answer.logged else b"false"))
    fields += answer.headers
    if compressed is not None:
        fields += [(b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")]
    return Response(answer.status, fields, answer.body if compressed is None else compressed)

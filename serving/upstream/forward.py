"""The REST API of a server that forwards: it chooses the version, mirrors, and logs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from serving import json_text, metrics
from serving.engine import Engine, Target
from serving.errors import Code, ServingError
from serving.hooks import Choice, Entry, Outcome
from serving.http import encoding
from serving.http.messages import Request
from serving.rest import RestApp
from serving.rest_methods import Answer
from serving.rest_paths import route
from serving.routing.state import MIRROR
from serving.settings import Settings
from serving.upstream.client import Client, Reply

_INFERENCE = ("predict", "classify", "regress")
_MOST_MIRRORED = 64
_LARGEST_EXAMINED = 1_000_000
_SECONDS_VERSIONS_ARE_KNOWN = 2.0


class Forwarder(RestApp):
    """The application.

    Args:
        engine: Has the hooks and the metrics; it loads no model.
        settings: Limits and token.
        client: Asks the other server.
    """

    def __init__(self, engine: Engine, settings: Settings, client: Client) -> None:
        super().__init__(engine, settings)
        self._client = client
        self._mirrored: set[asyncio.Task[None]] = set()
        self._latest: dict[str, tuple[float, int | None]] = {}

    async def _answer(self, request: Request, request_id: bytes) -> Answer:
        path = request.path
        if path == "/healthz":
            return Answer(b'{"status":"ok"}')
        if path == "/readyz":
            return await self._upstream_ready()
        self._authorize(request)
        if path == "/monitoring/prometheus/metrics":
            text = self._engine.metrics.text().encode()
            return Answer(text, content_type=metrics.CONTENT_TYPE.encode())
        if path[:4].lower() != "/v1/":
            raise ServingError(Code.NOT_FOUND, f"Not found: {path}")
        if request.method == "POST":
            found = route(request.method, path)
            if found.resource in _INFERENCE:
                body = encoding.decoded(request.headers, request.body, self._settings.body_bytes)
                target = found.with_key(request.headers.get(b"x-routing-key", b""))
                return await self._infer(target, found.method, path, body, request_id)
        query = request.query.decode("latin-1")
        asked = f"{path}?{query}" if query else path
        return _as_answer(await self._client.ask(request.method, asked))

    async def _upstream_ready(self) -> Answer:
        if self.stopping:
            return Answer(b'{"status":"unready","reasons":["The server is stopping."]}', 503)
        try:
            # Any answer will do: which models there are is not known here.
            await self._client.ask("GET", "/v1/models/-")
        except ServingError as error:
            body = json_text.dump_special({"status": "unready", "reasons": [error.message]})
            return Answer(body, 503)
        return Answer(b'{"status":"ready"}')

    async def _infer(
        self, target: Target, method: str, path: str, body: bytes, request_id: bytes
    ) -> Answer:
        choice = self._chosen(target)
        start = time.perf_counter()
        try:
            answer = await self._forward(target, method, path, body, choice)
        except ServingError as error:
            content = json_text.dump_special({"error": error.message})
            answer = Answer(content, error.http_status)
        seconds = time.perf_counter() - start
        counts = self._engine.metrics
        # Names that clients make up must not become labels that stay.
        known = target.model if answer.status == 200 else ""
        counts.requests.add(known, "OK" if answer.status == 200 else str(answer.status))
        counts.latency.observe(seconds * 1e6, known, method.capitalize(), "REST")
        log = self._engine.hooks.request_log
        if log is not None:
            entry = Entry(
                id=request_id.decode("latin-1"), time=time.time() - seconds, model=target.model,
                version=answer.version, label=answer.label, seconds=seconds, request=body,
                response=answer.body, status=answer.status,
            )  # fmt: skip
            answer.logged = await log.submit(entry)
            counts.logged.add(str(answer.logged).lower())
        return answer

    def _chosen(self, target: Target) -> Choice | None:
        router = self._engine.hooks.router
        if router is None or target.version is not None or target.label is not None:
            return None
        return router.choose(target.model, None, None, target.key)

    async def _forward(
        self, target: Target, method: str, path: str, body: bytes, choice: Choice | None
    ) -> Answer:
        if choice is None:
            answer = _as_answer(await self._client.ask("POST", path, body))
            answer.label = target.label
            if answer.status == 200:
                answer.version = await self._version(target)
            return answer
        # The path as the client has sent it, up to the method.
        model_path = path.rpartition(":")[0]
        if choice.mirror_version is not None and len(self._mirrored) < _MOST_MIRRORED:
            task = asyncio.ensure_future(
                self._mirror(target.model, choice.mirror_version, model_path, method, body)
            )
            self._mirrored.add(task)
            task.add_done_callback(self._mirrored.discard)
        reply = await self._ask_version(
            target.model, choice.version, choice.variant, model_path, method, body
        )
        if reply.status == 404:
            # The version is not loaded there; that must not fail a request that named none.
            return _as_answer(await self._client.ask("POST", path, body))
        answer = _as_answer(reply)
        answer.version, answer.label = choice.version, choice.variant
        return answer

    async def _ask_version(
        self, model: str, version: int, variant: str, model_path: str, method: str, body: bytes
    ) -> Reply:
        """Asks one version, and tells the router what came of it."""
        start = time.perf_counter()
        reply, status = None, 503
        try:
            reply = await self._client.ask(
                "POST", f"{model_path}/versions/{version}:{method}", body
            )
            status = reply.status
            return reply
        except ServingError as error:
            status = error.http_status
            raise
        finally:
            seconds = time.perf_counter() - start
            outputs = first_row(reply.body) if reply is not None and status == 200 else {}
            router = self._engine.hooks.router
            if router is not None:
                router.observe(Outcome(model, version, variant, seconds, status, outputs))

    async def _mirror(
        self, model: str, version: int, model_path: str, method: str, body: bytes
    ) -> None:
        with contextlib.suppress(ServingError):  # It is counted, and nobody waits for it.
            await self._ask_version(model, version, MIRROR, model_path, method, body)

    async def _version(self, target: Target) -> int | None:
        """The version that answers a target, as far as the other server tells."""
        if target.version is not None:
            return target.version
        name = target.model if target.label is None else f"{target.model}/labels/{target.label}"
        told, version = self._latest.get(name, (float("-inf"), None))
        if time.monotonic() - told > _SECONDS_VERSIONS_ARE_KNOWN:
            # Noted first: meanwhile other requests go by what was known.
            self._latest[name] = (time.monotonic(), version)
            try:
                reply = await self._client.ask("GET", f"/v1/models/{name}")
                version = _highest(json.loads(reply.body))
            except (ServingError, ValueError):
                return version
            self._latest[name] = (time.monotonic(), version)
        return version


def _as_answer(reply: Reply) -> Answer:
    return Answer(reply.body, reply.status, reply.content_type)


def _highest(status: Mapping[str, Any]) -> int | None:
    states = status.get("model_version_status", ())
    return max((int(s["version"]) for s in states if s.get("state") == "AVAILABLE"), default=None)


def first_row(body: bytes) -> dict[str, np.ndarray]:
    """The outputs of an answer's first row, as a batch of one; empty where there is none."""
    if len(body) > _LARGEST_EXAMINED:
        return {}
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:  # It may have NaN, of which no distribution is kept.
        return {}
    if not isinstance(content, dict):
        return {}
    rows = content.get("predictions") or content.get("results")
    if isinstance(rows, list) and rows:
        first: dict[str, Any] = rows[0] if isinstance(rows[0], dict) else {"outputs": rows[0]}
        columns: dict[str, Any] = {name: [value] for name, value in first.items()}
    else:
        outputs: Any = content.get("outputs")
        columns = outputs if isinstance(outputs, dict) else {"outputs": outputs}
    found = {}
    for name, values in columns.items():
        if isinstance(values, list):
            with contextlib.suppress(TypeError, ValueError):  # Words have no distribution.
                found[name] = np.asarray(values[:1], dtype=np.float64)
    return found

"""The REST API of a server that forwards: it chooses the version, mirrors, and logs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import Any

import numpy as np
import orjson

from serving.core import json_text
from serving.core.errors import ServingError
from serving.core.hooks import Choice, Hooks, Outcome
from serving.core.metrics import Metrics
from serving.core.settings import Settings
from serving.core.target import Target
from serving.http import encoding
from serving.http.messages import Request
from serving.rest.app import Answer, RestApp
from serving.rest.paths import route
from serving.routing.state import MIRROR
from serving.upstream.client import Client, Reply

_INFERENCE = ("predict", "classify", "regress")
_MOST_MIRRORED = 64
_LARGEST_EXAMINED = 1_000_000
_SECONDS_VERSIONS_ARE_KNOWN = 2.0


class Forwarder(RestApp):
    """The application.

    Args:
        hooks: Routing and the request log.
        counts: What is counted.
        settings: Limits and token.
        client: Asks the other server.
    """

    def __init__(self, hooks: Hooks, counts: Metrics, settings: Settings, client: Client) -> None:
        super().__init__(hooks, counts, settings)
        self._client = client
        self._mirrored: set[asyncio.Task[None]] = set()
        self._latest: dict[str, tuple[float, int | None]] = {}

    async def _answer_api(self, request: Request, request_id: bytes) -> Answer:
        if request.method == "POST":
            found = route(request.method, request.path)
            if found.resource in _INFERENCE:
                body = encoding.decoded(request.headers, request.body, self._settings.body_bytes)
                target = found.with_key(request.headers.get(b"x-routing-key", b""))
                return await self._infer(target, found.method, request.path, body, request_id)
        query = request.query.decode("latin-1")
        asked = f"{request.path}?{query}" if query else request.path
        return _as_answer(await self._client.ask(request.method, asked))

    async def _unready(self) -> list[str]:
        try:
            # Any answer will do: which models there are is not known here.
            await self._client.ask("GET", "/v1/models/-")
        except ServingError as error:
            return [error.message]
        return []

    async def _infer(
        self, target: Target, method: str, path: str, body: bytes, request_id: bytes
    ) -> Answer:
        choice = self._chosen(target)
        start = time.perf_counter()
        try:
            answer = await self._forward(target, method, path, body, choice)
        except ServingError as error:
            answer = Answer(json_text.dump_special({"error": error.message}), error.http_status)
        seconds = time.perf_counter() - start
        # Names that clients make up must not become labels that stay.
        known = target.model if answer.status == 200 else ""
        self._counts.requests.add(known, "OK" if answer.status == 200 else str(answer.status))
        self._counts.latency.observe(seconds * 1e6, known, method.capitalize(), "REST")
        return await self._note(answer, target, request_id, body, seconds)

    def _chosen(self, target: Target) -> Choice | None:
        router = self._hooks.router
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
            router = self._hooks.router
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
                version = _highest(reply.body)
            except ServingError:
                return version
            self._latest[name] = (time.monotonic(), version)
        return version


def _as_answer(reply: Reply) -> Answer:
    return Answer(reply.body, reply.status, reply.content_type)


def _highest(status: bytes) -> int | None:
    """The highest version that a model's status calls available; None if it names none."""
    try:
        states = json.loads(status)["model_version_status"]
        return max(int(state["version"]) for state in states if state["state"] == "AVAILABLE")
    except (KeyError, TypeError, ValueError):  # The answer is another server's.
        return None


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

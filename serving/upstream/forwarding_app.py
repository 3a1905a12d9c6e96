"""The REST API of a server that forwards: it chooses the version, mirrors, and logs."""

from __future__ import annotations

import contextlib
import json
import time
from typing import Any

import numpy as np

from serving.core import json_text
from serving.core.errors import Code, ServingError
from serving.core.exchange import Answer
from serving.core.hooks import Choice, Hooks
from serving.core.metrics import Metrics
from serving.core.model_spec import ModelSpec
from serving.core.settings import Settings
from serving.core.variants import Computed, Variants
from serving.http.messages import Request
from serving.rest.base_app import BaseRestApp
from serving.rest.paths import Route, parse
from serving.upstream.client import Client, Reply

_INFERENCE = ("predict", "classify", "regress")
_MOST_MIRRORED = 64
_LARGEST_EXAMINED = 1_000_000
_SECONDS_VERSIONS_ARE_KNOWN = 2.0


class ForwardingApp(BaseRestApp):
    """The application.

    Args:
        hooks: Routing and the request log.
        counts: What is counted.
        settings: Limits and token.
        client: Asks the other server.
    """

    def __init__(self, hooks: Hooks, counts: Metrics, settings: Settings, client: Client) -> None:
        # Which models the other server has is seen by what it has answered.
        self._models: set[str] = set()
        super().__init__(hooks, counts, settings, self._models.__contains__)
        self._client = client
        self._variants = Variants(hooks.router, _MOST_MIRRORED)
        self._latest: dict[str, tuple[float, int | None]] = {}

    async def _answer_api(self, request: Request, request_id: str) -> Answer:
        if request.method == "POST":
            route = parse(request.method, request.path)
            if route.resource in _INFERENCE:
                return await self._answer_inference(route, request, request_id)
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

    async def _infer(self, route: Route, spec: ModelSpec, request: Request, body: bytes) -> Answer:
        if b"csv" in request.headers.get(b"content-type", b"").lower():
            raise ServingError(
                Code.INVALID_ARGUMENT, "text/csv is not forwarded: send JSON", http_status=415
            )
        path = request.path
        choice = self._variants.choose(spec)
        answer = await (
            self._ask(spec, path, body)
            if choice is None
            else self._ask_chosen(choice, spec, path, body)
        )
        if answer.status == 200:
            self._models.add(spec.name)
        return answer

    async def _ask(self, spec: ModelSpec, path: str, body: bytes) -> Answer:
        """Leaves the choice of the version to the other server."""
        answer = _as_answer(await self._client.ask("POST", path, body))
        answer.label = spec.label
        if answer.status == 200:
            answer.version = await self._version(spec)
        return answer

    async def _ask_chosen(self, choice: Choice, spec: ModelSpec, path: str, body: bytes) -> Answer:
        # The path as the client has sent it, up to the method.
        model_path, _, method = path.rpartition(":")

        async def compute(version: int) -> Computed[Reply]:
            reply = await self._client.ask(
                "POST", f"{model_path}/versions/{version}:{method}", body
            )
            outputs = first_row(reply.body) if reply.status == 200 else {}
            return Computed(reply, outputs, reply.status)

        reply = await self._variants.run(spec.name, choice, compute, spec.routing_key)
        if reply.status == 404:
            # The version is not loaded there; that must not fail a request that named none.
            return _as_answer(await self._client.ask("POST", path, body))
        answer = _as_answer(reply)
        answer.version, answer.label = choice.version, choice.variant
        return answer

    async def _version(self, spec: ModelSpec) -> int | None:
        """The version that answers, as far as the other server tells."""
        if spec.version is not None:
            return spec.version
        name = spec.name if spec.label is None else f"{spec.name}/labels/{spec.label}"
        since, version = self._latest.get(name, (float("-inf"), None))
        if time.monotonic() - since > _SECONDS_VERSIONS_ARE_KNOWN:
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
        content = json_text.loads(body)
    except ServingError:
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

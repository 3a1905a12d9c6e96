"""TensorFlow Serving's REST API for the models that this server runs, and a page beside it."""

from __future__ import annotations

import time

from serving.core import json_text
from serving.core.errors import ServingError
from serving.core.settings import Settings
from serving.engine import model_info
from serving.engine.engine import Engine
from serving.http import encoding
from serving.http.messages import Request
from serving.rest import pages
from serving.rest.app import Answer, RestApp, error_answer
from serving.rest.methods import METHODS, form_request
from serving.rest.paths import Route, route


class ModelApp(RestApp):
    """The application.

    Args:
        engine: Runs the requests.
        settings: Limits and token.
    """

    def __init__(self, engine: Engine, settings: Settings) -> None:
        super().__init__(engine.hooks, engine.metrics, settings)
        self._engine = engine

    async def _answer_api(self, request: Request, request_id: bytes) -> Answer:
        found = route(request.method, request.path)
        if found.resource in METHODS:
            return await self._predict(found, request, request_id)
        return self._info(found)

    async def _unready(self) -> list[str]:
        return self._engine.versions.unready()

    def _page(self, path: str) -> Answer | None:
        if path == "/models":
            return Answer(json_text.dump_special(model_info.overview(self._engine.versions)))
        return pages.FILES.get(path)

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
        code = "OK"
        try:
            if found.resource == "form":
                body = form_request(request.query, self._engine.find(target))
            answer = await METHODS[found.method](self._engine, target, body)
        except ServingError as error:
            answer, code = error_answer(error), error.code.name
        seconds = time.perf_counter() - start
        # Names that clients make up must not become labels that stay.
        known = target.model if target.model in self._engine.versions.statuses else ""
        self._counts.requests.add(known, code)
        self._counts.latency.observe(seconds * 1e6, known, found.method.capitalize(), "REST")
        return await self._note(answer, target, request_id, body, seconds)

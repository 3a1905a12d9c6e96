"""TensorFlow Serving's REST API for the models that this server runs, and a page beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable

from serving.core import json_text
from serving.core.errors import ServingError
from serving.core.exchange import Answer
from serving.core.hooks import ALONE, Peers
from serving.core.model_spec import ModelSpec
from serving.core.settings import Settings
from serving.engine import model_info
from serving.engine.engine import Engine
from serving.http.messages import Request
from serving.rest import csv_bodies, open_inference
from serving.rest.base_app import BaseRestApp
from serving.rest.methods import METHODS, form_request
from serving.rest.paths import Route, parse, parse_open_inference


class InferenceApp(BaseRestApp):
    """The application.

    Args:
        engine: Runs the requests.
        settings: Limits and token.
        peers: Other processes that serve the same.
    """

    has_page = True

    def __init__(self, engine: Engine, settings: Settings, peers: Peers = ALONE) -> None:
        super().__init__(engine.hooks, engine.metrics, settings, engine.versions.is_model)
        self._engine = engine
        self._peers = peers

    async def _answer_api(self, request: Request, request_id: str) -> Answer:
        route = parse(request.method, request.path)
        if route.resource in METHODS:
            return await self._answer_inference(route, request, request_id)
        return self._info(route)

    async def _unready(self) -> list[str]:
        return self._engine.versions.unready()

    async def _metrics(self) -> str:
        return await self._peers.metrics(self._engine.metrics)

    def _page(self, path: str) -> Answer | None:
        if path == "/models":
            return Answer(json_text.dump_special(model_info.overview(self._engine.versions)))
        return None

    async def _answer_open_inference(self, request: Request, request_id: str) -> Answer:
        route = parse_open_inference(request.method, request.path)
        if route.resource == "infer":
            return await self._answer_inference(route, request, request_id)
        return open_inference.info(self._engine, route)

    def _info(self, route: Route) -> Answer:
        versions, spec = self._engine.versions, route.spec
        if route.resource == "metadata":
            version = self._engine.find(spec)
            return Answer(json_text.dump_special(model_info.metadata_json(version)))
        number = self._engine.find(spec).number if spec.label else spec.version
        states = model_info.statuses(versions, spec.name, number)
        return Answer(json_text.dump_special(model_info.status_json(versions, states)))

    def _body(self, route: Route, spec: ModelSpec, request: Request) -> bytes | None:
        if route.resource == "form":
            return form_request(request.query, self._engine.find(spec))
        return super()._body(route, spec, request)

    def _logged(self, route: Route, request: Request, body: bytes) -> bytes:
        if route.resource == "infer":
            with contextlib.suppress(ServingError):
                body = body[: open_inference.json_bytes(request)]
        elif csv_bodies.is_sent(request.headers):
            body = csv_bodies.logged(body)
        return body

    def _infer(
        self, route: Route, spec: ModelSpec, request: Request, body: bytes
    ) -> Awaitable[Answer]:
        if route.resource == "infer":
            return open_inference.infer(self._engine, spec, request, body)
        if route.resource == "form":
            # The values were read for this version; a canary may want others.
            spec = ModelSpec(spec.name, self._engine.find(spec).number)
        sent = csv_bodies.is_sent(request.headers)
        if route.resource == "predict" and (sent or csv_bodies.is_wanted(request.headers)):
            return csv_bodies.predict(self._engine, spec, request, body)
        if sent:
            csv_bodies.refuse(route.method)
        return METHODS[route.method](self._engine, spec, body)

"""What the page Monitoring asks the server."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dashboard.records import redaction
from dashboard.records.index import RunIndex
from dashboard.records.monitoring.index import MonitoringIndex
from dashboard.web.answers import Answer, as_json, count, threaded


class MonitoringApi:
    """The handlers of requests about what is served."""

    def __init__(self, index: RunIndex, monitoring: MonitoringIndex):
        self._index = index
        self._monitoring = monitoring
        # Served values may turn up in looks, and commands in the history.
        self._hide = redaction.redactor()

    def routes(self) -> list[Route]:
        """Where each handler is reached."""
        reading: dict[str, Answer] = {
            "/api/monitoring": self.models,
            "/api/monitoring/{model}/{version}": self.version,
            "/api/monitoring/{model}/{version}/looks/{file}": self.look,
        }
        return [Route(path, threaded(answer)) for path, answer in reading.items()]

    def models(self, request: Request) -> Response:
        """Every served model with its versions and the last look at each."""
        found = self._monitoring.models()
        for model in found["models"]:
            for version in model["versions"]:
                version["run_listed"] = self._is_listed(version["run"])
        return self._json(request, found)

    def version(self, request: Request) -> Response:
        """A part of the looks at a version, newest first: `offset`, `limit`."""
        asked = request.query_params
        found = self._monitoring.version(
            request.path_params["model"],
            request.path_params["version"],
            count(asked.get("offset"), 0),
            count(asked.get("limit"), 100),
        )
        return self._json(request, {**found, "run_listed": self._is_listed(found["run"])})

    def look(self, request: Request) -> Response:
        """A look as it was recorded."""
        names = request.path_params
        look = self._monitoring.look(names["model"], names["version"], names["file"])
        return self._json(request, look)

    def _is_listed(self, run: str) -> bool:
        return bool(run) and self._index.lists(run)

    def _json(self, request: Request, content: Any) -> Response:
        return as_json(request, self._hide.tree(content))

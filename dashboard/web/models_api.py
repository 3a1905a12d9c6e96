"""What the page Models asks about what serves now."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dashboard.records import redaction
from dashboard.records.index import RunIndex
from dashboard.records.monitoring.index import MonitoringIndex
from dashboard.records.serving import served
from dashboard.web.answers import Answer, as_json, threaded


class ModelsApi:
    """The handler of requests about served versions."""

    def __init__(self, index: RunIndex, monitoring: MonitoringIndex):
        self._index = index
        self._monitoring = monitoring
        # Served values may turn up in the reasons of a promotion.
        self._hide = redaction.redactor()

    def routes(self) -> list[Route]:
        """Where each handler is reached."""
        reading: dict[str, Answer] = {"/api/serving": self.serving}
        return [Route(path, threaded(answer)) for path, answer in reading.items()]

    def serving(self, request: Request) -> Response:
        """What serves now of each model, with the last look at each of its versions."""
        looked = self._monitoring.models()
        watched = {model["name"]: model["versions"] for model in looked["models"]}
        there = {
            name: [one["version"] for one in versions if one["served"]]
            for name, versions in watched.items()
        }
        found, problems = served.read(self._monitoring.serving, there)
        models = [
            {
                "name": name,
                "served": one.as_json(),
                "versions": [
                    {**version, "run_listed": self._is_listed(version["run"])}
                    for version in watched.get(name, [])
                ],
            }
            for name, one in found.items()
        ]
        answer = {
            "models": models,
            "problems": problems,
            "complete": looked["complete"],
            "folder": str(self._monitoring.serving),
        }
        return as_json(request, self._hide.tree(answer))

    def _is_listed(self, run: str) -> bool:
        return self._index.lists(run)

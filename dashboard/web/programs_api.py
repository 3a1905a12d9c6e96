"""What programs ask: records as `python -m pipeline runs --json` prints them, and OpenAPI."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dashboard.errors import DashboardError
from dashboard.records import redaction
from dashboard.records.index import RunIndex
from dashboard.records.json_files import UnreadableError, read_object
from dashboard.records.runs import RECORD, Run
from dashboard.web.answers import Answer, as_json, optional_count, threaded
from dashboard.web.openapi import document

MAX_RECORDS = 500
_BY_DEFAULT = 20


class ProgramsApi:
    """The handlers of requests that no page sends."""

    def __init__(self, index: RunIndex):
        self._index = index
        self._hide = redaction.redactor()

    def routes(self) -> list[Route]:
        """Where each handler is reached."""
        reading: dict[str, Answer] = {
            "/api/records": self.records,
            "/api/openapi.json": self.openapi,
        }
        return [Route(path, threaded(answer)) for path, answer in reading.items()]

    def records(self, request: Request) -> Response:
        """The latest runs' records: `model`, `limit`, `archived`."""
        asked = request.query_params
        limit = optional_count(asked.get("limit", str(_BY_DEFAULT)))
        if limit is None or not 0 < limit <= MAX_RECORDS:
            raise DashboardError(
                "This is no limit",
                f"Received {asked.get('limit')!r:.40}. Expected a number from 1 to {MAX_RECORDS}.",
            )
        model = asked.get("model")
        listed = (
            run
            for run in self._index.snapshot().runs
            if (run.archived <= (asked.get("archived") == "1"))
            and (model is None or run.model == model or run.status == "unreadable")
        )
        chosen = [self._record(run) for run, _ in zip(listed, range(limit), strict=False)]
        return as_json(request, self._hide.tree(chosen))

    def openapi(self, request: Request) -> Response:
        """This API in OpenAPI's words."""
        return as_json(request, document())

    def _record(self, run: Run) -> dict[str, Any]:
        """The content of run.json with the status as it is now."""
        if run.status != "unreadable":
            try:
                content = read_object(self._index.folder_of(run.id) / RECORD)
                return {**content, "status": run.status}
            except (FileNotFoundError, UnreadableError) as error:
                return {"id": run.id, "status": "unreadable", "error": str(error)}
        return {"id": run.id, "status": "unreadable", "error": run.problem}

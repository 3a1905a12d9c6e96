"""What the page Compare asks the server: which runs belong beside a run, and how data differs."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dashboard.errors import DashboardError
from dashboard.query import data_change
from dashboard.records import redaction
from dashboard.records.index import RunIndex
from dashboard.records.json_files import UnreadableError, read_object
from dashboard.records.monitoring.index import MonitoringIndex
from dashboard.records.runs import Run
from dashboard.records.serving import served
from dashboard.web.answers import Answer, as_json, threaded

DETAILS = "details.json"


class CompareApi:
    """The handlers of requests about one run beside another."""

    def __init__(self, index: RunIndex, monitoring: MonitoringIndex):
        self._index = index
        self._monitoring = monitoring
        self._hide = redaction.redactor()

    def routes(self) -> list[Route]:
        """Where each handler is reached."""
        reading: dict[str, Answer] = {
            "/api/compare/data": self.data,
            "/api/runs/{run}/beside": self.beside,
        }
        return [Route(path, threaded(answer)) for path, answer in reading.items()]

    def data(self, request: Request) -> Response:
        """How the training data of the run `right` differs from that of `left`."""
        left, right = (
            self._details(request.query_params.get(side, "")) for side in ("left", "right")
        )
        described = [bool(details.get("features")) for details in (left, right)]
        found = data_change.changes(left, right) if all(described) else []
        answer = {"described": described, "features": [one.as_json() for one in found]}
        return as_json(request, self._hide.tree(answer))

    def beside(self, request: Request) -> Response:
        """The runs that a run is looked at beside: the `previous` one, and `production`'s."""
        row, _ = self._index.found(request.path_params["run"])
        earlier = _earlier(row, self._index.snapshot().runs)
        answer = {
            "previous": _previous(row, earlier),
            "production": self._production(row, earlier),
        }
        return as_json(request, answer)

    def _production(self, row: Run, earlier: list[Run]) -> str | None:
        """The run that made what serves now; else the latest earlier run that pushed a version.

        None where that is the run itself.
        """
        served_as = next((_served_as(run) for run in (row, *earlier) if run.pushed_to), row.model)
        there = self._monitoring.versions_of(served_as)
        stable = served.stable_version(self._monitoring.serving, served_as, there)
        run = self._monitoring.run_of(served_as, stable) if stable is not None else ""
        if run and self._index.lists(run):
            return run if run != row.id else None
        return next((run.id for run in earlier if run.pushed_version is not None), None)

    def _details(self, name: str) -> dict[str, Any]:
        _, folder = self._index.found(name)
        try:
            return read_object(folder / DETAILS)
        except FileNotFoundError:
            return {}
        except UnreadableError as error:
            raise DashboardError(f"The details of {name} cannot be read", str(error)) from error


def _served_as(run: Run) -> str:
    """The serving folder calls a model as its config does, which may be otherwise than the run."""
    name = run.pushed_to.rstrip("/").split("/")[-2:][0]
    return run.model if name in ("", ".", "..") else name


def _earlier(row: Run, runs: tuple[Run, ...]) -> list[Run]:
    """The runs of the same model before it, newest first; a snapshot is in that order."""
    same = [run for run in runs if run.model == row.model and run.status != "unreadable"]
    ids = [run.id for run in same]
    return same[ids.index(row.id) + 1 :] if row.id in ids else []


def _previous(row: Run, earlier: list[Run]) -> str | None:
    """The run before; of a run that was judged the last one that was, as others saw less."""
    if row.blessed is not None:
        judged = next((run.id for run in earlier if run.blessed is not None), None)
        if judged is not None:
            return judged
    return earlier[0].id if earlier else None

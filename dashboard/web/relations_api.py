"""What the page Relations asks the server."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dashboard.errors import DashboardError
from dashboard.query import relations
from dashboard.query.importance import Importances, importances
from dashboard.query.listing import Listing, Query
from dashboard.query.relations import Table
from dashboard.records import redaction
from dashboard.records.index import RunIndex
from dashboard.records.json_files import UnreadableError, read_object
from dashboard.web.answers import Answer, as_json, threaded

DETAILS = "details.json"
_KEPT = 32
"""Importances of so many tables are kept: they take a second or two to compute."""


class RelationsApi:
    """The handlers of requests about how hyperparameters and outcomes are related.

    Each is asked with `run`, for the trials of its search, or with `text` and `where`, for runs.
    """

    def __init__(self, index: RunIndex):
        self._index = index
        self._listing = Listing()
        self._hide = redaction.redactor()
        self._computing = threading.Lock()
        self._computed: OrderedDict[int, Importances] = OrderedDict()

    def routes(self) -> list[Route]:
        """Where each handler is reached."""
        reading: dict[str, Answer] = {
            "/api/relations": self.table,
            "/api/relations.csv": self.csv,
            "/api/relations/importance": self.importance,
        }
        return [Route(path, threaded(answer)) for path, answer in reading.items()]

    def table(self, request: Request) -> Response:
        """The rows with their values."""
        snapshot = self._index.snapshot()
        answer = {**self._table(request).as_json(), "complete": snapshot.complete}
        return as_json(request, self._hide.tree(answer))

    def csv(self, request: Request) -> Response:
        """The same as a file."""
        name = request.query_params.get("run") or "runs"
        kept = "".join(c for c in name if c.isascii() and (c.isalnum() or c in "-_."))
        headers = {"Content-Disposition": f'attachment; filename="{kept or "runs"}.csv"'}
        text = self._hide.text(self._table(request).as_csv())
        content = text.encode("utf-8", errors="replace")
        return Response(content, media_type="text/csv; charset=utf-8", headers=headers)

    def importance(self, request: Request) -> Response:
        """How much of the outcome `of` each hyperparameter accounts for."""
        table = self._table(request)
        key = request.query_params.get("of", "")
        outcome = table.values(key)
        if outcome is None:
            known = ", ".join(column.key for column in table.columns if column.numeric)
            raise DashboardError(
                f"No row has an outcome {key!r:.100}", f"There is: {known or 'nothing'}."
            )
        inputs = {
            column.key: table.values(column.key) or []
            for column in table.columns
            if column.role == "input" and column.key != key
        }
        identity = hash((key, tuple(inputs), table.rows))
        with self._computing:  # One at a time: each uses a core, and pages ask for the same.
            found = self._computed.get(identity)
            if found is None:
                found = importances(inputs, outcome)
                self._computed[identity] = found
                while len(self._computed) > _KEPT:
                    self._computed.popitem(last=False)
        return as_json(request, found.as_json())

    def _table(self, request: Request) -> Table:
        asked = request.query_params
        if run := asked.get("run"):
            return relations.of_trials(self._trials(run))
        query = Query(text=asked.get("text", ""), where=asked.get("where", ""))
        runs = self._listing.selected(self._index.snapshot(), query)
        return relations.of_runs(runs, time.time())

    def _trials(self, name: str) -> list[object]:
        _, folder = self._index.found(name)
        try:
            found = read_object(folder / DETAILS).get("trials")
        except FileNotFoundError:
            return []
        except UnreadableError as error:
            raise DashboardError(f"The trials of {name} cannot be read", str(error)) from error
        return found if isinstance(found, list) else []

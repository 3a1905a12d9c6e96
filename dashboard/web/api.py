"""What the pages ask the server: JSON about runs, and the files of run folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from dashboard.errors import DashboardError
from dashboard.query.listing import Listing, Query
from dashboard.records import (
    code_diff,
    neptune,
    notes,
    paths,
    redaction,
    text_window,
    versions,
    views,
)
from dashboard.records.index import RunIndex
from dashboard.records.json_files import UnreadableError, read_object
from dashboard.records.monitoring.index import MonitoringIndex
from dashboard.records.runs import RECORD
from dashboard.web.answers import Answer, as_json, count, encoded, optional_count, threaded
from dashboard.web.security import FILE_POLICY

DETAILS = "details.json"
MACHINE = "machine.json"
REPORT = "report.html"
LOG = "tfx.log"
CODE = "code"
_PICTURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
}
_MAX_CODE = 2**20
_MAX_HIDDEN = 64 * 2**20
"""Bytes up to which a file is looked through for secrets."""


class Api:
    """The handlers of all requests about one folder of runs."""

    def __init__(self, index: RunIndex, monitoring: MonitoringIndex):
        self._index = index
        self._monitoring = monitoring
        self._listing = Listing()
        # Runs of earlier releases, and of other machines, may say more than they should.
        self._hide = redaction.redactor()

    def routes(self) -> list[Route]:
        """Where each handler is reached."""
        reading: dict[str, Answer] = {
            "/api/runs": self.runs,
            "/api/columns": self.columns,
            "/api/views": self.views,
            "/api/models": self.models,
            "/api/diff": self.diff,
            "/api/runs/{run}": self.run,
            "/api/runs/{run}/details": self.details,
            "/api/runs/{run}/machine": self.machine,
            "/api/runs/{run}/files": self.files,
            "/api/runs/{run}/text": self.text,
            "/api/runs/{run}/neptune": self.neptune,
            "/report/{run}": self.report,
            "/files/{run}/{path:path}": self.file,
        }
        routes = [Route(path, threaded(answer)) for path, answer in reading.items()]
        return [
            *routes,
            Route("/api/runs/{run}/notes", self.write_notes, methods=["PUT"]),
            Route("/api/views/{name:path}", self.write_view, methods=["PUT"]),
            Route("/api/views/{name:path}", threaded(self.remove_view), methods=["DELETE"]),
        ]

    def runs(self, request: Request) -> Response:
        """A part of the list: `text`, `where`, `sort`, `archived`, `column`, `offset`, `limit`."""
        asked = request.query_params
        query = Query(
            text=asked.get("text", ""),
            where=asked.get("where", ""),
            sort=asked.get("sort") or "-started",
            archived=asked.get("archived") == "1",
            columns=tuple(asked.getlist("column")),
            offset=count(asked.get("offset"), 0),
            limit=count(asked.get("limit"), 50),
        )
        answer = self._listing.answer(self._index.snapshot(), query)
        sources = self._index.states()
        return self._json(request, {**answer, "folder": sources[0]["address"], "sources": sources})

    def columns(self, request: Request) -> Response:
        """The names of all columns that lists can have, sort and filter by."""
        return self._json(request, self._listing.columns(self._index.snapshot()))

    def models(self, request: Request) -> Response:
        """Every model with its versions."""
        snapshot = self._index.snapshot()
        return as_json(
            request, {"models": versions.models(snapshot), "complete": snapshot.complete}
        )

    def run(self, request: Request) -> Response:
        """A run's row, its whole record, and which files there are beside it."""
        row, folder = self._index.found(request.path_params["run"])
        try:
            record = read_object(folder / RECORD)
        except (FileNotFoundError, UnreadableError):
            record = {}
        has = {name: (folder / name).is_file() for name in (DETAILS, REPORT, LOG)}
        has[neptune.FOLDER] = (folder / neptune.FOLDER).is_dir()
        # The serving folder calls a model as its config does, which may be otherwise than the run.
        served, _, version = row.pushed_to.rstrip("/").rpartition("/")
        model = served.rpartition("/")[2]
        known = self._monitoring.knows(model, version)
        watched = {"model": model, "version": version} if known else None
        answer = {"run": row.as_json(), "record": record, "has": has, "monitoring": watched}
        return self._json(request, answer)

    def details(self, request: Request) -> Response:
        """Curves, trials, features and plots; empty while there are none."""
        return self._file_as_json(request, DETAILS, "details")

    def machine(self, request: Request) -> Response:
        """What the run took of its machine; empty where nobody has looked."""
        return self._file_as_json(request, MACHINE, "machine")

    def _file_as_json(self, request: Request, name: str, key: str) -> Response:
        """A file of the run's folder, or the problem with it."""
        _, folder = self._index.found(request.path_params["run"])
        try:
            return self._json(request, {key: read_object(folder / name), "problem": ""})
        except FileNotFoundError:
            return as_json(request, {key: {}, "problem": ""})
        except UnreadableError as error:
            return as_json(request, {key: {}, "problem": str(error)})

    def files(self, request: Request) -> Response:
        """The run folder's files."""
        _, folder = self._index.found(request.path_params["run"])
        return as_json(request, paths.listing(folder))

    def text(self, request: Request) -> Response:
        """A part of a text file: `path`, and `from` or `before` in bytes, or its end."""
        _, folder = self._index.found(request.path_params["run"])
        path = paths.inside(folder, request.query_params.get("path", LOG))
        start = optional_count(request.query_params.get("from"))
        before = optional_count(request.query_params.get("before"))
        return self._json(request, text_window.window(path, start=start, before=before))

    def neptune(self, request: Request) -> Response:
        """Every field and series of the run's Neptune record."""
        _, folder = self._index.found(request.path_params["run"])
        return self._json(request, neptune.read(folder))

    def diff(self, request: Request) -> Response:
        """How a file of the code differs between two runs: `left`, `right`, `path`."""
        path = request.query_params.get("path", "")
        left, right = (self._code(request.query_params.get(s, ""), path) for s in ("left", "right"))
        try:
            return self._json(request, {"hunks": code_diff.hunks(left or "", right or "")})
        except ValueError as error:
            raise DashboardError(f"{path} is too long", str(error)) from error

    def report(self, request: Request) -> Response:
        """The run's report, in a sandbox."""
        _, folder = self._index.found(request.path_params["run"])
        path = paths.inside(folder, REPORT)
        return self._file(path, "text/html; charset=utf-8", None)

    def file(self, request: Request) -> Response:
        """A file of the run folder, to be saved."""
        _, folder = self._index.found(request.path_params["run"])
        path = paths.inside(folder, request.path_params["path"])
        return self._file(path, _picture(path) or "application/octet-stream", path.name)

    def views(self, request: Request) -> Response:
        """The saved views of the list."""
        return self._json(request, {"views": views.read(self._index.own_folder)})

    def remove_view(self, request: Request) -> Response:
        """Removes a saved view; one that is not there is removed already."""
        views.remove(self._index.own_folder, request.path_params["name"])
        return Response(status_code=204)

    async def write_view(self, request: Request) -> Response:
        """Saves what a list shows, the query of its address, under a name."""
        content = await _sent(request, views.MAX_BYTES, "The view is too long")
        name = request.path_params["name"]
        await run_in_threadpool(views.write, self._index.own_folder, name, content)
        return Response(status_code=204)

    async def write_notes(self, request: Request) -> Response:
        """Takes a run's tags and note, and whether it is archived."""
        content = await _sent(request, notes.MAX_BYTES, "The notes are too long")
        return await run_in_threadpool(self._keep_notes, request.path_params["run"], content)

    def _keep_notes(self, name: str, content: Any) -> Response:
        _, folder = self._index.found(name)
        written = notes.parse(content, archived=notes.read(folder).archived)
        notes.write(folder, written)
        self._index.publish_notes(name)
        return Response(encoded(written.as_json()), media_type="application/json")

    def _json(self, request: Request, content: Any) -> Response:
        return as_json(request, self._hide.tree(content))

    def _file(self, path: Path, media_type: str, filename: str | None) -> Response:
        """A file; one of text comes without secrets, if it has any."""
        headers = {"Content-Security-Policy": FILE_POLICY}
        whole = FileResponse(path, media_type=media_type, headers=headers, filename=filename)
        if path.stat().st_size > _MAX_HIDDEN:
            return whole
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return whole
        hidden = self._hide.text(text)
        if hidden == text:
            return whole
        if filename:
            headers["Content-Disposition"] = whole.headers["content-disposition"]
        return Response(hidden, media_type=media_type, headers=headers)

    def _code(self, run: str, path: str) -> str | None:
        """A file of the code that a run used; None if that run did not have it."""
        _, folder = self._index.found(run)
        try:
            file = paths.inside(folder, f"{CODE}/{path}")
        except DashboardError:
            return None
        if file.stat().st_size > _MAX_CODE:
            raise DashboardError(f"{path} is too long", "More than 1 MB is not compared.")
        return file.read_text(encoding="utf-8", errors="replace")


async def _sent(request: Request, most: int, too_long: str) -> Any:
    """The JSON that a request has sent.

    Raises:
        DashboardError: It is no JSON, or has more bytes than `most`.
    """
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise DashboardError("What is written comes as application/json", status=415)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise DashboardError(too_long, f"At most {most:,} bytes.", status=413)
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise DashboardError("The request is not JSON", str(error)) from error


def _picture(path: Path) -> str | None:
    """The media type of a picture that a page may show, by how the file begins."""
    with path.open("rb") as file:
        head = file.read(12)
    for start, media_type in _PICTURES.items():
        if head.startswith(start):
            return media_type
    return "image/webp" if head[:4] == b"RIFF" and head[8:] == b"WEBP" else None

"""The web application: pages, their files, and the API."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from dashboard.errors import DashboardError
from dashboard.records.index import RunIndex
from dashboard.records.monitoring.index import MonitoringIndex
from dashboard.web.api import Api
from dashboard.web.compare_api import CompareApi
from dashboard.web.models_api import ModelsApi
from dashboard.web.monitoring_api import MonitoringApi
from dashboard.web.programs_api import ProgramsApi
from dashboard.web.relations_api import RelationsApi
from dashboard.web.security import Guard, refused

STATIC = Path(__file__).resolve().parent.parent / "static"
PAGES = (
    *("/", "/relations", "/compare", "/models", "/runs", "/runs/{run}"),
    *("/monitoring", "/monitoring/{model}/{version}"),
)
NOWHERE = Path("/dev/null")


def create(
    index: RunIndex, host: str = "127.0.0.1", serving: Path = NOWHERE, url: str = ""
) -> Starlette:
    """The application that shows an index's runs, for a server bound to `host`.

    Args:
        index: The runs.
        host: The address that the server is bound to.
        serving: The serving folder, whose monitoring is shown; by default there is none.
        url: The address at which a proxy with a login makes it known; empty: there is none.
    """
    monitoring = MonitoringIndex(serving)
    return Starlette(
        routes=[
            *(Route(path, _page) for path in PAGES),
            *Api(index, monitoring).routes(),
            *MonitoringApi(index, monitoring).routes(),
            *CompareApi(index, monitoring).routes(),
            *ModelsApi(index, monitoring).routes(),
            *RelationsApi(index).routes(),
            *ProgramsApi(index).routes(),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Guard, host=host, url=url)],
        exception_handlers={DashboardError: _told, HTTPException: _http_error},
    )


async def _page(_: Request) -> Response:
    return FileResponse(STATIC / "index.html")


def _is_of_page(request: Request) -> bool:
    """Whether a person typed an address, who is told better by a page than by JSON."""
    files = request.url.path.startswith(("/api/", "/files/", "/report/", "/static/"))
    return not files and "text/html" in request.headers.get("accept", "")


async def _told(_: Request, error: Exception) -> Response:
    assert isinstance(error, DashboardError)
    return refused(error)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404 and _is_of_page(request):
        return FileResponse(STATIC / "index.html", status_code=404)
    headline = f"There is nothing at {request.url.path!r:.100}"
    if error.status_code != 404:
        headline = f"This cannot be answered: {error.detail}"
    return refused(DashboardError(headline, status=error.status_code))

"""The application: pages, their files, and errors in words."""

from __future__ import annotations

import json
import re

import pytest
from starlette.testclient import TestClient

from dashboard.records.outcomes import STATUSES
from dashboard.web import app

PAGES = [
    "/",
    "/relations",
    "/compare",
    "/models",
    "/runs/taxi-1",
    "/runs/a%2Fb?tab=x",
    "/monitoring",
]
PAGES += ["/monitoring/taxi/17"]


@pytest.mark.parametrize("path", PAGES)
def test_each_page_is_the_one_document(path: str, client: TestClient) -> None:
    answer = client.get(path)
    if path == "/runs/a%2Fb?tab=x":
        assert answer.status_code == 404
        return
    assert answer.status_code == 200 and answer.text == (app.STATIC / "index.html").read_text()


def test_every_file_that_a_page_imports_is_there(client: TestClient) -> None:
    paths = re.findall(r'(?:src|href)="(/static/[^"]+)"', client.get("/").text)
    seen = set()
    while paths:
        path = paths.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = client.get(path)
        assert answer.status_code == 200, path
        if path.endswith(".js") and "/vendor/" not in path:
            assert "javascript" in answer.headers["content-type"]
            for name in re.findall(r'from "(\.[^"]+)"', answer.text):
                paths.append(str(client.base_url.join(path).join(name).path))
    js = {f"/static/{file.relative_to(app.STATIC)}" for file in (app.STATIC / "js").rglob("*.js")}
    assert js <= seen, "no page imports these"


def test_pages_get_the_words_of_the_outcomes(client: TestClient) -> None:
    answer = client.get("/static/outcomes.json")
    assert answer.headers["content-type"] == "application/json"
    assert tuple(json.loads(answer.text)) == STATUSES


@pytest.mark.parametrize(
    ("method", "path", "status", "headline"),
    [
        ("GET", "/nothing", 404, "There is nothing at '/nothing'"),
        ("GET", "/static/../app.py", 404, "There is nothing at '/app.py'"),
        ("GET", "/static/js", 404, "There is nothing at '/static/js'"),
        ("GET", "/api/runs/absent", 404, "There is no run 'absent'"),
        ("DELETE", "/", 405, "This cannot be answered: Method Not Allowed"),
    ],
)
def test_an_error_is_told_in_words(
    method: str, path: str, status: int, headline: str, client: TestClient
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["error"]["headline"]) == (status, headline)

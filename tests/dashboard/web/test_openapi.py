"""The documented API is the one that there is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboard.records.index import RunIndex
from dashboard.web import app, openapi
from tests.dashboard import sample_runs


def test_every_address_of_the_api_is_documented_and_no_other(runs: Path) -> None:
    routes = [route for route in app.create(RunIndex(runs)).routes if isinstance(route, Route)]
    there = {
        (route.path.replace(":path", ""), method.lower())
        for route in routes
        for method in route.methods or ()
        if route.path.startswith("/api/") and method != "HEAD"
    }
    paths = openapi.document()["paths"]
    assert there == {(path, method) for path, methods in paths.items() for method in methods}


def answers(client: TestClient, run: str) -> dict[str, Any]:
    columns = client.get("/api/relations").json()["columns"]
    outcomes = [one["key"] for one in columns if one["role"] == "outcome" and one["numeric"]]
    asked = {
        "/api/diff": f"?left={run}&right={run}&path=models/taxi/model.py",
        "/api/compare/data": f"?left={run}&right={run}",
        "/api/relations/importance": f"?of={outcomes[0] if outcomes else None}",
        "/api/runs": "?column=config.training.epochs&column=overrides&archived=1",
    }
    return {
        path: client.get(path.replace("{run}", run) + asked.get(path, ""))
        for path in openapi.READ
        if "{model}" not in path and (outcomes or path != "/api/relations/importance")
    }


@pytest.mark.parametrize("status", [*sample_runs.STATUSES, "unreadable"])
def test_answers_are_as_their_schemas_say(
    runs: Path, listed: Callable[..., dict[str, Any]], status: str
) -> None:
    folder = sample_runs.make_run(runs, 0, "failed" if status == "unreadable" else status)
    if status == "unreadable":
        (folder / "run.json").write_text("{")
    index = RunIndex(runs)
    index.scan()
    client = TestClient(app.create(index), base_url="http://localhost:8050")
    document = openapi.document()
    for path, answer in answers(client, folder.name).items():
        assert answer.status_code == 200, (path, answer.text)
        responses = document["paths"][path]["get"]["responses"]
        schema = responses["200"]["content"]["application/json"]["schema"]
        jsonschema.validate(answer.json(), schema, jsonschema.Draft202012Validator)


def test_errors_are_as_their_schema_says(client: TestClient) -> None:
    for path in ("/api/runs/absent", "/api/records?limit=0", "/api/nothing"):
        answer = client.get(path)
        assert 400 <= answer.status_code < 500
        jsonschema.validate(answer.json(), openapi.ERROR, jsonschema.Draft202012Validator)


def test_a_parameter_of_a_path_is_named() -> None:
    for path, methods in openapi.document()["paths"].items():
        for operation in methods.values():
            named = [one["name"] for one in operation["parameters"] if one["in"] == "path"]
            assert [f"{{{name}}}" for name in named] == [p for p in path.split("/") if "{" in p]

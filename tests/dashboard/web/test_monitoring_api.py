"""What the page Monitoring asks."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from dashboard.records.index import RunIndex
from dashboard.web import app
from tests.dashboard import sample_runs
from tests.dashboard.conftest import HOST
from tests.monitoring import sample_looks

VERSION = sample_looks.VERSION


@pytest.fixture
def serving(tmp_path: Path) -> Path:
    folder = tmp_path / "serving_models"
    sample_looks.make_folder(folder, sample_looks.looks(3, alarm_from=3))
    return folder


@pytest.fixture
def watching(runs: Path, serving: Path) -> TestClient:
    return TestClient(app.create(RunIndex(runs), serving=serving), base_url=HOST)


def test_a_version_says_whether_its_run_is_here(runs: Path, watching: TestClient) -> None:
    address = f"/api/monitoring/taxi/{VERSION}"
    assert watching.get(address).json()["run_listed"] is False
    sample_runs.make_run(runs, id=sample_looks.RUN)
    assert watching.get(address).json()["run_listed"] is True
    [model] = watching.get("/api/monitoring").json()["models"]
    assert model["versions"][0]["run_listed"] is True


def test_a_page_and_a_look(watching: TestClient) -> None:
    found = watching.get(f"/api/monitoring/taxi/{VERSION}?offset=1&limit=1").json()
    [look] = found["looks"]
    assert (look["number"], found["total"]) == (2, 3)
    whole = watching.get(f"/api/monitoring/taxi/{VERSION}/looks/{quote(look['file'])}").json()
    assert whole["headline"] == look["headline"]


@pytest.mark.parametrize("path", ["taxi/1", "none/1", f"taxi/{VERSION}/looks/x.json"])
def test_what_is_not_there_is_told(path: str, watching: TestClient) -> None:
    answer = watching.get(f"/api/monitoring/{path}")
    assert answer.status_code == 404 and answer.json()["error"]["headline"]


def test_an_unchanged_version_is_not_sent_again(watching: TestClient) -> None:
    first = watching.get(f"/api/monitoring/taxi/{VERSION}")
    again = {"If-None-Match": first.headers["etag"]}
    assert watching.get(f"/api/monitoring/taxi/{VERSION}", headers=again).status_code == 304


def test_a_run_leads_to_the_monitoring_of_the_version_that_it_pushed(
    runs: Path, watching: TestClient
) -> None:
    pushed = sample_runs.make_run(runs, 0, pushed_to=f"elsewhere/taxi/{VERSION}")
    other = sample_runs.make_run(runs, 1, "not_blessed")
    monitoring = {"model": "taxi", "version": str(VERSION)}
    assert watching.get(f"/api/runs/{pushed.name}").json()["monitoring"] == monitoring
    assert watching.get(f"/api/runs/{other.name}").json()["monitoring"] is None


def test_secrets_in_the_history_are_hidden(serving: Path, watching: TestClient) -> None:
    one = sample_looks.look(3, "alarm")
    event = sample_looks.event(one, "notified", url="https://user:hunter2222@example.com/hook")
    sample_looks.make_folder(serving, [one], [event])
    assert "hunter2222" not in watching.get(f"/api/monitoring/taxi/{VERSION}").text

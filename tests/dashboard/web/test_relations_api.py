"""What the page Relations asks."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from dashboard.query import importance
from dashboard.records.index import RunIndex
from dashboard.web import app
from tests.dashboard import sample_runs
from tests.dashboard.conftest import HOST


@pytest.fixture
def client(runs: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """A dashboard over twelve runs whose AUC is made by the number of units."""
    monkeypatch.setattr(importance, "_SAMPLES", importance._FEWEST_SAMPLES)
    for number in range(12):
        folder = sample_runs.make_run(runs, number, model="taxi")
        record = json.loads((folder / "run.json").read_text())
        record["hyperparameters"]["units"] = 16 * number
        record["metrics"] = [{"metric": "AUC", "slice": "overall", "value": 0.5 + 0.03 * number}]
        (folder / "run.json").write_text(json.dumps(record))
    index = RunIndex(runs)
    index.scan()
    return TestClient(app.create(index), base_url=HOST)


def test_the_runs_that_pass_are_the_rows(client: TestClient) -> None:
    everything = client.get("/api/relations").json()
    assert len(everything["names"]) == 12 and everything["complete"]
    some = client.get("/api/relations", params={"where": "auc > 0.75"}).json()
    assert len(some["names"]) == len(some["rows"]) == 3
    assert client.get("/api/relations", params={"text": "no such"}).json()["rows"] == []


def test_the_csv_has_the_same_rows(client: TestClient) -> None:
    answer = client.get("/api/relations.csv", params={"where": "auc > 0.75"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert 'filename="runs.csv"' in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    names = client.get("/api/relations", params={"where": "auc > 0.75"}).json()["names"]
    assert [row["name"] for row in rows] == names
    assert {float(row["hyperparameters.units"]) for row in rows} == {144, 160, 176}


def test_the_hyperparameter_that_made_the_metric_is_found(client: TestClient) -> None:
    answer = client.get("/api/relations/importance", params={"of": "metrics.AUC"}).json()
    first = answer["found"][0]
    assert (first["key"], first["matters"], answer["rows"]) == ("hyperparameters.units", True, 12)
    again = client.get("/api/relations/importance", params={"of": "metrics.AUC"})
    assert again.json() == answer


def test_the_trials_of_a_run_are_rows_too(runs: Path, client: TestClient) -> None:
    name = next(runs.iterdir()).name
    answer = client.get("/api/relations", params={"run": name}).json()
    assert answer["names"] == [f"trial {number}" for number in range(1, 7)]
    told = client.get("/api/relations/importance", params={"run": name, "of": "score"}).json()
    assert "At least 10" in told["problem"]
    file = client.get("/api/relations.csv", params={"run": name})
    assert f'filename="{name}.csv"' in file.headers["content-disposition"]


@pytest.mark.parametrize(
    ("path", "params", "status", "said"),
    [
        ("/api/relations", {"where": "aucc > 1"}, 400, "Did you mean AUC?"),
        ("/api/relations", {"run": "none"}, 404, "There is no run 'none'"),
        ("/api/relations", {"run": "../x"}, 404, "There is no run"),
        ("/api/relations.csv", {"run": "none\r\nX: y"}, 404, "There is no run"),
        ("/api/relations/importance", {"of": "metrics.AUCC"}, 400, "metrics.AUC"),
        ("/api/relations/importance", {}, 400, "No row has an outcome ''"),
    ],
)
def test_a_mistake_is_told(
    client: TestClient, path: str, params: dict[str, str], status: int, said: str
) -> None:
    answer = client.get(path, params=params)
    assert answer.status_code == status
    assert said in json.dumps(answer.json()["error"])


@pytest.mark.parametrize("content", ["{", "[]", '{"trials": 3}', '{"trials": [1, {}]}'])
def test_damaged_details_are_told_or_passed_over(
    runs: Path, client: TestClient, content: str
) -> None:
    folder = next(runs.iterdir())
    (folder / "details.json").write_text(content)
    answer = client.get("/api/relations", params={"run": folder.name})
    error: dict[str, Any] = answer.json().get("error", {})
    readable = content.startswith('{"')
    assert answer.status_code == (200 if readable else 400)
    assert readable or "cannot be read" in error["headline"]
    (folder / "details.json").unlink()
    assert client.get("/api/relations", params={"run": folder.name}).json()["rows"] == []

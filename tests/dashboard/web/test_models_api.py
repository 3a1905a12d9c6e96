"""What the page Models asks about what serves now."""

from __future__ import annotations

import json
from pathlib import Path

from starlette.testclient import TestClient

from dashboard.records.index import RunIndex
from dashboard.records.serving import served
from dashboard.web import app
from tests.dashboard import sample_runs
from tests.dashboard.conftest import HOST
from tests.monitoring import sample_looks

VERSION = sample_looks.VERSION


def client_of(runs: Path, serving: Path) -> TestClient:
    index = RunIndex(runs)
    index.scan()
    return TestClient(app.create(index, serving=serving), base_url=HOST)


def test_what_serves_with_the_last_look_and_the_run(runs: Path, tmp_path: Path) -> None:
    sample_runs.make_run(runs, model="taxi", id=sample_looks.RUN)
    sample_looks.make_folder(tmp_path, [sample_looks.look(1)])
    label = f'version_labels {{ key: "stable" value: {VERSION} }}'
    config = f'model_config_list {{ config {{ name: "taxi" {label} }} }}'
    (tmp_path / served.CONFIG).write_text(config)
    answer = client_of(runs, tmp_path).get("/api/serving").json()
    [model] = answer["models"]
    assert (model["name"], model["served"]["stable"]) == ("taxi", VERSION)
    [version] = [one for one in model["versions"] if one["version"] == VERSION]
    assert version["last"]["verdict"] and version["run"] == sample_looks.RUN
    assert version["run_listed"] and answer["problems"] == []


def test_no_secret_of_a_reason_is_told(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "taxi" / "3").mkdir(parents=True)
    why = "password=hunter2hunter2"
    event = {"model": "taxi", "action": "promote", "version": 3, "by": "ada", "why": why}
    (tmp_path / served.ROUTING).write_text(json.dumps({"events": [event]}))
    answer = client_of(runs, tmp_path).get("/api/serving").text
    assert "ada" in answer and "hunter2" not in answer


def test_nothing_is_served_without_a_folder(runs: Path, tmp_path: Path) -> None:
    answer = client_of(runs, tmp_path / "none").get("/api/serving").json()
    assert answer["models"] == [] and answer["problems"] == []


def test_a_damaged_file_is_told(runs: Path, tmp_path: Path) -> None:
    (tmp_path / served.CONFIG).write_text("model_config_list {")
    [problem] = client_of(runs, tmp_path).get("/api/serving").json()["problems"]
    assert "models.config" in problem

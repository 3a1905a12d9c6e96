"""Which runs belong beside a run, and how their data differs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from dashboard.records.index import RunIndex
from dashboard.records.serving import served
from dashboard.web import app
from tests.dashboard import sample_runs
from tests.dashboard.conftest import HOST


def client_of(runs: Path, serving: Path | None = None) -> TestClient:
    index = RunIndex(runs)
    index.scan()
    created = app.create(index, serving=serving) if serving else app.create(index)
    return TestClient(created, base_url=HOST)


def serve(serving: Path, version: int, run: str, *, stable: bool = False) -> None:
    folder = serving / "taxi" / str(version)
    folder.mkdir(parents=True)
    (serving / "taxi" / f"{version}.json").write_text(json.dumps({"run": {"id": run}}))
    if stable:
        label = f'version_labels {{ key: "stable" value: {version} }}'
        text = f'model_config_list {{ config {{ name: "taxi" {label} }} }}'
        (serving / served.CONFIG).write_text(text)


@pytest.fixture
def names(runs: Path) -> list[str]:
    """Runs of one model, the oldest first, and one of another model among them."""
    made = ["pushed", "pushed", "failed", "not_blessed"]
    names = [
        sample_runs.make_run(runs, number, status, model="taxi", id=f"taxi-{number}").name
        for number, status in enumerate(made)
    ]
    sample_runs.make_run(runs, 9, "pushed", model="rents", id="rents-9")
    return names


def beside(client: TestClient, name: str) -> tuple[str | None, str | None]:
    answer = client.get(f"/api/runs/{name}/beside").json()
    return answer["previous"], answer["production"]


def test_without_a_serving_folder_the_latest_pushed_one_before_is_production(
    runs: Path, names: list[str]
) -> None:
    client = client_of(runs)
    assert beside(client, names[3]) == (names[1], names[1])
    assert beside(client, names[2]) == (names[1], names[1])
    assert beside(client, names[0]) == (None, None)
    assert beside(client, "rents-9") == (None, None)


def test_production_is_the_run_of_the_stable_version(
    runs: Path, names: list[str], tmp_path: Path
) -> None:
    serving = tmp_path / "serving"
    serve(serving, 5, names[0], stable=True)
    serve(serving, 6, names[1])
    client = client_of(runs, serving)
    assert beside(client, names[3]) == (names[1], names[0])
    assert beside(client, names[0]) == (None, None)


def test_a_version_of_a_run_that_is_gone_is_no_run(
    runs: Path, names: list[str], tmp_path: Path
) -> None:
    serving = tmp_path / "serving"
    serve(serving, 5, "taxi-gone", stable=True)
    assert beside(client_of(runs, serving), names[3]) == (names[1], names[1])


@pytest.mark.parametrize("pushed_to", ["", "/", "..", "a/..", "../../etc/3", "x"])
def test_no_record_leads_out_of_the_serving_folder(
    runs: Path, names: list[str], tmp_path: Path, pushed_to: str
) -> None:
    sample_runs.make_run(runs, 20, model="taxi", id="taxi-odd", pushed_to=pushed_to)
    (tmp_path / "serving").mkdir()
    assert client_of(runs, tmp_path / "serving").get("/api/runs/taxi-odd/beside").is_success


def test_data_is_compared_feature_by_feature(runs: Path, names: list[str]) -> None:
    path = runs / names[1] / "details.json"
    details = json.loads(path.read_text())
    [payment] = [one for one in details["features"] if one["name"] == "payment_type"]
    payment["splits"]["train"]["top"].append({"value": "Crypto", "count": 400})
    payment["splits"]["train"]["unique"] += 1
    path.write_text(json.dumps(details))
    params = {"left": names[0], "right": names[1]}
    answer = client_of(runs).get("/api/compare/data", params=params).json()
    assert answer["described"] == [True, True]
    by_name = {one["name"]: one for one in answer["features"]}
    assert by_name["payment_type"]["said"] == ["new: Crypto"]
    assert by_name["payment_type"]["differs"]
    assert set(by_name) == {"fare", "trip_miles", "payment_type"}


def test_a_run_without_details_is_told(runs: Path, names: list[str]) -> None:
    (runs / names[0] / "details.json").unlink()
    client = client_of(runs)
    params = {"left": names[0], "right": names[1]}
    answer = client.get("/api/compare/data", params=params).json()
    assert answer == {"described": [False, True], "features": []}
    (runs / names[0] / "details.json").write_text("{")
    damaged = client.get("/api/compare/data", params=params)
    assert damaged.status_code == 400 and names[0] in damaged.json()["error"]["headline"]
    assert client.get("/api/compare/data", params={"right": names[1]}).status_code == 404
    assert client.get("/api/runs/none/beside").status_code == 404

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from dashboard.records import notes
from dashboard.records.index import RunIndex
from dashboard.records.versions import models
from tests.dashboard import sample_runs


def test_a_run_is_given_whole(runs: Path, client: TestClient) -> None:
    folder = sample_runs.make_run(runs)
    answer = client.get(f"/api/runs/{folder.name}").json()
    assert answer["record"] == json.loads((folder / "run.json").read_text())
    assert answer["run"]["status"] == "pushed"
    assert set(answer["has"].values()) == {True}
    details = client.get(f"/api/runs/{folder.name}/details").json()
    assert details == {"details": json.loads((folder / "details.json").read_text()), "problem": ""}


def test_a_run_without_other_files(runs: Path, client: TestClient) -> None:
    sample_runs.make_runs(runs, 1)
    [folder] = runs.iterdir()
    assert client.get(f"/api/runs/{folder.name}/details").json()["details"] == {}
    assert client.get(f"/api/runs/{folder.name}/neptune").json()["fields"] == []
    assert client.get(f"/api/runs/{folder.name}/text").status_code == 404
    assert client.get(f"/report/{folder.name}").status_code == 404


def test_an_answer_is_sent_again_only_when_it_changed(runs: Path, client: TestClient) -> None:
    folder = sample_runs.make_run(runs, status="running")
    first = client.get(f"/api/runs/{folder.name}")
    again = {"If-None-Match": first.headers["etag"]}
    assert client.get(f"/api/runs/{folder.name}", headers=again).status_code == 304
    record = json.loads((folder / "run.json").read_text())
    record["nodes"][-1]["status"] = "running"
    (folder / "run.json").write_text(json.dumps(record))
    assert client.get(f"/api/runs/{folder.name}", headers=again).status_code == 200


@pytest.mark.parametrize("name", ["a b", "50%", "ünï", "a#b?c", "<script>alert(1)<"])
def test_odd_names_are_found(name: str, runs: Path, client: TestClient) -> None:
    sample_runs.make_run(runs, id=name)
    address = "".join(f"%{byte:02x}" for byte in name.encode())
    assert client.get(f"/api/runs/{address}").json()["run"]["id"] == name


def test_tags_and_a_note_are_kept(runs: Path, client: TestClient) -> None:
    folder = sample_runs.make_run(runs)
    address = f"/api/runs/{folder.name}"
    sent = {"tags": [" best \n so far", "best so far", "", "<b>"], "note": "Zwölf\nLagen \ud83d"}
    kept = {"tags": ["best so far", "<b>"], "note": sent["note"]}
    headers = {"Content-Type": "application/json"}
    answer = client.put(f"{address}/notes", content=json.dumps(sent), headers=headers)
    assert answer.json() == kept
    assert json.loads((folder / notes.FILE).read_text()) == kept
    row = client.get(address).json()["run"]
    assert {"tags": row["tags"], "note": row["note"]} == kept
    assert [path.name for path in folder.glob(".*")] == [".neptune"]


def test_a_folder_that_cannot_be_written_is_told(runs: Path, client: TestClient) -> None:
    folder = sample_runs.make_run(runs)
    (folder / notes.FILE).mkdir()
    answer = client.put(f"/api/runs/{folder.name}/notes", json={"tags": [], "note": ""})
    assert answer.status_code == 500
    assert answer.json()["error"]["headline"] == "The notes cannot be written"
    assert [path.name for path in folder.glob(".*")] == [".neptune"]


def test_code_is_compared(runs: Path, client: TestClient) -> None:
    one, other = (sample_runs.make_run(runs, number, model="taxi") for number in (1, 2))
    both = {"left": one.name, "right": other.name}
    path = next(path for path in sample_runs.record(1, "pushed")["code"]["files"])
    (one / "code/gone.py").write_text("a\n")
    for folder in (one, other):
        (folder / "code/models/m").mkdir(parents=True, exist_ok=True)
        (folder / "code/models/m/model.py").write_text(
            f"same\nrate = {0.1 if folder == one else 0.2}\nsame\n"
        )
    [hunk] = client.get("/api/diff", params={**both, "path": "models/m/model.py"}).json()["hunks"]
    assert [(line["kind"], line["text"]) for line in hunk] == [
        ("same", "same"),
        ("removed", "rate = 0.1"),
        ("added", "rate = 0.2"),
        ("same", "same"),
    ]
    [[line]] = client.get("/api/diff", params={**both, "path": "gone.py"}).json()["hunks"]
    assert line == {"kind": "removed", "text": "a", "before": 1}
    assert client.get("/api/diff", params={**both, "path": "../run.json"}).json()["hunks"] == []
    (one / "code" / path).write_text("x\n" * 5000)
    answer = client.get("/api/diff", params={**both, "path": path})
    assert answer.status_code == 400
    assert "4000 lines" in answer.json()["error"]["detail"]


def test_models_have_the_versions_that_were_judged(runs: Path) -> None:
    for number, status in enumerate(sample_runs.STATUSES):
        sample_runs.make_run(runs, number, status, model="taxi")
    sample_runs.make_run(runs, 50, "failed", model="rents")
    index = RunIndex(runs)
    index.scan()
    rents, taxi = models(index.snapshot())
    assert (rents["name"], rents["runs"], rents["judged"], rents["latest"]) == (
        "rents",
        1,
        [],
        None,
    )
    assert [row["status"] for row in taxi["judged"]] == ["not_blessed", "pushed"]
    assert taxi["latest"] == taxi["judged"][1]["pushed_version"]
    assert (taxi["runs"], taxi["pushed"], taxi["left_out"]) == (7, 1, 0)


def test_what_is_not_there_is_told(client: TestClient) -> None:
    for address in ("/none", "/api/none", "/static/none.js", "/api/runs/none"):
        answer = client.get(address)
        assert answer.status_code == 404
        assert "none" in answer.json()["error"]["headline"]


def test_what_neptune_sync_removes_is_missed_on_its_own_tab_alone(
    runs: Path, client: TestClient
) -> None:
    folder = sample_runs.make_run(runs)
    address = f"/api/runs/{folder.name}"
    before = {path: client.get(f"{address}{path}").json() for path in ("", "/details")}
    assert before[""]["has"][".neptune"] and client.get(f"{address}/neptune").json()["fields"]
    shutil.rmtree(folder / ".neptune")
    after = {path: client.get(f"{address}{path}").json() for path in ("", "/details")}
    assert after[""]["has"].pop(".neptune") is False and before[""]["has"].pop(".neptune")
    assert after == before
    assert client.get(f"{address}/neptune").json()["fields"] == []


def test_a_list_says_where_its_runs_are(runs: Path, client: TestClient) -> None:
    [source] = client.get("/api/runs").json()["sources"]
    assert source == {"address": str(runs), "reached": True, "since": None, "problem": ""}

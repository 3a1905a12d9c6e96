"""A run's row: what its record says, and of a bad record what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from dashboard.records.outcomes import FORMER, STATUSES
from dashboard.records.runs import Run, read
from tests.dashboard import sample_runs

Listed = Callable[..., dict[str, Any]]

DAMAGED = {
    "empty": b"",
    "half": b'{"version": 1, "id": "a", "mod',
    "list": b"[]",
    "number": b"12",
    "binary": b"\x80\x81\xff\x00",
    "deep": b'{"a":' * 100_000,
    "deep and whole": b'{"config":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "long number": b'{"process": ' + b"9" * 10_000 + b"}",
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_record_is_a_row_of_its_own(content: bytes, runs: Path, listed: Listed) -> None:
    whole = sample_runs.make_run(runs)
    (runs / "bad-20261101-000000-0000").mkdir()
    (runs / "bad-20261101-000000-0000/run.json").write_bytes(content)
    rows = {row["id"]: row for row in listed()["runs"]}
    bad = rows["bad-20261101-000000-0000"]
    assert bad["status"] == "unreadable"
    assert bad["problem"].startswith("run.json is not ")
    assert rows[whole.name]["status"] == "pushed"


ODD_VALUES = [None, 3, -1.5, "text", "", True, [], [1, None, "x"], {}, {"a": {"b": 1}}, 10**400]


@pytest.mark.parametrize("value", ODD_VALUES, ids=repr)
def test_values_of_other_types_hide_nothing(value: object, runs: Path, listed: Listed) -> None:
    record = sample_runs.record(0, "pushed")
    names = {f"run-{key}" for key in record}
    for key in record:
        (runs / f"run-{key}").mkdir()
        (runs / f"run-{key}/run.json").write_text(json.dumps({**record, key: value}))
    assert {row["id"] for row in listed(limit=500)["runs"]} == names


def test_a_value_of_another_type_is_told(runs: Path) -> None:
    run = read(sample_runs.make_run(runs, model=3, started="yesterday"))
    assert "model: expected a text, received 3" in run.problem
    assert "started: expected a time, received 'yesterday'" in run.problem
    assert run.metrics


def test_keys_that_nobody_knows_are_ignored(runs: Path) -> None:
    assert read(sample_runs.make_run(runs, future={"a": 1})).problem == ""


def test_a_missing_key_is_told(runs: Path) -> None:
    folder = runs / "a"
    folder.mkdir()
    (folder / "run.json").write_text('{"id": "a", "status": "pushed"}')
    assert read(folder).problem == "model, started, config: missing"


def test_numbers_that_are_none_reach_no_page(runs: Path, client: TestClient) -> None:
    folder = sample_runs.make_run(runs)
    record = json.loads((folder / "run.json").read_text())
    record["metrics"][0]["value"] = float("nan")
    record["metrics"][1]["value"] = float("-inf")
    text = json.dumps(record).replace('"seconds": ', '"seconds": 1e999, "more": ')
    (folder / "run.json").write_text(text)
    answer = client.get(f"/api/runs/{folder.name}")
    content = json.loads(answer.text, parse_constant=pytest.fail)
    assert content["record"]["metrics"][0]["value"] is None
    assert content["record"]["nodes"][0]["seconds"] is None


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED.keys())
@pytest.mark.parametrize("name", ["details.json", "notes.json"])
def test_damaged_files_beside_a_record_hide_nothing_of_it(
    name: str, content: bytes, runs: Path, client: TestClient
) -> None:
    folder = sample_runs.make_run(runs)
    (folder / name).write_bytes(content)
    assert client.get(f"/api/runs/{folder.name}").json()["record"]["id"] == folder.name
    details = client.get(f"/api/runs/{folder.name}/details").json()
    if name == "details.json":
        assert details["problem"].startswith("details.json is not ")
    else:
        assert details["details"]["curves"]
        assert "notes.json" in read(folder).problem


@pytest.mark.parametrize(("former", "status"), [*FORMER.items()])
def test_a_status_of_an_earlier_version_is_the_present_one(
    former: str, status: str, runs: Path
) -> None:
    folder = sample_runs.make_run(runs, status=status)
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**record, "status": former}))
    run = read(folder)
    assert (run.status, run.problem) == (status, "")


@pytest.mark.parametrize("status", ["rejected", "blessed", "NOT_BLESSED", "constructor"])
def test_a_status_that_never_was_is_told(status: str, runs: Path) -> None:
    folder = sample_runs.make_run(runs)
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**record, "status": status}))
    run = read(folder)
    assert run.status == "unreadable" and run.problem == f"status: received {status!r}"


@pytest.mark.parametrize("status", STATUSES)
def test_a_run_takes_time_until_it_ends(status: str) -> None:
    assert Run("a", status, started=10.0, finished=25.0).duration(99.0) == 15.0
    expected = 89.0 if status == "running" else None
    assert Run("a", status, started=10.0).duration(99.0) == expected
    assert Run("a", status).duration(99.0) is None
    assert Run("a", status, started=10.0, finished=5.0).duration(99.0) == 0


def test_nested_hyperparameters_are_named_by_their_path(runs: Path) -> None:
    tree = {"units": 3, "optimizer": {"rate": 0.1, "decay": {"steps": 5}}, "empty": {}}
    run = read(sample_runs.make_run(runs, hyperparameters=tree))
    assert run.hyperparameters == {
        "units": 3,
        "optimizer.rate": 0.1,
        "optimizer.decay.steps": 5,
        "empty": {},
    }

"""Whole records, as the command line prints them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from dashboard.records.index import RunIndex
from dashboard.web import app
from pipeline.cli import main
from pipeline.config import project
from pipeline.record import run_record
from tests.pipeline.fake_run import finished, queued


@pytest.fixture
def kept(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of each ending, one that died, one of another model, one that is archived."""
    monkeypatch.setattr(project, "RUNS", runs)
    stories = ["pushed", "not_blessed", "stopped", "failed", "interrupted", "died", "failed"]
    for number, story in enumerate(stories):
        record = queued() if story == "died" else finished(story)
        record.id = f"taxi-20260102-00000{number}-aaaa"
        record.number = number + 1
        record.model = "rents" if number == 3 else "taxi"
        if story == "died":
            record.process = 2**22 + 1
        run_record.write(record, runs)
    (runs / "taxi-20260102-000006-aaaa" / "notes.json").write_text('{"archived": true}')
    return runs


def asked(runs: Path, query: str) -> Any:
    index = RunIndex(runs)
    index.scan()
    client = TestClient(app.create(index), base_url="http://localhost:8050")
    return client.get(f"/api/records{query}").json()


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ([], ""),
        (["--limit", "3"], "?limit=3"),
        (["--model", "rents"], "?model=rents"),
        (["--archived"], "?archived=1"),
        (["--model", "taxi", "-n", "2", "--archived"], "?model=taxi&limit=2&archived=1"),
    ],
)
def test_the_command_line_prints_what_the_api_answers(
    kept: Path, options: list[str], query: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main.main(["runs", "--json", *options])
    printed = json.loads(capsys.readouterr().out)
    assert end.value.code == 0 and len(printed) > 0
    assert asked(kept, query) == printed


def test_a_damaged_record_is_named_by_both(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (kept / "taxi-20260102-000002-aaaa" / "run.json").write_text("{")
    with pytest.raises(SystemExit):
        main.main(["runs", "--json"])
    printed = json.loads(capsys.readouterr().out)
    for found in (printed, asked(kept, "")):
        [damaged] = [one for one in found if one["status"] == "unreadable"]
        assert damaged["id"] == "taxi-20260102-000002-aaaa" and "run.json" in damaged["error"]


@pytest.mark.parametrize("limit", ["0", "501", "many", "-1"])
def test_a_limit_that_is_none_is_told(kept: Path, limit: str) -> None:
    assert "Expected a number from 1 to 500" in asked(kept, f"?limit={limit}")["error"]["detail"]

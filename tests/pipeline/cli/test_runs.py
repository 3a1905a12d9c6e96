"""Lists of runs, with what was archived and without, and the difference of two runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.common.errors import RunError
from pipeline.cli import main
from pipeline.cli.runs import find_run
from pipeline.config import project
from pipeline.record import run_record
from tests.pipeline.fake_run import finished

FIRST, SECOND = "taxi-20260102-000001-aaaa", "taxi-20260102-000002-bbbb"


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(project, "RUNS", tmp_path)
    for one, story in ((FIRST, "pushed"), (SECOND, "not_blessed")):
        record = finished(story)
        record.id = one
        run_record.write(record, tmp_path)
    return tmp_path


def typed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as end:
        main.main(["runs", *arguments])
    assert end.value.code == 0
    return capsys.readouterr().out


def test_archived_runs_are_listed_when_they_are_asked_for(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (runs / FIRST / "notes.json").write_text('{"archived": true}')
    assert FIRST not in typed(capsys) and FIRST in typed(capsys, "--archived")
    assert SECOND in typed(capsys)


def test_two_runs_are_compared_by_parts_of_their_ids(capsys: pytest.CaptureFixture[str]) -> None:
    out = typed(capsys, "diff", "aaaa", "bbbb")
    assert FIRST in out and SECOND in out
    assert any("status" in line and "not blessed" in line for line in out.splitlines())
    found = json.loads(typed(capsys, "diff", "aaaa", "bbbb", "--json"))
    assert (found["before"], found["after"]) == (FIRST, SECOND)
    assert {
        "part": "run",
        "name": "status",
        "before": "blessed",
        "after": "not blessed",
    }.items() <= (next(one for one in found["differences"] if one["name"] == "status").items())


def test_a_run_is_found_by_a_part_of_its_id_that_no_other_has() -> None:
    assert find_run("aaaa").id == FIRST and find_run("").id == SECOND
    with pytest.raises(RunError, match="2 runs match 'taxi-2026'"):
        find_run("taxi-2026")
    with pytest.raises(RunError, match="There is no run 'zzz'"):
        find_run("zzz")

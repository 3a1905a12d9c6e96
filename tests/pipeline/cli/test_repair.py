"""`repair` says what it would do, and does it when it is told to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.common.errors import RunError
from pipeline.cli import main
from pipeline.config import project
from pipeline.local.repair import plan
from pipeline.local.repair.finding import Finding

ONE = Finding("runs/taxi/metadata.db is damaged", "Set it aside.", lambda _: "All was kept.")


def typed(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main.main(["repair", *arguments])
    assert isinstance(end.value.code, int)
    return end.value.code


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "RUNS", tmp_path)


def test_where_all_is_in_order_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(plan, "find", lambda *_: [])
    assert typed("taxi") == 0
    assert capsys.readouterr().out == "All of taxi is in order.\n"


def test_without_apply_it_says_what_it_would_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(plan, "find", lambda *_: [ONE])
    assert typed("taxi") == 1
    out = capsys.readouterr().out
    assert "metadata.db is damaged\n  would do: Set it aside." in out
    assert "Nothing was done. Do it: " in out and "-m pipeline repair taxi --apply" in out


def test_with_apply_it_says_what_was_done_and_where_things_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    done = plan.Repaired([(ONE, "All was kept.")], tmp_path / "taxi.set-aside" / "now")
    monkeypatch.setattr(plan, "apply", lambda *_: done)
    assert typed("taxi", "--apply") == 0
    out = capsys.readouterr().out
    assert "  done: All was kept." in out and "taxi.set-aside/now" in out


def test_what_stands_in_the_way_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def going(*_: object) -> None:
        raise RunError("Another run of 'taxi' is going")

    monkeypatch.setattr(plan, "find", going)
    assert typed("taxi") == 2
    assert "Another run of 'taxi' is going" in capsys.readouterr().err


@pytest.mark.parametrize(("found", "status"), [([], 0), ([ONE], 1)])
def test_a_program_gets_one_document(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    found: list[Finding],
    status: int,
) -> None:
    monkeypatch.setattr(plan, "find", lambda *_: found)
    assert typed("taxi", "--json") == status
    told = json.loads(capsys.readouterr().out)
    each = {"problem": ONE.problem, "remedy": ONE.remedy, "done": False}
    assert told == {"findings": [each for _ in found], "set_aside": None}


def test_a_program_is_told_what_was_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    repaired = plan.Repaired([(ONE, "All was kept.")], tmp_path)
    monkeypatch.setattr(plan, "apply", lambda *_: repaired)
    assert typed("taxi", "--apply", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    each = {"problem": ONE.problem, "remedy": "All was kept.", "done": True}
    assert told == {"findings": [each], "set_aside": str(tmp_path)}

"""`baseline` says which model the next candidate has to beat, and drops it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.config import project
from pipeline.local import baseline
from pipeline.local.baseline import Baseline

pytestmark = pytest.mark.tfx

BLESSED = Baseline("runs/taxi/Trainer/model/7", "taxi-2", "18")


def typed(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main.main(["baseline", *arguments])
    assert isinstance(end.value.code, int)
    return end.value.code


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "RUNS", tmp_path)


def test_it_is_shown_with_what_asks_for_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(baseline, "find", lambda *_: BLESSED)
    assert typed("taxi") == 0
    out = capsys.readouterr().out
    assert "The baseline of taxi is version 18 of the run taxi-2" in out
    assert "Asked for by evaluation.metrics.AUC.max_regression" in out


def test_it_is_dropped(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(baseline, "find", lambda *_: BLESSED)
    monkeypatch.setattr(baseline, "drop", lambda *_: 2)
    assert typed("taxi", "--drop") == 0
    out = capsys.readouterr().out
    assert "Dropped version 18" in out and "and 1 blessed before it" in out


@pytest.mark.parametrize("option", [[], ["--drop"]])
def test_where_there_is_none_it_says_so(
    option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("taxi", *option) == 0
    assert "taxi has no baseline" in capsys.readouterr().out


def test_a_model_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("taxy", "--drop") == 2
    assert "There is no model 'taxy'" in capsys.readouterr().err


@pytest.mark.parametrize("found", [BLESSED, None])
def test_a_program_gets_one_document(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], found: Baseline | None
) -> None:
    monkeypatch.setattr(baseline, "find", lambda *_: found)
    assert typed("taxi", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    described = {"uri": BLESSED.uri, "run": "taxi-2", "version": "18"} if found else None
    asked_by = ["evaluation.metrics.AUC.max_regression"]
    assert told == {"baseline": described, "asked_by": asked_by, "dropped": 0}

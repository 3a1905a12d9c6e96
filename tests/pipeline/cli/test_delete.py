"""`delete` says what it would delete, deletes it when told to, and asks to be told which runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.config import project
from tests.pipeline.local.deletion.deletable import Deletable


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deletable:
    monkeypatch.setattr(project, "RUNS", tmp_path / "runs")
    return Deletable(tmp_path / "runs")


def typed(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main.main(["delete", *arguments])
    return int(end.value.code or 0)


def test_first_it_says_what_it_would_delete(
    history: Deletable, capsys: pytest.CaptureFixture[str]
) -> None:
    run, pushed = history.run(1, "failed", days=40), history.run(2, "pushed", days=40)
    history.made(run, "Transform", "transform_graph")
    assert typed("--older-than", "30d") == 0
    out = capsys.readouterr().out
    assert run in out and "1 of Transform, which no other run needs" in out
    assert f"{pushed} stays: it pushed version" in out
    assert "Nothing was deleted" in out and (history.runs / run).exists()
    assert typed(run, "--apply", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["deleted"] and [one["id"] for one in found["runs"]] == [run]
    assert not (history.runs / run).exists()
    assert typed("--older-than", "30d") == 0
    assert "There is nothing to delete." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Nothing says which runs are meant"),
        (["taxi"], "'taxi' is not the id of a run"),
        (["absent"], "There is no run 'absent'"),
        (["taxi-2", "--archived"], "Runs are named, or chosen, but not both"),
        (["--older-than", "soon"], "'soon' is no age"),
        (["--older-than", "-3d"], "is no age"),
        (["taxi-20260102-000002-aaaa", "--apply"], "stays: it pushed version"),
    ],
)
def test_a_mistake_is_told_and_deletes_nothing(
    history: Deletable, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    runs = [history.run(1, "failed"), history.run(2, "pushed")]
    assert typed(*arguments) == 2
    assert words in " ".join(capsys.readouterr().err.split())
    assert all((history.runs / run).exists() for run in runs)

"""Which runs go, which stay, and that a look changes nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from models.common.errors import RunError
from pipeline.local import lock
from pipeline.local.deletion import plan
from pipeline.local.deletion.plan import Choice
from pipeline.record import run_record
from tests.pipeline.fake_run import queued
from tests.pipeline.local.deletion.deletable import Deletable


@pytest.fixture
def history(tmp_path: Path) -> Deletable:
    return Deletable(tmp_path / "runs")


def files(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if "metadata.db" not in path.name and not path.name.endswith(".lock")
    }


def archive(history: Deletable, run: str) -> None:
    (history.runs / run / "notes.json").write_text(json.dumps({"archived": True}))


def test_a_look_changes_nothing_and_says_what_goes(history: Deletable) -> None:
    run = history.run(1, "failed")
    folder = history.made(run, "Transform", "transform_graph")
    before = files(history.runs)
    found = plan.find(Choice(ids=(run,)), history.runs)
    assert files(history.runs) == before
    assert [one for one, _ in found.runs] == [run]
    assert folder in [one.path for one in found.folders] and found.bytes > 0


def test_what_is_applied_is_gone_and_the_rest_is_as_it_was(history: Deletable) -> None:
    gone, kept = history.run(1, "not_blessed"), history.run(2, "failed")
    mine = history.made(gone, "Trainer", "model", "Model")
    shared = history.made(gone, "ExampleGen", "examples")
    history.belongs(kept, history.execution(), history.number_of(shared))
    done = plan.apply(Choice(ids=(gone,)), history.runs)
    assert [one for one, _ in done.runs] == [gone]
    assert not (history.runs / gone).exists() and (history.runs / kept / "run.json").exists()
    assert not mine.exists() and shared.exists()
    assert plan.find(Choice(model="taxi"), history.runs) == plan.Plan()


@pytest.mark.parametrize("story", ["pushed", "blessed", "running", "pushing"])
@pytest.mark.parametrize("named", [True, False])
def test_what_is_pushed_blessed_or_going_stays(
    history: Deletable, story: str, named: bool, tmp_path: Path
) -> None:
    run = history.run(1, "pushed" if story == "pushed" else "failed", days=90)
    record = run_record.read(run, history.runs)
    if story == "blessed":
        record.blessed = True
    if story == "running":
        record.status = "running"
        record.take_over()
    if story == "pushing":
        record.pushing = str(tmp_path)
    run_record.write(record, history.runs)
    archive(history, run)
    before = files(history.runs)
    if named:
        with pytest.raises(RunError, match=f"The run {run} stays"):
            plan.apply(Choice(ids=(run,)), history.runs)
    else:
        done = plan.apply(Choice(archived=True), history.runs)
        assert not done.runs and [one for one, _ in done.kept] == [run]
    assert files(history.runs) == before


def test_runs_are_chosen_by_age_model_and_archive(history: Deletable) -> None:
    old, new = history.run(1, "failed", days=40), history.run(2, "failed", days=1)
    damaged = history.runs / "taxi-20260102-000003-aaaa"
    damaged.mkdir()
    (damaged / "run.json").write_text("{")

    def chosen(**choice: object) -> list[str]:
        return [one for one, _ in plan.find(Choice(**choice), history.runs).runs]  # type: ignore[arg-type]

    assert chosen(older_than=timedelta(days=30)) == [old]
    assert chosen(older_than=timedelta(hours=1)) == [old, new]
    assert chosen(older_than=timedelta(hours=1), model="other") == []
    assert chosen(archived=True) == [] == chosen(model="taxi") == chosen()
    archive(history, new)
    assert chosen(archived=True) == [new]
    assert chosen(archived=True, older_than=timedelta(days=30)) == []
    archive(history, damaged.name)
    kept = plan.find(Choice(archived=True), history.runs).kept
    assert kept == [(damaged.name, "cannot be read, so that nobody knows what it pushed")]


def test_a_folder_that_a_kill_left_half_gone_is_removed_next_time(history: Deletable) -> None:
    rest = history.runs / ".deleting-taxi-20260102-000001-aaaa"
    rest.mkdir()
    (rest / "tfx.log").write_text("")
    plan.apply(Choice(archived=True), history.runs)
    assert not rest.exists()


def test_while_a_run_goes_nothing_is_deleted(history: Deletable) -> None:
    run = history.run(1, "failed")
    with lock.held(queued(), history.runs), pytest.raises(RunError, match="taxi"):
        plan.apply(Choice(ids=(run,)), history.runs)
    assert (history.runs / run).exists()

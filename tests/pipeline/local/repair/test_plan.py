"""All that is not in order is found, is put in order, and is then found no more."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from models.common.errors import ConfigError, RunError
from pipeline.local import lock, metadata_db
from pipeline.local.repair import plan
from tests.helpers.paths import ROOT
from tests.pipeline.fake_run import queued
from tests.pipeline.local.repair.history import STATES, History


@pytest.fixture
def root(history: History) -> Path:
    """A project with the model taxi, and with state that is in order."""
    found = history.runs.parent
    shutil.copytree(ROOT / "models" / "taxi", found / "models" / "taxi")
    return found


def damaged(history: History) -> None:
    (history.root / metadata_db.FILE).write_text("not a database")


def lock_as_folder(history: History) -> None:
    (history.runs / "taxi.lock").mkdir()


FAULTS: dict[str, Callable[[History], object]] = {
    "damaged metadata": damaged,
    "dead execution": lambda history: history.execution(STATES.RUNNING),
    "orphan": lambda history: history.written("Trainer", "model", 99),
    "lost artifact": lambda history: shutil.rmtree(history.root / "Trainer/model/2"),
    "interrupted push": lambda history: (history.serving / ".partial-19").mkdir(),
    "version without a model": lambda history: (history.serving / "17/saved_model.pb").unlink(),
    "lock as a folder": lock_as_folder,
}


def find(root: Path) -> list[str]:
    return [one.problem for one in plan.find("taxi", root, root / "runs")]


def test_what_is_in_order_is_left_alone(root: Path) -> None:
    assert find(root) == []
    repaired = plan.apply("taxi", root, root / "runs")
    assert repaired.done == [] and repaired.set_aside is None


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_and_put_in_order(root: Path, history: History, fault: str) -> None:
    FAULTS[fault](history)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}
    problems = find(root)
    after = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}
    assert len(problems) == 1
    # A look changes nothing but the lock.
    before.pop(root / "runs/taxi.lock", None), after.pop(root / "runs/taxi.lock", None)
    assert after == before
    repaired = plan.apply("taxi", root, root / "runs")
    assert [one.problem for one, _ in repaired.done][:1] == problems
    assert find(root) == []


def test_all_at_once(root: Path, history: History) -> None:
    for fault in ("lock as a folder", "interrupted push", "damaged metadata", "orphan"):
        FAULTS[fault](history)
    plan.apply("taxi", root, root / "runs")
    assert find(root) == []


@pytest.mark.parametrize("act", [plan.find, plan.apply])
def test_nothing_is_looked_at_while_a_run_goes_on(root: Path, act: Callable[..., object]) -> None:
    with (
        lock.held(queued(), root / "runs"),
        pytest.raises(RunError, match="Another run of 'taxi' is going"),
    ):
        act("taxi", root, root / "runs")


def test_a_model_that_never_was_is_a_mistake(root: Path) -> None:
    with pytest.raises(ConfigError, match="no model 'taxy'"):
        plan.find("taxy", root, root / "runs")


def test_the_state_of_a_model_whose_folder_is_gone_is_looked_at(
    root: Path, history: History
) -> None:
    shutil.rmtree(root / "models" / "taxi")
    FAULTS["interrupted push"](history)
    assert len(find(root)) == 1


def test_what_cannot_be_done_is_named(
    root: Path, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    FAULTS["interrupted push"](history)
    (root / "runs" / "taxi.set-aside").write_text("in the way")
    with pytest.raises(RunError, match="cannot be set aside"):
        plan.apply("taxi", root, root / "runs")

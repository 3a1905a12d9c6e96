"""What no run needs that stays, and what is never deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.local.deletion import artifacts
from tests.pipeline.local.deletion.deletable import Deletable
from tests.pipeline.local.repair.history import LIVE

GONE, KEPT = "taxi-20260102-000001-aaaa", "taxi-20260102-000002-bbbb"


@pytest.fixture
def history(tmp_path: Path) -> Deletable:
    return Deletable(tmp_path / "runs")


def found(history: Deletable) -> set[str]:
    listed = artifacts.unneeded(history.root, history.store, {KEPT})
    return {one.path.relative_to(history.root).as_posix() for one in listed}


def test_what_only_a_run_made_that_goes_is_not_needed(history: Deletable) -> None:
    folder = history.made(GONE, "Transform", "transform_graph")
    history.made(KEPT, "Transform", "transform_graph")
    name = folder.relative_to(history.root).as_posix()
    assert found(history) == {name, f"Transform/.system/executor_execution/{folder.name}"}
    [one] = [one for one in artifacts.unneeded(history.root, history.store, {KEPT}) if one.artifact]
    assert one.bytes == len((folder / "saved_model.pb").read_bytes())


def test_what_a_run_that_stays_took_from_the_cache_or_read_is_needed(history: Deletable) -> None:
    cached = history.made(GONE, "ExampleGen", "examples")
    history.belongs(KEPT, history.execution(), history.number_of(cached))
    read = history.made(GONE, "Trainer", "model", "Model")
    history.reads(KEPT, history.number_of(read))
    assert not any("system" not in name for name in found(history))


def test_what_is_pushed_or_blessed_stays_whichever_run_it_is_of(history: Deletable) -> None:
    history.judged(version="17")
    number = history.execution()
    model = history.artifact("Model", "Trainer", "model", number)
    history.artifact(
        "ModelBlessing", "Evaluator", "blessing", number, blessed=0, current_model_id=model
    )
    history.belongs(GONE, number, model)
    assert found(history) == {f"Trainer/model/{number}", f"Evaluator/blessing/{number}"}


def test_a_run_that_leaves_no_record_keeps_what_it_made(history: Deletable) -> None:
    history.made("2026-11-27T01:02:03.456789", "Transform", "transform_graph")
    assert found(history) == set()


def test_nothing_outside_of_the_model_s_folder_is_found(history: Deletable, tmp_path: Path) -> None:
    outside = tmp_path / "mine" / "x" / "y"
    outside.mkdir(parents=True)
    for uri in (str(outside), str(history.root), f"{history.root}/../../mine/x/y", "gs://a/b/c"):
        folder = history.made(GONE, "Transform", "transform_graph")
        [one] = history.store.get_artifacts_by_id([history.number_of(folder)])
        one.uri = uri
        history.store.put_artifacts([one])
    assert not any("system" not in name for name in found(history))


def test_what_is_marked_is_known_to_be_gone(history: Deletable) -> None:
    folder = history.made(GONE, "Transform", "transform_graph")
    listed = artifacts.unneeded(history.root, history.store, {KEPT})
    artifacts.mark_deleted(history.store, listed)
    [one] = history.store.get_artifacts_by_id([history.number_of(folder)])
    assert one.state not in (LIVE, 0)
    # A deletion that was killed after this goes on with the folder.
    assert artifacts.unneeded(history.root, history.store, {KEPT}) == listed

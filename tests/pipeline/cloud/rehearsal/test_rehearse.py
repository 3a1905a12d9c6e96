"""How a rehearsal's record ends, for each way in which its walk can end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from models.common.errors import RunError
from pipeline.cloud.rehearsal import rehearse
from pipeline.cloud.rehearsal.process import TaskError
from pipeline.record import run_record
from pipeline.record.run_record import RunRecord
from tests.pipeline.fake_run import queued

pytestmark = pytest.mark.tfx

SIDE_BY_SIDE = ("Evaluator", "ServingCheck")


def rehearsed(
    runs: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException | None, version: int | None
) -> RunRecord:
    """The written record of a rehearsal that ends so, while two nodes run."""

    def walk(record: RunRecord, *_: Any) -> None:
        for name in SIDE_BY_SIDE:
            record.node(name).status = "running"
            record.node(name).started = run_record.now()
        if error is not None:
            raise error
        for name in SIDE_BY_SIDE:
            record.node(name).status = "done"
        record.pushed_version = version

    monkeypatch.setattr(rehearse, "_walk", walk)
    record = queued()
    rehearse.rehearse(record, "vertex", runs)
    return run_record.read(record.id, runs)


@pytest.mark.parametrize(
    ("error", "status", "failed", "headline"),
    [
        (TaskError("ServingCheck", "it broke", "", ""), "failed", {"ServingCheck"}, "it broke"),
        (TaskError("Evaluator", "bad", "", "", stopped=True), "stopped", {"Evaluator"}, "bad"),
        (RunError("not known"), "failed", set(), "not known"),
        (KeyError("x"), "failed", set(), "KeyError: 'x'"),
        (KeyboardInterrupt(), "interrupted", {*SIDE_BY_SIDE}, None),
    ],
)
def test_no_node_goes_on_after_the_end(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    status: str,
    failed: set[str],
    headline: str | None,
) -> None:
    record = rehearsed(tmp_path, monkeypatch, error, None)
    assert record.status == status and record.finished is not None
    assert (record.failure.headline if record.failure else None) == headline
    statuses = {name: record.node(name).status for name in SIDE_BY_SIDE}
    assert statuses == {name: "failed" if name in failed else "queued" for name in SIDE_BY_SIDE}


def test_a_walk_to_the_end_that_pushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = rehearsed(tmp_path, monkeypatch, None, 17)
    assert (record.status, record.pushed_version, record.failure) == ("pushed", 17, None)


def test_a_walk_to_the_end_that_pushed_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = rehearsed(tmp_path, monkeypatch, None, None)
    assert record.failure is None and run_record.EXIT_CODES[record.status] == 3

"""The run's folder, as the pipeline's last task writes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline import nodes, tracking
from pipeline.cloud.recording import account, exit_handler, secret
from pipeline.cloud.recording import plan as plans
from pipeline.cloud.recording.collect import Collection
from pipeline.record import run_record
from tests.pipeline.cloud.recording.plans import JOB, Job

pytestmark = pytest.mark.tfx


@pytest.fixture
def untracked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """No process of Neptune's client; the environments that it would have had."""
    seen: list[dict[str, str]] = []
    monkeypatch.setattr(
        tracking, "start", lambda folder, root, environment: seen.append(environment)
    )
    return seen


def given(job: Job, state: str = "SUCCEEDED", name: str = JOB) -> dict[str, Any]:
    """The task's executor input."""
    packed = job.plan.packed()
    address = job.runs.parent / plans.name_of(packed)
    address.write_bytes(packed)
    values = {
        "plan": str(address),
        "runs": str(job.runs),
        "job": f"projects/1/locations/r/pipelineJobs/{name}",
        "final_status": json.dumps({"state": state}),
    }
    output = str(job.runs.parent / "out" / "executor_output.json")
    return {"inputs": {"parameterValues": values}, "outputs": {"outputFile": output}}


def test_the_folder_is_that_of_a_local_run(tmp_path: Path, untracked: list[dict[str, str]]) -> None:
    job = Job(tmp_path / "runs", neptune={"NEPTUNE_PROJECT": "w/p"})
    job.until(nodes.PUSHER)
    exit_handler.run(given(job))
    record = run_record.read(JOB, job.runs)
    assert record.status == "not_blessed" and "tfx" in record.environment
    assert (job.folder / "code" / "models" / "taxi" / "model.py").read_bytes() == b"network"
    assert "tfx==" in (job.folder / "packages.txt").read_text()
    assert "<html" in (job.folder / "report.html").read_text()
    assert json.loads((job.folder / "details.json").read_text())["run"] == JOB
    assert untracked[0]["NEPTUNE_PROJECT"] == "w/p"
    # For later runs, in which the cache stands for what was done here.
    kept = account.result(str(job.runs), f"recipe-{nodes.TRAINER}")
    assert kept and (kept.task, kept.job) == (nodes.TRAINER, JOB)
    assert (tmp_path / "out" / "executor_output.json").is_file()


def test_a_cancelled_run_before_any_task_has_a_record(
    tmp_path: Path, untracked: list[dict[str, str]]
) -> None:
    job = Job(tmp_path / "runs")
    exit_handler.run(given(job, "CANCELLED"))
    record = run_record.read(JOB, job.runs)
    assert record.status == "interrupted"
    assert {node.status for node in record.nodes} == {"queued"}


def test_a_secret_that_cannot_be_read_leaves_the_record_in_the_bucket(
    tmp_path: Path,
    untracked: list[dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(_: object) -> None:
        raise OSError("no login")

    monkeypatch.setattr(secret, "revealed", refuse)
    job = Job(tmp_path / "runs")
    exit_handler.run(given(job))
    assert "not sent to Neptune: no login" in capsys.readouterr().out
    assert (job.folder / "run.json").is_file() and len(untracked) == 1


def test_the_latest_run_with_data_is_what_the_next_is_compared_with(
    tmp_path: Path, untracked: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Job(tmp_path / "runs")
    feature = {"name": "fare", "type": "float", "splits": {}}
    seen: list[list[str]] = []
    collect = Collection.collect

    def collected(self: Any, earlier: Path) -> Any:
        seen.append(sorted(path.parent.name for path in earlier.glob("*/details.json")))
        record, details = collect(self, earlier)
        return record, type(details).model_validate({"run": record.id, "features": [feature]})

    monkeypatch.setattr(Collection, "collect", collected)
    for name in (JOB, "taxi-2", "taxi-2"):  # A task that is tried again is not its own past.
        exit_handler.run(given(job, name=name))
    assert seen == [[], [JOB], []]

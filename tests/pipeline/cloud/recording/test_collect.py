"""How a run in the cloud ended, and what it found, from what its tasks say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline import nodes
from pipeline.cloud.recording import account, collect
from pipeline.cloud.recording.account import Account
from tests.pipeline.cloud.recording.plans import ANOMALY, JOB, Job

pytestmark = pytest.mark.tfx

PUSHED = {
    "pushed_model": {
        "uri": "/p",
        "metadata": {"pushed": 1, "pushed_version": "7", "pushed_destination": "gs://b/s/taxi/7"},
    }
}


def statuses(record: Any) -> dict[str, str]:
    return {node.name: node.status for node in record.nodes}


def test_a_pushed_run(tmp_path: Path) -> None:
    job = Job(tmp_path)
    job.until(nodes.PUSHER, outputs=PUSHED)
    record, _ = job.collected()
    assert (record.status, record.pushed_version) == ("pushed", 7)
    assert set(statuses(record).values()) == {"done"}
    assert record.data.hash == "d" * 32
    assert record.cloud.page == f"https://console/{JOB}?project=p" and record.cloud.job == JOB
    # Whatever the exit handler waited for, the run ended with its last task.
    assert (record.finished - record.started).total_seconds() == 60 * (len(job.names) - 1) + 30


@pytest.mark.parametrize("state", ["SUCCEEDED", "COMPLETE", "RUNNING", "UNKNOWN"])
def test_a_run_that_pushed_nothing_was_not_blessed_whatever_state_the_platform_tells(
    state: str, tmp_path: Path
) -> None:
    job = Job(tmp_path)
    job.until(nodes.PUSHER)
    assert job.collected(state)[0].status == "not_blessed"


def test_anomalous_data_has_stopped_it(tmp_path: Path) -> None:
    job = Job(tmp_path)
    failure = {"headline": "1 anomaly", "detail": "fare", "remedy": "Correct it."}
    job.until(nodes.DATA_GATE, "stopped", failure=failure, anomalies=[ANOMALY])
    record, _ = job.collected("FAILED", "some tasks failed")
    assert record.status == "stopped" and record.failure.node == nodes.DATA_GATE
    assert [one.feature for one in record.anomalies] == ["fare"]
    found = statuses(record)
    assert found[nodes.DATA_GATE] == "failed" and found[nodes.TRANSFORM] == "queued"


def test_the_first_failure_is_the_run_s_and_others_that_ran_beside_it_are_queued(
    tmp_path: Path,
) -> None:
    job = Job(tmp_path)
    failure = {"headline": "build_model raised", "detail": "line 3", "remedy": "Correct it."}
    job.until(nodes.TRAINER, "failed", failure=failure)
    job.tell(nodes.SERVING_CHECK, "running")
    record, _ = job.collected("FAILED")
    assert (record.status, record.failure.headline) == ("failed", "build_model raised")
    assert (record.failure.node, record.failure.remedy) == (nodes.TRAINER, "Correct it.")
    assert record.node(nodes.TRAINER).seconds == 30
    assert statuses(record)[nodes.SERVING_CHECK] == "queued"


def test_a_container_that_was_killed_has_failed(tmp_path: Path) -> None:
    job = Job(tmp_path)
    job.until(nodes.TRAINER, "running")
    record, _ = job.collected("FAILED", "The replica ran out of memory.")
    assert (record.status, record.failure.node) == ("failed", nodes.TRAINER)
    assert record.failure.detail == "The replica ran out of memory."
    assert record.cloud.page in record.failure.remedy
    assert statuses(record)[nodes.TRAINER] == "failed"


def test_a_container_that_never_started_is_named_as_the_platform_names_it(tmp_path: Path) -> None:
    job = Job(tmp_path)
    job.until(nodes.TRANSFORM)
    said = "The DAG failed because some tasks failed. The failed tasks are: [Tuner]."
    record, _ = job.collected("FAILED", said)
    assert record.failure.node == nodes.TUNER and statuses(record)[nodes.TUNER] == "failed"


def test_a_failure_that_names_nothing_is_of_no_node(tmp_path: Path) -> None:
    job = Job(tmp_path)
    job.until(nodes.TRANSFORM)
    record, _ = job.collected("FAILED", "quota")
    assert (record.status, record.failure.node) == ("failed", None)
    assert statuses(record)[nodes.TUNER] == "queued"


@pytest.mark.parametrize("state", ["CANCELLED", "CANCELED", "PIPELINE_STATE_CANCELLED"])
def test_somebody_has_cancelled_it(state: str, tmp_path: Path) -> None:
    job = Job(tmp_path)
    job.until(nodes.TRAINER, "running")
    record, _ = job.collected(state)
    assert (record.status, record.failure) == ("interrupted", None)


def test_what_was_pushed_before_a_cancel_is_pushed(tmp_path: Path) -> None:
    job = Job(tmp_path)
    job.until(nodes.PUSHER, outputs=PUSHED)
    assert job.collected("CANCELLED")[0].status == "pushed"


def test_what_the_cache_stands_for_has_the_results_of_the_execution_before(tmp_path: Path) -> None:
    job = Job(tmp_path)
    before = Account(nodes.DATA_GATE, "earlier", "2026-11-01T00:00:00+00:00", "done")
    before.outputs = job.gate_report(tmp_path / "report", [{**ANOMALY, "severity": "warning"}])
    account.keep_as_result(before, str(tmp_path), f"recipe-{nodes.DATA_GATE}")
    job.tell(nodes.TRAINER)
    record, _ = job.collected("SUCCEEDED")
    assert statuses(record)[nodes.DATA_GATE] == "cached"
    assert statuses(record)[nodes.RESOLVER] == "done"  # The platform itself looks, each time.
    assert [one.feature for one in record.anomalies] == ["fare"]
    assert "What StatisticsGen found is not known" in [one.headline for one in record.warnings]


def test_of_a_failed_run_nothing_counts_as_cached_that_nothing_has_waited_for(
    tmp_path: Path,
) -> None:
    job = Job(tmp_path)
    job.tell(nodes.TRANSFORM, "failed", failure={"headline": "no"})
    found = statuses(job.collected("FAILED")[0])
    assert found[nodes.EXAMPLE_GEN] == found[nodes.DATA_GATE] == "cached"
    assert found[nodes.TUNER] == found[nodes.PUSHER] == "queued"


def test_what_cannot_be_read_is_told_and_stops_nothing(tmp_path: Path) -> None:
    job = Job(tmp_path)
    job.until(nodes.PUSHER, outputs=PUSHED)
    job.tell(nodes.DATA_GATE, outputs={"report": {"uri": str(tmp_path / "gone")}})
    record, _ = job.collected()
    assert record.status == "pushed"
    assert "What DataGate found cannot be read" in [one.headline for one in record.warnings]


def test_curves_of_a_training_that_came_to_no_end_stay(tmp_path: Path) -> None:
    job = Job(tmp_path)
    job.until(nodes.TRAINER, "running")
    curve = '{"metric": "loss", "split": "train", "values": [0.5, null]}'
    (job.folder / "details.json").write_text(f'{{"version": 1, "curves": [{curve}]}}')
    _, details = job.collected("CANCELLED")
    assert details.curves[0].values == [0.5, None]
    (job.folder / "details.json").write_text("no JSON")
    assert job.collected("CANCELLED")[1].curves == []


def test_the_cost_is_that_of_the_tasks_that_ran(tmp_path: Path) -> None:
    job = Job(tmp_path, hourly={nodes.TRAINER: 12.0, nodes.EVALUATOR: 60.0})
    job.tell(nodes.TRAINER)
    assert job.collected()[0].cloud.cost == 0.1  # Half a minute; the Evaluator did not run.


def test_a_rehearsal_s_addresses_are_paths(tmp_path: Path) -> None:
    job = Job(tmp_path, runs="gs://rehearsal/runs")
    job.gate_report(tmp_path / "taxi" / "report", [{**ANOMALY, "severity": "warning"}])
    outputs = {"report": {"uri": "gs://rehearsal/runs/taxi/report", "metadata": {}}}
    job.tell(nodes.DATA_GATE, outputs=outputs)
    assert len(job.collected()[0].anomalies) == 1


def test_metadata_is_as_in_ml_metadata() -> None:
    found = collect.artifact("u", {"text": "a", "number": 3.0})
    assert found.custom_properties["number"].int_value == 3
    assert found.properties["text"].string_value == "a"

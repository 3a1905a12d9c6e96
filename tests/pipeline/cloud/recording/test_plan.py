"""What is known of a run beforehand, packed and unpacked."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.common.errors import RunError
from pipeline.cloud.recording import plan as plans
from tests.pipeline.cloud.recording.plans import JOB, START, plan_of

pytestmark = pytest.mark.tfx


def test_it_is_unpacked_as_it_was_packed_and_the_same_plan_is_the_same_file(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, hourly={"Trainer": 1.5}, neptune={"NEPTUNE_PROJECT": "w/p"})
    assert plans.unpacked(plan.packed()) == plan
    assert plan.packed() == plan.packed()


def test_a_run_that_begins_has_its_job_and_the_page(tmp_path: Path) -> None:
    record = plan_of(tmp_path).begin("taxi-7", JOB, START)
    assert (record.id, record.started, record.status) == ("taxi-7", START, "running")
    assert record.cloud and record.cloud.page == f"https://console/{JOB}?project=p"
    assert record.process is None


def test_a_plan_that_is_gone_or_another_is_told(tmp_path: Path) -> None:
    packed = plan_of(tmp_path).packed()
    address = tmp_path / plans.name_of(packed)
    with pytest.raises(RunError, match="plan is not there"):
        plans.fetch(str(address))
    address.write_bytes(b"another")
    with pytest.raises(RunError, match="plan is not there"):
        plans.fetch(str(address))
    address.write_bytes(packed)
    assert plans.fetch(str(address)).model == "taxi"


def test_the_workflow_is_github_s(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("SERVER_URL", "https://g"), ("REPOSITORY", "o/r"), ("RUN_ID", "7")):
        monkeypatch.delenv(f"GITHUB_{name}", raising=False)
        assert plans.cloud("vertex", None, "i", {}, None).workflow is None
        monkeypatch.setenv(f"GITHUB_{name}", value)
    assert plans.cloud("vertex", None, "i", {}, None).workflow == "https://g/o/r/actions/runs/7"

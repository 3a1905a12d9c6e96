"""The exit handler as TFX's compiler takes it; test_compile.py has what it becomes."""

from __future__ import annotations

import pytest

from pipeline.cloud.recording import component
from pipeline.cloud.recording.component import RunRecorder

pytestmark = pytest.mark.tfx


def test_it_takes_no_artifact_and_is_no_node_of_a_model() -> None:
    made = RunRecorder("{{$.pipeline_job_uuid}}", "gs://b/runs")
    assert made.id == component.NAME and not made.inputs and not made.outputs
    assert set(made.exec_properties) == {"final_status", "job", "plan", "runs"}

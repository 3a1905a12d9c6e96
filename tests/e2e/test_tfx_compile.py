"""TFX's own command line compiles for Vertex AI."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.e2e.project_copy import Project, copy_project

pytestmark = pytest.mark.e2e

TARGETS = """
vertex:
  project: p
  region: r
  bucket: gs://b
  data: gs://b
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    copy = copy_project(tmp_path_factory.mktemp("compiled"))
    (copy.root / "targets.yaml").write_text(TARGETS)
    return copy


def compiled(project: Project, **environment: str) -> tuple[int, str]:
    bin = Path(sys.executable).parent
    done = project.command(
        *(str(bin / "tfx"), "pipeline", "compile", "--engine", "vertex"),
        *("--pipeline_path", "pipeline/kubeflow_runner.py"),
        PATH=f"{bin}:/usr/bin:/bin",
        **environment,
    )
    return done.returncode, done.stdout + done.stderr


def test_it_compiles(project: Project) -> None:
    status, said = compiled(project, PIPELINE_IMAGE="registry/pipeline:3f2c")
    assert status == 0, said
    job = json.loads((project.root / "pipeline.json").read_text())
    assert "Pusher" in job["pipelineSpec"]["components"]["tfx-dag"]["dag"]["tasks"]
    assert job["runtimeConfig"]["gcsOutputDirectory"] == "gs://b/runs/taxi"


def test_a_mistake_is_told_without_a_traceback(project: Project) -> None:
    status, said = compiled(project, PIPELINE_IMAGE="registry/pipeline:latest")
    assert status != 0
    assert "PIPELINE_IMAGE: expected a digest" in said
    assert "Traceback" not in said

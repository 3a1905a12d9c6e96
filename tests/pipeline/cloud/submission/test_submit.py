"""Submissions through the real clients, to servers that speak Vertex AI's and Kubeflow's API."""

from __future__ import annotations

import json

import pytest
from google.cloud import storage

from models.common.errors import RunError
from pipeline.cli import main
from pipeline.cloud import targets
from pipeline.cloud.platforms.kfp import KubeflowPipelines
from pipeline.cloud.platforms.vertex import VertexAI
from pipeline.cloud.submission import submit
from pipeline.config import project
from tests.helpers.cloud_server import Server

pytestmark = pytest.mark.tfx

IMAGE = "registry.example.com/pipeline:3f2c9a1b"
VERTEX = {
    "project": "p",
    "region": "r",
    "bucket": "gs://b",
    "data": "gs://b/datasets",
    "image": IMAGE,
    "service_account": "pipeline@p.iam.gserviceaccount.com",
}
KFP = {"bucket": "gs://b", "data": "gs://b/datasets", "image": IMAGE, "service_account": "runner"}
JOBS = "/v1/projects/p/locations/r/pipelineJobs"


@pytest.fixture(autouse=True)
def where(monkeypatch: pytest.MonkeyPatch) -> None:
    """The targets, without a file in the project's root."""
    content = {
        "vertex": VertexAI.model_validate(VERTEX),
        "kfp": KubeflowPipelines.model_validate(KFP),
    }
    monkeypatch.setattr(targets, "read", lambda root: content)
    monkeypatch.delenv(targets.IMAGE, raising=False)


def uploaded(bucket: storage.Bucket) -> set[str]:
    return {blob.name for blob in bucket.list_blobs()}


def test_a_job_on_vertex(
    bucket: storage.Bucket, google: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(submit.COMMIT, "c0ffee")
    google.answers = {("POST", JOBS): [(200, {"name": "projects/1/locations/r/pipelineJobs/x"})]}
    options = submit.Options(run="abc-1", settings=("training.epochs=3",))
    first = submit.submit("taxi", "vertex", options)
    second = submit.submit("taxi", "vertex", submit.Options(run="abc-2", cached=False))

    assert first.name == "taxi-abc-1"
    assert first.where.endswith("/locations/r/runs/taxi-abc-1?project=p")
    sent, uncached = google.requests
    assert sent.query["pipelineJobId"] == "taxi-abc-1"
    assert sent.body["serviceAccount"] == VERTEX["service_account"]
    assert sent.body["runtimeConfig"]["gcsOutputDirectory"] == "gs://b/runs/taxi"
    labels = sent.body["labels"]
    assert (labels["commit"], labels["model"], len(labels["data"])) == ("c0ffee", "taxi", 32)

    specification = sent.body["pipelineSpec"]
    tasks = specification["root"]["dag"]["tasks"]
    assert tasks["Trainer"]["cachingOptions"] == {"enableCache": True}
    assert not any(
        "cachingOptions" in task
        for task in uncached.body["pipelineSpec"]["root"]["dag"]["tasks"].values()
    )
    # What the specification names is what was uploaded: code by its hash, data by its hash.
    text = json.dumps(specification)
    names = uploaded(bucket)
    assert all(f"gs://b/{name}" in text for name in names if name.startswith("modules/"))
    assert f"gs://b/datasets/{labels['data']}" in text
    assert {address.removeprefix("gs://b/") for address in first.uploaded} == names
    assert second.uploaded == []


def test_nothing_is_submitted_where_the_bucket_cannot_be_written_to(
    bucket: storage.Bucket, google: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = VERTEX | {"bucket": "gs://nowhere"}
    content = {"vertex": VertexAI.model_validate(elsewhere)}
    monkeypatch.setattr(targets, "read", lambda root: content)
    with pytest.raises(RunError, match="gs://nowhere/modules cannot be written to"):
        submit.submit("taxi", "vertex", submit.Options())
    assert google.requests == []


def test_a_run_on_kubeflow(bucket: storage.Bucket, kubeflow: Server) -> None:
    done = submit.submit("taxi", "kfp", submit.Options(run="abc-1"))
    assert (done.name, done.where) == ("taxi-abc-1", "r1")
    (body,) = kubeflow.bodies("POST", "/runs")
    assert body["display_name"] == "taxi-abc-1"
    assert body["experiment_id"] == "e1"
    assert body["service_account"] == "runner"
    assert body["pipeline_spec"]["pipelineInfo"]["name"] == "taxi"
    tasks = body["pipeline_spec"]["root"]["dag"]["tasks"]
    assert tasks["Trainer"]["cachingOptions"] == {"enableCache": True}
    assert kubeflow.requests[-1].headers["authorization"] == "Bearer secret-token"
    assert uploaded(bucket)


def test_the_command(
    bucket: storage.Bucket, google: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    google.answers = {
        ("POST", JOBS): [(200, {})],
        ("GET", "/taxi-c1"): [(200, {"name": "j", "state": "PIPELINE_STATE_SUCCEEDED"})],
    }
    with pytest.raises(SystemExit) as end:
        main.main(["submit", "taxi", "--run", "c1", "--image", f"{IMAGE}0"])
    assert end.value.code == 0
    output = capfd.readouterr().out
    assert "Submitted taxi-c1: https://console.cloud.google.com/" in output
    assert f"{IMAGE}0" in json.dumps(google.requests[0].body)
    with pytest.raises(SystemExit) as end:
        main.main(["pushed", "taxi-c1"])
    assert end.value.code == 3
    assert "not blessed" in capfd.readouterr().err
    assert not (project.ROOT / "targets.yaml").exists()

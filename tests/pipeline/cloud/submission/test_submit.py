"""Submissions through the real clients, to servers that speak Vertex AI's and Kubeflow's API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from models.common.errors import ConfigError, RunError
from pipeline.cli import main
from pipeline.cloud.submission import cluster, job, submit, vertex
from pipeline.config import project, targets
from pipeline.config.target_schema import KfpTarget, Targets, VertexTarget
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
PLATFORM = VertexTarget.model_validate(VERTEX)
CLUSTER = KfpTarget.model_validate(KFP)
JOBS = "/v1/projects/p/locations/r/pipelineJobs"
SCHEDULES = "/v1/projects/p/locations/r/schedules"


@pytest.fixture
def google(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server that is taken for Vertex AI."""
    there = vertex.Connection(server.url, AnonymousCredentials())
    for function in (vertex.submit, vertex.pushed):
        defaults = (*(function.__defaults__ or ())[:-1], there)
        monkeypatch.setattr(function, "__defaults__", defaults)
    return server


@pytest.fixture
def kubeflow(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv(cluster.ENDPOINT, server.url)
    monkeypatch.setenv(cluster.TOKEN, "secret-token")
    experiment = {"experiment_id": "e1", "display_name": "taxi"}
    server.answers = {
        ("GET", "/healthz"): [(200, {"multi_user": False})],
        ("GET", "/experiments"): [(200, {"experiments": [experiment]})],
        ("POST", "/runs"): [(200, {"run_id": "r1"})],
        ("POST", "/recurringruns"): [(200, {"recurring_run_id": "rr1"})],
    }
    return server


@pytest.fixture(autouse=True)
def where(monkeypatch: pytest.MonkeyPatch) -> None:
    """The targets, without a file in the project's root."""
    content = Targets.model_validate({"vertex": VERTEX, "kfp": KFP})
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
    assert f"gs://b/datasets/{labels['data']}/data/taxi" in text
    assert {address.removeprefix("gs://b/") for address in first.uploaded} == names
    assert second.uploaded == []


def test_a_schedule_on_vertex(bucket: storage.Bucket, google: Server) -> None:
    google.answers = {("POST", SCHEDULES): [(200, {"name": "projects/1/locations/r/schedules/7"})]}
    done = submit.submit("taxi", "vertex", submit.Options(cron="0 4 * * 1", run="weekly"))
    assert done.where.endswith("/schedules/7?project=p")
    (body,) = google.bodies("POST", SCHEDULES)
    assert (body["cron"], body["displayName"]) == ("0 4 * * 1", "taxi-weekly")
    created = body["createPipelineJobRequest"]
    assert created["parent"] == "projects/p/locations/r"
    assert created["pipelineJob"]["labels"]["model"] == "taxi"
    assert int(body["maxConcurrentRunCount"]) == 1


@pytest.mark.parametrize(("status", "words"), [(403, "no permission"), (503, "try later")])
def test_vertex_that_refuses_is_told(
    bucket: storage.Bucket, google: Server, status: int, words: str
) -> None:
    google.answers = {("POST", JOBS): [(status, {"error": {"code": status, "message": words}})]}
    with pytest.raises(RunError, match="taxi-x could not be submitted to Vertex AI") as error:
        submit.submit("taxi", "vertex", submit.Options(run="x"))
    assert words in error.value.detail


def test_nothing_is_submitted_where_the_bucket_cannot_be_written_to(
    bucket: storage.Bucket, google: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = VERTEX | {"bucket": "gs://nowhere"}
    content = Targets.model_validate({"vertex": elsewhere})
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


def test_a_recurring_run_on_kubeflow(bucket: storage.Bucket, kubeflow: Server) -> None:
    options = submit.Options(run="weekly", cron="0 4 * * 1", cached=False)
    assert submit.submit("taxi", "kfp", options).where == "rr1"
    (body,) = kubeflow.bodies("POST", "/recurringruns")
    assert body["trigger"]["cron_schedule"]["cron"] == "0 0 4 * * 1"
    assert "model: taxi" in body["description"]
    tasks = body["pipeline_spec"]["root"]["dag"]["tasks"].values()
    assert not any(task.get("cachingOptions", {}).get("enableCache") for task in tasks)


@pytest.fixture
def prepared(tmp_path: Path) -> job.Job:
    """A job that no test has to compile."""
    specification = {
        "pipelineInfo": {"name": "m"},
        "defaultPipelineRoot": "gs://b/runs/m",
        "schemaVersion": "2.1.0",
        "sdkVersion": "tfx",
        "deploymentSpec": {"executors": {"executor": {"container": {"image": IMAGE}}}},
        "components": {"component": {"executorLabel": "executor"}},
        "root": {"dag": {"tasks": {"a": {"componentRef": {"name": "component"}}}}},
    }
    path = tmp_path / "m.yaml"
    path.write_text(yaml.safe_dump(specification))
    return job.Job("m-1", "m", path, {})


def test_a_cluster_that_refuses_is_told(kubeflow: Server, prepared: job.Job) -> None:
    kubeflow.answers = {("GET", "/healthz"): [(401, "log in first")]}
    with pytest.raises(RunError, match=r"(?s)m-1 could not be submitted to http.*log in first"):
        cluster.submit(prepared, CLUSTER)


def test_a_cluster_that_is_not_there_is_told(
    kubeflow: Server, prepared: job.Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cluster.ENDPOINT, "http://127.0.0.1:9")
    with pytest.raises(RunError, match=r"could not be submitted to http://127\.0\.0\.1:9"):
        cluster.submit(prepared, CLUSTER)


def test_a_cluster_that_is_not_named_is_told(
    prepared: job.Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(cluster.ENDPOINT, raising=False)
    with pytest.raises(RunError, match="The Kubeflow cluster is not named"):
        cluster.submit(prepared, CLUSTER)


def ended(state: str, **details: Any) -> dict[str, Any]:
    return {"name": "j", "state": f"PIPELINE_STATE_{state}", **details}


def pusher(metadata: dict[str, Any]) -> dict[str, Any]:
    artifact = {"uri": "gs://b/runs/1/pushed_model", "metadata": metadata}
    outputs = {"pushed_model": {"artifacts": [artifact]}}
    return {"jobDetail": {"taskDetails": [{"taskName": "Pusher", "outputs": outputs}]}}


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        (pusher({"pushed": 1, "pushed_destination": "gs://b/m/5"}), "gs://b/m/5"),
        (pusher({"pushed": 1}), "gs://b/runs/1/pushed_model"),
        (pusher({"pushed": 0}), None),
        (pusher({}), None),
        ({}, None),
    ],
)
def test_where_a_job_has_pushed_its_model(
    google: Server, details: dict[str, Any], expected: str | None
) -> None:
    running = ended("RUNNING")
    google.answers = {("GET", "/x-1"): [(200, running), (200, ended("SUCCEEDED", **details))]}
    assert vertex.pushed("x-1", PLATFORM, 0) == expected
    assert len(google.requests) == 2


def test_a_failed_job_is_told_with_its_tasks(google: Server) -> None:
    task = {"taskName": "Trainer", "state": "FAILED", "error": {"message": "out of memory"}}
    failed = ended("FAILED", jobDetail={"taskDetails": [task]})
    google.answers = {("GET", "/x-1"): [(200, failed)]}
    with pytest.raises(RunError, match=r"(?s)x-1 failed.*Trainer: out of memory"):
        vertex.pushed("x-1", PLATFORM, 0)


def test_a_job_that_does_not_exist_is_told(google: Server) -> None:
    with pytest.raises(RunError, match=r"(?s)does not say how x-1 went.*nothing at"):
        vertex.pushed("x-1", PLATFORM, 0)


@pytest.mark.parametrize(
    ("model", "suffix", "expected"),
    [
        ("taxi", "1", "taxi-1"),
        ("Big_Model", "a-2", "big-model-a-2"),
        ("taxi", "A", None),
        ("taxi", "", None),
        ("taxi", "x" * 130, None),
        ("1st", "1", None),
        ("taxi", "a/../b", None),
    ],
)
def test_names_of_jobs(model: str, suffix: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(ConfigError, match="cannot be a job's name"):
            job.name(model, suffix)
    else:
        assert job.name(model, suffix) == expected


def test_the_command(
    bucket: storage.Bucket, google: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    google.answers = {
        ("POST", JOBS): [(200, {})],
        ("GET", "/taxi-c1"): [(200, ended("SUCCEEDED", **pusher({"pushed": 0})))],
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

"""Vertex AI, through its real client, as a server that speaks its API sees it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pydantic
import pytest

from models.common.errors import RunError
from pipeline.cloud.platforms.vertex import Endpoint, VertexAI
from pipeline.config.target_schema import Beam
from tests.helpers.cloud_server import Request
from tests.pipeline.cloud.small_job import small_job
from tests.pipeline.cloud.vertex_server import VertexServer

pytestmark = pytest.mark.tfx

VERTEX = VertexAI(
    project="p", region="r", bucket="gs://b", service_account="pipeline@p.iam.gserviceaccount.com"
)
JOBS = "/v1/projects/p/locations/r/pipelineJobs"
SCHEDULES = "/v1/projects/p/locations/r/schedules"


@pytest.mark.parametrize("cached", [True, False])
def test_a_job(google: VertexServer, tmp_path: Path, cached: bool) -> None:
    job = small_job(tmp_path, ".json", labels={"model": "m"}, cached=cached, image="r.io/p/p:1")
    assert VERTEX.submit(job).where.endswith("/locations/r/runs/m-1?project=p")
    sent, asked_again = google.requests
    assert sent.query["pipelineJobId"] == "m-1"
    assert sent.body["displayName"] == "m-1"
    assert sent.body["labels"] == {"model": "m", "image": "p-1"}
    assert sent.body["serviceAccount"] == VERTEX.service_account
    assert sent.body["runtimeConfig"]["gcsOutputDirectory"] == "gs://b/runs/m"
    task = sent.body["pipelineSpec"]["root"]["dag"]["tasks"]["a"]
    assert ("cachingOptions" in task) == cached
    assert (asked_again.method, asked_again.path) == ("GET", f"{JOBS}/m-1")


def test_a_schedule(google: VertexServer, tmp_path: Path) -> None:
    job = small_job(tmp_path, ".json", cron="0 4 * * 1", labels={"model": "m"})
    assert VERTEX.submit(job).where.endswith("/locations/r/schedules/1?project=p")
    (body,) = google.bodies("POST", SCHEDULES)
    assert (body["cron"], body["displayName"]) == ("0 4 * * 1", "m-1")
    created = body["createPipelineJobRequest"]
    assert created["parent"] == "projects/p/locations/r"
    assert created["pipelineJob"]["labels"] == {"model": "m"}
    assert int(body["maxConcurrentRunCount"]) == 1


def scheduled(tmp_path: Path, cron: str) -> list[str]:
    labels = {"model": "m"}
    return [*VERTEX.submit(small_job(tmp_path, ".json", cron=cron, labels=labels)).notes]


def states(google: VertexServer) -> dict[str, tuple[str, str]]:
    return {number: (one["cron"], one["state"]) for number, one in google.schedules.items()}


def test_a_second_submission_updates_the_schedule(google: VertexServer, tmp_path: Path) -> None:
    other = small_job(tmp_path, ".json", name="o", cron="0 1 * * *", labels={"model": "other"})
    VERTEX.submit(other)
    assert scheduled(tmp_path, "0 4 * * 1") == []
    assert scheduled(tmp_path, "0 5 * * 1") == ["It was there before (0 4 * * 1), and is updated."]
    assert states(google) == {"1": ("0 1 * * *", "ACTIVE"), "2": ("0 5 * * 1", "ACTIVE")}
    assert [(each.id, each.enabled) for each in VERTEX.schedules("m", "m")] == [("2", True)]
    (sent,) = google.bodies("PATCH", f"{SCHEDULES}/2")
    assert {"cron", "createPipelineJobRequest", "displayName"} <= set(sent)
    (asked,) = (request for request in google.requests if request.method == "PATCH")
    assert "createPipelineJobRequest" in asked.query["updateMask"]


def test_one_that_was_paused_runs_again_and_of_several_one_is_left(
    google: VertexServer, tmp_path: Path
) -> None:
    scheduled(tmp_path, "0 4 * * 1")
    google.schedules["1"]["state"] = "PAUSED"
    scheduled(tmp_path, "0 5 * * 1")
    assert states(google) == {"1": ("0 5 * * 1", "ACTIVE")}
    # As an earlier version of this project, or a person, has left them.
    google.schedules["2"] = {**google.schedules["1"], "createTime": "2026-11-27T00:00:00Z"}
    google.schedules["2"]["name"] = "projects/1/locations/r/schedules/2"
    assert scheduled(tmp_path, "0 6 * * 1")[1:] == ["It replaces 1 (0 5 * * 1), which is paused."]
    assert states(google) == {"1": ("0 5 * * 1", "PAUSED"), "2": ("0 6 * * 1", "ACTIVE")}
    google.schedules["1"]["state"] = "ACTIVE"
    google.answers = {("POST", ":pause"): [(403, {"error": {"code": 403, "message": "no"}})]}
    with pytest.raises(RunError, match="Two schedules train the model: 2, which is new, and 1"):
        scheduled(tmp_path, "0 7 * * 1")


@pytest.mark.parametrize("answer", [(403, {"error": {"code": 403, "message": "no"}}), (200, {})])
def test_an_update_that_is_refused_or_forgotten_is_told(
    google: VertexServer, tmp_path: Path, answer: tuple[int, Any]
) -> None:
    scheduled(tmp_path, "0 4 * * 1")
    google.answers = {("PATCH", ""): [answer]}
    with pytest.raises(RunError, match="Vertex AI did not do what it was asked"):
        scheduled(tmp_path, "0 5 * * 1")
    assert states(google) == {"1": ("0 4 * * 1", "ACTIVE")}


def test_the_last_job_of_a_schedule(google: VertexServer) -> None:
    assert VERTEX.last_scheduled("m") is None
    for number, schedule in enumerate(["s/1", "s/1", ""]):
        name = f"projects/1/locations/r/pipelineJobs/m-{number}"
        google.jobs[name] = {"name": name, "scheduleName": schedule, "labels": {"commit": "c0"}}
    assert VERTEX.last_scheduled("m") == ("m-1", "c0")
    assert 'labels.model="m"' in google.requests[-1].query["filter"]


@pytest.mark.parametrize(("status", "words"), [(403, "no permission"), (503, "try later")])
@pytest.mark.parametrize("cron", [None, "0 4 * * 1"])
def test_a_refusal_is_told(
    google: VertexServer, tmp_path: Path, status: int, words: str, cron: str | None
) -> None:
    error = {"error": {"code": status, "message": words}}
    google.answers = {("POST", JOBS): [(status, error)], ("POST", SCHEDULES): [(status, error)]}
    with pytest.raises(RunError, match="Vertex AI did not do what it was asked") as told:
        VERTEX.submit(small_job(tmp_path, ".json", cron=cron))
    assert words in told.value.detail


@pytest.mark.parametrize(("cron", "end"), [(None, JOBS), ("0 4 * * 1", SCHEDULES)])
def test_an_answer_that_is_lost_on_the_way_is_no_failure(
    google: VertexServer, tmp_path: Path, cron: str | None, end: str
) -> None:
    create = google.otherwise

    def lose(request: Request) -> tuple[int, Any]:
        done = create(request)
        return (502, "bad gateway") if request.method == "POST" else done

    google.otherwise = lose  # type: ignore[method-assign]
    job = small_job(tmp_path, ".json", cron=cron, labels={"model": "m"})
    assert VERTEX.submit(job).where
    assert len(google.bodies("POST", end)) == 1


@pytest.mark.parametrize(("cron", "end"), [(None, JOBS), ("0 4 * * 1", SCHEDULES)])
def test_what_is_not_known_when_asked_again_is_not_believed(
    google: VertexServer, tmp_path: Path, cron: str | None, end: str
) -> None:
    made = {"name": f"projects/1/locations/r/{end.rpartition('/')[2]}/7"}
    google.answers = {("POST", end): [(200, made)]}
    with pytest.raises(RunError, match="Vertex AI did not do what it was asked"):
        VERTEX.submit(small_job(tmp_path, ".json", cron=cron, labels={"model": "m"}))


def test_a_name_that_a_job_has_is_refused(google: VertexServer, tmp_path: Path) -> None:
    VERTEX.check_ready("m-1", "m", scheduled=False)
    VERTEX.submit(small_job(tmp_path, ".json"))
    with pytest.raises(RunError, match="There is a job m-1 already") as told:
        VERTEX.check_ready("m-1", "m", scheduled=False)
    assert "pending, https://console.cloud.google.com" in told.value.detail
    VERTEX.check_ready("m", "m", scheduled=True)


def ended(state: str, **details: Any) -> dict[str, Any]:
    return {
        "name": "projects/1/locations/r/pipelineJobs/x-1",
        "state": f"PIPELINE_STATE_{state}",
        **details,
    }


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
    google: VertexServer, details: dict[str, Any], expected: str | None
) -> None:
    running = ended("RUNNING")
    google.answers = {("GET", "/x-1"): [(200, running), (200, ended("SUCCEEDED", **details))]}
    assert VERTEX.pushed("x-1", 0) == expected
    assert len(google.requests) == 2


def test_a_server_that_is_out_of_order_for_a_while_is_waited_for(google: VertexServer) -> None:
    bad = (502, "bad gateway")
    google.answers = {
        ("GET", "/x-1"): [(200, ended("RUNNING")), bad, bad, bad, bad, (200, ended("SUCCEEDED"))]
    }
    assert VERTEX.pushed("x-1", 0) is None
    for answers in ([bad], [(200, ended("RUNNING")), bad], [(200, ended("RUNNING")), (403, "no")]):
        google.answers = {("GET", "/x-1"): list(answers)}
        with pytest.raises(RunError, match="Vertex AI did not do what it was asked"):
            VERTEX.pushed("x-1", 0)


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED"])
def test_a_job_that_did_not_succeed_is_told_with_its_tasks(
    google: VertexServer, state: str
) -> None:
    task = {"taskName": "Trainer", "state": "FAILED", "error": {"message": "out of memory"}}
    unsuccessful = ended(state, jobDetail={"taskDetails": [task]})
    google.answers = {("GET", "/x-1"): [(200, unsuccessful)]}
    with pytest.raises(RunError, match=rf"(?s)x-1 {state.lower()}.*Trainer: out of memory") as told:
        VERTEX.pushed("x-1", 0)
    assert "/runs/x-1?project=p" in told.value.remedy


def test_a_job_that_does_not_exist_is_told(google: VertexServer) -> None:
    with pytest.raises(RunError, match="Vertex AI has no job x-1"):
        VERTEX.pushed("x-1", 0)


def test_the_regions_own_address_is_asked() -> None:
    asked: dict[str, Any] = VERTEX._client(dict)
    assert asked["client_options"] == {"api_endpoint": "r-aiplatform.googleapis.com"}


@pytest.mark.parametrize(
    "image",
    [
        f"registry.example.com/pipeline@sha256:{'0' * 64}",
        "europe-docker.pkg.dev/vertex-ai/prediction/tf2-cpu.2-15:latest",
    ],
)
def test_images_that_serve(image: str) -> None:
    assert Endpoint(name="e", image=image).image == image


def test_a_rehearsal_deploys_to_no_endpoint() -> None:
    endpoint = Endpoint(name="e", image="r/serving:1")
    deploys = VERTEX.model_copy(update={"endpoint": endpoint, "beam": Beam(args=("--runner=x",))})
    rehearsed = deploys.for_rehearsal()
    assert rehearsed == VERTEX.model_copy(update={"data": "gs://b", "beam": Beam()})


def test_dataflow_is_told_where() -> None:
    assert VERTEX.model_copy(update={"image": "r/p:1"}).beam_options() == {
        "project": "p",
        "region": "r",
        "sdk_container_image": "r/p:1",
        "temp_location": "gs://b/temp",
    }


def test_the_baseline_is_the_latest_that_was_blessed() -> None:
    from tfx.dsl.components.common.resolver import Resolver
    from tfx.types import standard_artifacts
    from tfx.types.channel import Channel

    target = VERTEX.graph_target("abc")
    trained = Channel(type=standard_artifacts.Model)
    assert isinstance(target.baseline(trained, target.serving), Resolver)
    assert (target.artifacts, target.serving) == ("gs://b/runs", "gs://b/serving_models")
    assert target.data_hash == "abc"


@pytest.mark.parametrize(
    "key", ["requested_cpus", "requested_memory_gb", "node_selector", "tolerations"]
)
def test_keys_for_nodes_of_kubernetes_are_refused(key: str) -> None:
    value = {"node_selector": {"a": "b"}, "tolerations": [{"key": "a"}]}.get(key, 1)
    values = {"project": "p", "region": "r", "bucket": "gs://b", "training": {key: value}}
    with pytest.raises(pydantic.ValidationError, match=f"{key} is for Kubeflow only"):
        VertexAI.model_validate(values)

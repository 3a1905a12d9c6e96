"""A Kubeflow cluster, as a server that answers like its API server sees it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from models.common.errors import ConfigError, ProjectError
from pipeline.cloud import job as jobs
from pipeline.cloud.kubeflow import endpoint
from pipeline.cloud.platforms import kfp
from pipeline.cloud.platforms.kfp import KubeflowPipelines
from tests.pipeline.cloud.kubeflow.kubeflow_server import KubeflowServer
from tests.pipeline.cloud.small_job import small_job

CLUSTER = KubeflowPipelines(bucket="gs://b", service_account="runner")
LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
"""As Kubernetes checks a label's value."""
LABELS = {"model": "m", "commit": "c0ffee" * 6, "data": "abc"}


def only(items: list[dict[str, Any]]) -> dict[str, Any]:
    [item] = items
    return item


@pytest.mark.parametrize("cached", [True, False])
def test_a_run(kubeflow: KubeflowServer, tmp_path: Path, cached: bool) -> None:
    job = small_job(tmp_path, ".yaml", cached=cached, labels=LABELS, image="r/p:1")
    accepted = CLUSTER.submit(job)
    run = only(kubeflow.items["runs"])
    pipeline, version = only(kubeflow.items["pipelines"]), only(kubeflow.items["versions"])
    assert accepted.where == f"{run['run_id']}, {kubeflow.url}/#/runs/details/{run['run_id']}"
    assert run["display_name"] == "m-1"
    assert run["experiment_id"] == only(kubeflow.items["experiments"])["experiment_id"]
    assert run["service_account"] == "runner"
    assert run["pipeline_version_reference"] == {
        "pipeline_id": pipeline["pipeline_id"],
        "pipeline_version_id": version["pipeline_version_id"],
    }
    assert (pipeline["display_name"], version["name"]) == ("m", "c0ffeec0ffee")
    described = f"model: m\ncommit: {'c0ffee' * 6}\ndata: abc\nimage: r/p:1"
    assert run["description"] == version["description"] == described
    task = version["pipeline_spec"]["pipeline_spec"]["root"]["dag"]["tasks"]["a"]
    assert bool(task.get("cachingOptions")) == cached
    assert kubeflow.requests[-1].headers["authorization"] == "Bearer secret-token"


def test_artifacts_go_where_the_specification_says(
    kubeflow: KubeflowServer, tmp_path: Path
) -> None:
    job = small_job(tmp_path, ".yaml")
    CLUSTER.submit(job)
    root = only(kubeflow.items["runs"])["runtime_config"]["pipeline_root"]
    specification = yaml.safe_load(job.specification.read_text())
    # Kubeflow adds the pipeline's name itself, and then the run's id.
    assert f"{root}/{specification['pipelineInfo']['name']}" == specification["defaultPipelineRoot"]


@pytest.mark.parametrize("cron", ["0 4 * * 1", "0 0 4 * * 1"])
def test_a_recurring_run(kubeflow: KubeflowServer, tmp_path: Path, cron: str) -> None:
    job = small_job(tmp_path, ".yaml", name="m", cron=cron, labels=LABELS)
    accepted = CLUSTER.submit(job)
    recurring = only(kubeflow.items["recurringruns"])
    assert accepted.where.startswith(recurring["recurring_run_id"])
    assert recurring["trigger"] == {"cron_schedule": {"cron": "0 0 4 * * 1"}}
    assert recurring["description"].startswith("model: m\n")
    assert (recurring["max_concurrency"], recurring["no_catchup"]) == ("1", True)
    assert recurring["runtime_config"] == {"pipeline_root": "gs://b/runs"}
    assert recurring["pipeline_version_reference"]["pipeline_version_id"]


def test_a_second_schedule_replaces_the_first(kubeflow: KubeflowServer, tmp_path: Path) -> None:
    for cron in ("0 4 * * 1", "0 5 * * 1"):
        job = small_job(tmp_path, ".yaml", name="m", cron=cron, labels=LABELS)
        accepted = CLUSTER.submit(job)
    old, new = kubeflow.items["recurringruns"]
    assert (old["status"], new["status"]) == ("DISABLED", "ENABLED")
    replaced = f"It replaces {old['recurring_run_id']} (0 0 4 * * 1), which is disabled."
    assert accepted.notes[-1] == replaced
    listed = CLUSTER.schedules("m", "m")
    assert [(each.cron, each.enabled) for each in listed] == [
        ("0 0 5 * * 1", True),
        ("0 0 4 * * 1", False),
    ]


def test_a_model_without_an_experiment_has_no_schedules(kubeflow: KubeflowServer) -> None:
    assert CLUSTER.schedules("m", "m") == []


def test_it_is_ready(kubeflow: KubeflowServer) -> None:
    CLUSTER.check_ready("m-1", "m", scheduled=False)
    CLUSTER.check_ready("m", "m", scheduled=True)
    assert {request.method for request in kubeflow.requests} == {"GET"}


def test_a_name_that_a_run_has_is_refused(kubeflow: KubeflowServer, tmp_path: Path) -> None:
    CLUSTER.submit(small_job(tmp_path, ".yaml"))
    with pytest.raises(ProjectError, match="There is a run m-1 already") as told:
        CLUSTER.check_ready("m-1", "m", scheduled=False)
    assert kubeflow.items["runs"][0]["run_id"] in told.value.detail
    CLUSTER.check_ready("m-2", "m", scheduled=False)


def test_a_cluster_that_is_not_named_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(endpoint.ENDPOINT, raising=False)
    with pytest.raises(ProjectError, match="The Kubeflow cluster is not named"):
        CLUSTER.check_ready("m-1", "m", scheduled=False)


def pods(kubeflow: KubeflowServer) -> dict[str, Any]:
    """What was submitted of each executor's pod."""
    sent = only(kubeflow.items["versions"])["pipeline_spec"]
    found: dict[str, Any] = sent["platform_spec"]["platforms"]["kubernetes"]["deploymentSpec"]
    return found["executors"]


def test_a_platform_specification_goes_along(kubeflow: KubeflowServer, tmp_path: Path) -> None:
    job = small_job(tmp_path, ".yaml", cached=False, labels=LABELS, image="r/p:1")
    selector = {"nodeSelector": {"labels": {"pool": "cpu"}}}
    executors = {"deploymentSpec": {"executors": {"executor": selector}}}
    platform: dict[str, Any] = {"platforms": {"kubernetes": executors}}
    text = f"{job.specification.read_text()}---\n{yaml.safe_dump(platform)}"
    job.specification.write_text(text)
    CLUSTER.submit(job)
    sent = only(kubeflow.items["versions"])["pipeline_spec"]
    assert pods(kubeflow)["executor"].pop("podMetadata")
    assert sent["platform_spec"] == platform
    assert "cachingOptions" not in sent["pipeline_spec"]["root"]["dag"]["tasks"]["a"]


def test_each_tasks_pod_carries_what_the_job_is_of_and_its_node(
    kubeflow: KubeflowServer, tmp_path: Path
) -> None:
    job = small_job(tmp_path, ".yaml", labels=LABELS, image="registry/p@sha256:0123")
    specification = yaml.safe_load(job.specification.read_text())
    executors = specification["deploymentSpec"]["executors"]
    executors["Trainer_executor"] = executors["executor"]
    executors["Resolver_executor"] = {"resolver": {}}
    job.specification.write_text(yaml.safe_dump(specification))
    CLUSTER.submit(job)
    found = pods(kubeflow)
    assert set(found) == {"executor", "Trainer_executor"}
    assert found["Trainer_executor"] == {
        "podMetadata": {"labels": {**LABELS, "image": "p-sha256-0123", "node": "Trainer"}}
    }


@given(st.text(), st.text())
def test_labels_of_pods_are_what_kubernetes_takes(model: str, image: str) -> None:
    documents: list[dict[str, Any]] = [
        {"deploymentSpec": {"executors": {f"{model}_executor": {"container": {}}}}}
    ]
    labels = {key: jobs.label(model) for key in ("model", "commit", "data")}
    kfp._label_pods(documents, jobs.Job("m-1", model, Path("m.yaml"), labels, image))
    executors = documents[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    [pod] = executors.values()
    for key, value in pod["podMetadata"]["labels"].items():
        assert LABEL.fullmatch(value), key


def test_a_second_run_of_the_same_is_no_further_version(
    kubeflow: KubeflowServer, tmp_path: Path
) -> None:
    for name in ("m-1", "m-2"):
        CLUSTER.submit(small_job(tmp_path, ".yaml", name=name, labels=LABELS))
    assert len(kubeflow.items["runs"]) == 2
    only(kubeflow.items["versions"])


@pytest.mark.tfx
def test_what_a_job_has_pushed_is_not_asked_for() -> None:
    with pytest.raises(ProjectError, match="What m-1 has pushed is not known") as told:
        CLUSTER.pushed("m-1", 0)
    assert "Kubeflow Pipelines" in told.value.detail
    assert "gs://b/serving_models" in told.value.remedy


@pytest.mark.tfx
def test_the_baseline_is_the_latest_that_was_pushed() -> None:
    from tfx.types import standard_artifacts
    from tfx.types.channel import Channel

    from components.evaluation.pushed_baseline import PushedBaseline

    target = CLUSTER.graph_target(None)
    trained = Channel(type=standard_artifacts.Model)
    assert isinstance(target.baseline(trained, target.serving), PushedBaseline)


TAINT = {"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}


def beside(**keys: Any) -> dict[str, Any]:
    """What the compiled file says of each executor's pod."""
    content = {"bucket": "s3://b", **keys}
    platform = KubeflowPipelines.model_validate(content)
    found = platform.platform_specification(["ExampleGen_executor", "Trainer_executor"])
    return found["platforms"]["kubernetes"]["deploymentSpec"]["executors"] if found else {}


def test_a_task_is_ended_by_its_container_where_nothing_is_asked_for() -> None:
    platform = KubeflowPipelines.model_validate({"bucket": "s3://b", "variables": {"A": "b"}})
    assert platform.platform_specification(["Trainer_executor"]) is None
    assert platform.environment() == {"PIPELINE_TIMEOUT_MINUTES": "1440", "A": "b"}
    assert platform.model_copy(update={"timeout_minutes": None}).environment() == {"A": "b"}


@pytest.mark.parametrize("key", [{"node_selector": {"a": "b"}}, {"tolerations": [TAINT]}])
def test_nodes_of_the_cluster_are_not_said_in_the_machine(key: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="beside `machine`"):
        KubeflowPipelines.model_validate({"bucket": "s3://b", "machine": key})


@pytest.mark.parametrize(
    ("keys", "example_gen", "trainer"),
    [
        ({}, None, None),
        (
            {"timeout_minutes": 1.5},
            {"activeDeadlineSeconds": "90"},
            {"activeDeadlineSeconds": "90"},
        ),
        (
            {"node_selector": {"pool": "cpu"}, "training": {"node_selector": {"pool": "gpu"}}},
            {"nodeSelector": {"labels": {"pool": "cpu"}}},
            {"nodeSelector": {"labels": {"pool": "gpu"}}},
        ),
        ({"training": {"tolerations": [TAINT]}}, None, {"tolerations": [TAINT]}),
        (
            {"tolerations": [{"key": "a", "value": "b"}]},
            {"tolerations": [{"key": "a", "operator": "Equal", "value": "b"}]},
            {"tolerations": [{"key": "a", "operator": "Equal", "value": "b"}]},
        ),
        (
            {"secrets": {"KEY": {"secret": "s", "key": "k"}}},
            *[
                {
                    "secretAsEnv": [
                        {"secretName": "s", "keyToEnv": [{"secretKey": "k", "envVar": "KEY"}]}
                    ]
                }
            ]
            * 2,
        ),
    ],
)
def test_what_pods_need_is_said_beside_the_specification(
    keys: dict[str, Any], example_gen: Any, trainer: Any
) -> None:
    found = beside(**keys)
    assert found.get("ExampleGen_executor") == example_gen
    assert found.get("Trainer_executor") == trainer


@pytest.mark.parametrize(
    ("bucket", "args", "refused"),
    [
        ("s3://b", ["--runner=FnApiRunner"], False),
        ("s3://b", ["--runner=PortableRunner", "--environment_type=LOOPBACK"], False),
        ("s3://b", ["--runner=FlinkRunner"], True),
        ("minio://b", ["--runner=DataflowRunner"], True),
        ("gs://b", ["--runner=FlinkRunner"], False),
    ],
)
def test_workers_elsewhere_need_a_bucket_that_tensorflow_reads(
    bucket: str, args: list[str], refused: bool
) -> None:
    platform = KubeflowPipelines(bucket=bucket)
    if not refused:
        platform.check_beam(args, "targets.yaml: kfp.beam.args")
        return
    with pytest.raises(ConfigError, match=r"targets\.yaml: kfp\.beam\.args"):
        platform.check_beam(args, "targets.yaml: kfp.beam.args")

"""A Kubeflow cluster, through its real client, as a server that speaks its API sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.common.errors import RunError
from pipeline.cloud.platforms import kfp
from pipeline.cloud.platforms.kfp import KubeflowPipelines
from tests.helpers.cloud_server import Server
from tests.pipeline.cloud.small_job import small_job

pytestmark = pytest.mark.tfx

CLUSTER = KubeflowPipelines(bucket="gs://b", service_account="runner")


@pytest.mark.parametrize("cached", [True, False])
def test_a_run(kubeflow: Server, tmp_path: Path, cached: bool) -> None:
    assert CLUSTER.submit(small_job(tmp_path, ".yaml", cached=cached)) == "r1"
    (body,) = kubeflow.bodies("POST", "/runs")
    assert body["display_name"] == "m-1"
    assert body["experiment_id"] == "e1"
    assert body["service_account"] == "runner"
    assert body["pipeline_spec"]["pipelineInfo"]["name"] == "m"
    task = body["pipeline_spec"]["root"]["dag"]["tasks"]["a"]
    assert bool(task["cachingOptions"].get("enableCache")) == cached
    assert kubeflow.requests[-1].headers["authorization"] == "Bearer secret-token"


@pytest.mark.parametrize("cron", ["0 4 * * 1", "0 0 4 * * 1"])
def test_a_recurring_run(kubeflow: Server, tmp_path: Path, cron: str) -> None:
    job = small_job(tmp_path, ".yaml", cron=cron, labels={"model": "m", "commit": "c0ffee"})
    assert CLUSTER.submit(job) == "rr1"
    (body,) = kubeflow.bodies("POST", "/recurringruns")
    assert body["trigger"]["cron_schedule"]["cron"] == "0 0 4 * * 1"
    assert body["description"] == "model: m, commit: c0ffee"


def test_a_refusal_is_told(kubeflow: Server, tmp_path: Path) -> None:
    kubeflow.answers = {("GET", "/healthz"): [(401, "log in first")]}
    with pytest.raises(RunError, match=r"(?s)m-1 could not be submitted to http.*log in first"):
        CLUSTER.submit(small_job(tmp_path, ".yaml"))


def test_a_cluster_that_is_not_there_is_told(
    kubeflow: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(kfp.ENDPOINT, "http://127.0.0.1:9")
    with pytest.raises(RunError, match=r"could not be submitted to http://127\.0\.0\.1:9"):
        CLUSTER.submit(small_job(tmp_path, ".yaml"))


def test_a_cluster_that_is_not_named_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(kfp.ENDPOINT, raising=False)
    with pytest.raises(RunError, match="The Kubeflow cluster is not named"):
        CLUSTER.submit(small_job(tmp_path, ".yaml"))


def test_what_a_job_has_pushed_is_not_asked_for() -> None:
    with pytest.raises(RunError, match="What m-1 has pushed is not known") as told:
        CLUSTER.pushed("m-1", 0)
    assert "Kubeflow Pipelines" in told.value.detail
    assert "gs://b/serving_models" in told.value.remedy


def test_the_baseline_is_the_latest_that_was_pushed() -> None:
    from tfx.types import standard_artifacts
    from tfx.types.channel import Channel

    from components.pushed_baseline import PushedBaseline

    target = CLUSTER.graph_target(None)
    trained = Channel(type=standard_artifacts.Model)
    assert isinstance(target.baseline(trained, target.serving), PushedBaseline)

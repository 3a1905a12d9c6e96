"""Experiments, and the runs in them."""

from __future__ import annotations

import pytest

from models.common.errors import RunError
from pipeline.cloud.kubeflow import runs
from pipeline.cloud.kubeflow.api import KubeflowApi
from pipeline.cloud.kubeflow.endpoint import Endpoint
from tests.pipeline.cloud.kubeflow.kubeflow_server import KubeflowServer


@pytest.fixture
def api(kubeflow: KubeflowServer) -> KubeflowApi:
    return KubeflowApi(Endpoint(kubeflow.url))


def test_an_experiment_is_made_once(kubeflow: KubeflowServer, api: KubeflowApi) -> None:
    assert runs.experiment(api, "m") is None
    made = runs.make_experiment(api, "m")
    assert runs.make_experiment(api, "m") == made == runs.experiment(api, "m")
    assert len(kubeflow.items["experiments"]) == 1


def test_an_experiment_of_a_namespace(kubeflow: KubeflowServer) -> None:
    runs.make_experiment(KubeflowApi(Endpoint(kubeflow.url), "me"), "m")
    assert kubeflow.items["experiments"][0]["namespace"] == "me"


def test_an_archived_experiment_is_told(kubeflow: KubeflowServer, api: KubeflowApi) -> None:
    runs.make_experiment(api, "m")
    kubeflow.items["experiments"][0]["storage_state"] = "ARCHIVED"
    with pytest.raises(RunError, match="The experiment m is archived"):
        runs.experiment(api, "m")


def test_names_are_of_one_experiment(kubeflow: KubeflowServer, api: KubeflowApi) -> None:
    first, second = runs.make_experiment(api, "m"), runs.make_experiment(api, "n")
    run = runs.start(api, first, "m-1", {"description": "what"})
    runs.check_new(api, second, "m-1")
    runs.check_new(api, first, "m-2")
    kubeflow.items["runs"][0]["state"] = "RUNNING"
    with pytest.raises(RunError, match="There is a run m-1 already") as told:
        runs.check_new(api, first, "m-1")
    assert f"run {run} of 2026" in told.value.detail and "running" in told.value.detail

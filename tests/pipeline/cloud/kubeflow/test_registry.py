"""Pipelines and versions as they are registered."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from models.common.errors import RunError
from pipeline.cloud.kubeflow import registry
from pipeline.cloud.kubeflow.api import KubeflowApi
from pipeline.cloud.kubeflow.endpoint import Endpoint
from tests.helpers.cloud_server import Request
from tests.pipeline.cloud.kubeflow.kubeflow_server import KubeflowServer

ONE, OTHER = "pipelineInfo: {name: m}\n", "pipelineInfo: {name: m}\nroot: {dag: {}}\n"


@pytest.fixture
def api(kubeflow: KubeflowServer) -> KubeflowApi:
    return KubeflowApi(Endpoint(kubeflow.url))


def test_versions_have_the_commits_name_if_that_says_what_is_in_them(
    kubeflow: KubeflowServer, api: KubeflowApi
) -> None:
    def name(commit: str | None, specification: str) -> str:
        return registry.register(api, "m", commit, specification, "what").name

    assert name("c0ffee", ONE) == "c0ffee"
    # The same specification is the same version, in whatever letters it is written.
    assert name("c0ffee", "{pipelineInfo: {name: m}}") == "c0ffee"
    other = name("c0ffee", OTHER)
    assert other.startswith("c0ffee-") and len(other) == len("c0ffee-") + 8
    assert name("c0ffee", OTHER) == other
    assert name("c0ffee-dirty", ONE).startswith("c0ffee-dirty-")
    assert len(name(None, ONE)) == 8
    assert len(kubeflow.items["pipelines"]) == 1
    assert len(kubeflow.items["versions"]) == 4


def test_two_versions_of_one_hash_are_told(kubeflow: KubeflowServer, api: KubeflowApi) -> None:
    registry.register(api, "m", None, ONE, "what")
    kubeflow.items["versions"][0]["pipeline_spec"] = {}
    with pytest.raises(RunError, match="with another specification"):
        registry.register(api, "m", None, ONE, "what")


def test_a_specification_that_the_server_refuses_is_told(
    kubeflow: KubeflowServer, api: KubeflowApi
) -> None:
    said = {"error_message": "unknown template format"}
    kubeflow.answers = {("POST", "/upload_version"): [(400, said)]}
    with pytest.raises(RunError, match="unknown template format"):
        registry.register(api, "m", "c0ffee", ONE, "what")


def test_somebody_who_is_faster_is_found(kubeflow: KubeflowServer, api: KubeflowApi) -> None:
    look = kubeflow.otherwise

    def register_meanwhile(request: Request) -> tuple[int, Any]:
        answer = look(request)
        kubeflow.otherwise = look  # type: ignore[method-assign]
        registry.register(api, "m", "c0ffee", ONE, "what")
        return answer

    kubeflow.otherwise = register_meanwhile  # type: ignore[method-assign]
    registry.register(api, "m", "c0ffee", ONE, "what")
    assert (len(kubeflow.items["pipelines"]), len(kubeflow.items["versions"])) == (1, 1)


def test_the_platforms_part_is_told_from_the_pipelines() -> None:
    pipeline: dict[str, Any] = yaml.safe_load(ONE)
    platform: dict[str, Any] = {"platforms": {"kubernetes": {}}}
    text = yaml.safe_dump_all([pipeline, platform])
    assert registry.served_form(ONE) == pipeline
    expected = {"pipeline_spec": pipeline, "platform_spec": platform}
    assert registry.served_form(text) == expected

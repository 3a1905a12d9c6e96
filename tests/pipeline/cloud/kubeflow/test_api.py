"""Kubeflow Pipelines' API: what is believed, and what is not."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from models.common.errors import ConfigError, ProjectError
from pipeline.cloud.answers import AnswerError
from pipeline.cloud.kubeflow.api import KubeflowApi
from pipeline.cloud.kubeflow.endpoint import Endpoint
from tests.helpers.cloud_server import Request
from tests.pipeline.cloud.kubeflow.kubeflow_server import KubeflowServer

V2 = "/apis/v2beta1"


@pytest.fixture
def api(kubeflow: KubeflowServer) -> KubeflowApi:
    return KubeflowApi(Endpoint(kubeflow.url))


def nothing() -> None:
    return None


def test_a_server_that_is_well(kubeflow: KubeflowServer, api: KubeflowApi) -> None:
    api.check()
    assert "authorization" not in kubeflow.requests[0].headers


@pytest.mark.parametrize(
    ("endpoint", "sent"),
    [
        ({"token": "abc"}, "Bearer abc"),
        ({"login": ("me", "you")}, f"Basic {base64.b64encode(b'me:you').decode()}"),
    ],
)
def test_the_login_is_sent(kubeflow: KubeflowServer, endpoint: Any, sent: str) -> None:
    KubeflowApi(Endpoint(kubeflow.url, **endpoint)).check()
    assert {request.headers["authorization"] for request in kubeflow.requests} == {sent}


def test_a_path_before_the_api(kubeflow: KubeflowServer) -> None:
    with pytest.raises(AnswerError):
        KubeflowApi(Endpoint(f"{kubeflow.url}/pipeline")).check()
    assert kubeflow.requests[0].path == f"/pipeline{V2}/healthz"


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"/apis/v2beta1/healthz": (404, ""), "/v1beta1/healthz": (200, {})}, "Pipelines 1"),
        ({"/healthz": (200, {"apiServerReady": False})}, "its API server does not"),
        ({"/healthz": (200, {"status": "ok"})}, "without multi_user"),
        ({"/healthz": (200, {"multi_user": True})}, "is for several users"),
        ({"/experiments": (401, "who?")}, "Received: status 401: who?"),
        ({"/experiments": (403, "no")}, "ask for the right"),
    ],
)
def test_a_server_that_is_not_ready_is_told(
    kubeflow: KubeflowServer, api: KubeflowApi, answers: dict[str, Any], words: str
) -> None:
    kubeflow.answers = {("GET", end): [answer] for end, answer in answers.items()}
    with pytest.raises(ProjectError) as told:
        api.check()
    assert words in str(told.value)


def test_a_server_for_several_users(kubeflow: KubeflowServer) -> None:
    kubeflow.answers = {("GET", "/healthz"): [(200, {"multi_user": True})]}
    KubeflowApi(Endpoint(kubeflow.url), "me").check()
    assert kubeflow.requests[-1].query["namespace"] == "me"
    with pytest.raises(ConfigError, match="for several users"):
        KubeflowApi(Endpoint(kubeflow.url)).check()


def test_all_pages_are_read(kubeflow: KubeflowServer, api: KubeflowApi) -> None:
    kubeflow.items["runs"] = [{"run_id": str(number), "display_name": "a"} for number in range(5)]
    assert len([*api.listed("/runs", "runs")]) == 5
    assert len(api.named("/runs", "runs", "a")) == 5
    assert api.named("/runs", "runs", "b") == []


@pytest.mark.parametrize("runs", [{"a": 1}, "text", [1], None])
def test_a_list_of_something_else_is_not_believed(
    kubeflow: KubeflowServer, api: KubeflowApi, runs: Any
) -> None:
    kubeflow.answers = {("GET", "/runs"): [(200, {"runs": runs})]}
    with pytest.raises(AnswerError):
        [*api.listed("/runs", "runs")]


def test_what_is_not_there(api: KubeflowApi) -> None:
    assert api.find("/runs/7") is None
    with pytest.raises(AnswerError) as told:
        api.get("/runs/7")
    assert "7 not found" in told.value.detail


def test_what_is_made_is_asked_for_again(kubeflow: KubeflowServer, api: KubeflowApi) -> None:
    made = api.create("/runs", "run_id", {"display_name": "a"}, nothing)
    asked = [(request.method, request.path) for request in kubeflow.requests]
    assert asked == [("POST", f"{V2}/runs"), ("GET", f"{V2}/runs/{made['run_id']}")]


@pytest.mark.parametrize("answer", [{}, {"run_id": ""}, {"run_id": 7}, {"run_id": "unknown"}])
def test_an_answer_without_a_known_id_is_not_believed(
    kubeflow: KubeflowServer, api: KubeflowApi, answer: Any
) -> None:
    kubeflow.answers = {("POST", "/runs"): [(200, answer)]}
    with pytest.raises(AnswerError) as told:
        api.create("/runs", "run_id", {"display_name": "a"}, nothing)
    assert "run_id" in told.value.detail


@pytest.mark.parametrize("lost", [(502, "<html>Bad gateway</html>"), (200, "<html>Hello</html>")])
def test_an_answer_that_is_lost_on_the_way_is_looked_up(
    kubeflow: KubeflowServer, api: KubeflowApi, lost: Any
) -> None:
    create = kubeflow.otherwise

    def lose(request: Request) -> tuple[int, Any]:
        done = create(request)
        return lost if request.method == "POST" else done

    kubeflow.otherwise = lose  # type: ignore[method-assign]

    def known() -> dict[str, Any] | None:
        return next(iter(api.named("/runs", "runs", "a")), None)

    made = api.create("/runs", "run_id", {"display_name": "a"}, known)
    assert [made] == kubeflow.items["runs"]


def test_a_refusal_is_not_looked_up(kubeflow: KubeflowServer, api: KubeflowApi) -> None:
    kubeflow.answers = {("POST", "/runs"): [(400, {"message": "no such version"})]}
    with pytest.raises(AnswerError, match="no such version") as told:
        api.create("/runs", "run_id", {}, lambda: pytest.fail("not to be asked"))
    assert told.value.refused

"""Vertex AI's jobs and schedules, as far as `platforms/test_vertex.py` does not show them."""

from __future__ import annotations

from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.aiplatform_v1 import types

from pipeline.cloud.answers import AnswerError
from pipeline.cloud.google import PipelineServices, in_words
from tests.helpers.cloud_server import Request
from tests.pipeline.cloud.vertex_server import VertexServer


@pytest.fixture
def services(google: VertexServer) -> PipelineServices:
    def client(service: Any) -> Any:
        return service(
            transport="rest",
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": google.url},
        )

    return PipelineServices("projects/p/locations/r", client)


def test_a_job_that_is_not_there_is_none(services: PipelineServices) -> None:
    assert services.find_job("m-1") is None


def test_a_job_of_another_name_is_not_believed(
    google: VertexServer, services: PipelineServices
) -> None:
    other = {"name": "projects/1/locations/r/pipelineJobs/m-2"}
    google.answers = {("GET", "/m-1"): [(200, other)]}
    with pytest.raises(AnswerError, match="an answer without its name"):
        services.find_job("m-1")


def test_a_job_that_is_started_at_once_by_another_is_a_refusal(
    google: VertexServer, services: PipelineServices
) -> None:
    services.create_job("m-1", types.PipelineJob(display_name="m-1"))
    with pytest.raises(AnswerError, match="already exists") as told:
        services.create_job("m-1", types.PipelineJob(display_name="m-1"))
    assert told.value.refused


def test_a_lost_answer_about_a_job_that_is_not_there_is_told(
    google: VertexServer, services: PipelineServices
) -> None:
    google.answers = {("POST", "/pipelineJobs"): [(504, "too late")]}
    with pytest.raises(AnswerError, match="too late"):
        services.create_job("m-1", types.PipelineJob(display_name="m-1"))


def test_all_pages_of_schedules_are_read(google: VertexServer, services: PipelineServices) -> None:
    def schedule(number: int, model: str) -> dict[str, Any]:
        job = {"labels": {"model": model}}
        return {
            "name": f"projects/1/locations/r/schedules/{number}",
            "cron": "0 4 * * 1",
            "state": "ACTIVE",
            "createTime": f"2026-11-26T13:00:0{number}Z",
            "createPipelineJobRequest": {"pipelineJob": job},
        }

    pages = {
        None: {"schedules": [schedule(1, "m"), schedule(2, "n")], "nextPageToken": "x"},
        "x": {"schedules": [schedule(3, "m")]},
    }

    def page(request: Request) -> tuple[int, Any]:
        return 200, pages[request.query.get("pageToken")]

    google.otherwise = page  # type: ignore[method-assign]
    assert [found.id for found in services.schedules("m")] == ["3", "1"]


def test_states_are_words() -> None:
    assert in_words(types.PipelineState.PIPELINE_STATE_FAILED) == "failed"

"""Vertex AI Pipelines: submits jobs and schedules, and says what a job has pushed."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.cloud import aiplatform_v1
from google.cloud.aiplatform_v1 import types
from google.protobuf import json_format
from requests import RequestException

from models.common.errors import RunError
from pipeline import nodes
from pipeline.cloud.submission.job import Job
from pipeline.config.target_schema import VertexTarget

_State = types.PipelineState
_ENDED = {
    _State.PIPELINE_STATE_SUCCEEDED,
    _State.PIPELINE_STATE_FAILED,
    _State.PIPELINE_STATE_CANCELLED,
}
_CONSOLE = "https://console.cloud.google.com/vertex-ai/pipelines/locations"


@dataclass(frozen=True)
class Connection:
    """How to reach Vertex AI; the defaults are those of the real one."""

    endpoint: str | None = None
    credentials: Credentials | None = None


def submit(job: Job, target: VertexTarget, connection: Connection = Connection()) -> str:
    """Submits a job, or a schedule of it; returns the address of a page that shows it.

    Raises:
        RunError: Vertex AI refused it, or could not be reached.
    """
    with _telling(f"{job.name} could not be submitted to Vertex AI"):
        if job.cron is None:
            client = _client(aiplatform_v1.PipelineServiceClient, target, connection)
            client.create_pipeline_job(
                parent=_parent(target),
                pipeline_job=_resource(job, target),
                pipeline_job_id=job.name,
            )
            return f"{_CONSOLE}/{target.region}/runs/{job.name}?project={target.project}"
        client = _client(aiplatform_v1.ScheduleServiceClient, target, connection)
        created = client.create_schedule(
            parent=_parent(target), schedule=_schedule(job, job.cron, target)
        )
        number = created.name.rpartition("/")[2]
        return f"{_CONSOLE}/{target.region}/schedules/{number}?project={target.project}"


def pushed(
    name: str, target: VertexTarget, seconds: float, connection: Connection = Connection()
) -> str | None:
    """Waits until a job has ended, and says where it pushed its model.

    Args:
        name: The job's name.
        target: Where it runs.
        seconds: Between two looks.
        connection: How to reach Vertex AI.

    Returns:
        The address of the pushed version; None where nothing was pushed, as it was not blessed.

    Raises:
        RunError: The job failed or was cancelled, or there is none, or Vertex AI could not be
            reached.
    """
    with _telling(f"Vertex AI does not say how {name} went"):
        client = _client(aiplatform_v1.PipelineServiceClient, target, connection)
        resource = f"{_parent(target)}/pipelineJobs/{name}"
        while (job := client.get_pipeline_job(name=resource)).state not in _ENDED:
            time.sleep(seconds)
    if job.state != _State.PIPELINE_STATE_SUCCEEDED:
        failed = [
            f"{task.task_name}: {task.error.message}"
            for task in job.job_detail.task_details
            if task.state == types.PipelineTaskDetail.State.FAILED
        ]
        raise RunError(
            f"{name} {job.state.name.removeprefix('PIPELINE_STATE_').lower()}",
            "\n".join(failed or [job.error.message]),
            f"Its log: {_CONSOLE}/{target.region}/runs/{name}?project={target.project}",
        )
    return _pushed(job)


def _resource(job: Job, target: VertexTarget) -> types.PipelineJob:
    compiled = json.loads(job.specification.read_text(encoding="utf-8"))
    specification = compiled["pipelineSpec"]
    if not job.cached:
        for task in specification["root"]["dag"]["tasks"].values():
            task.pop("cachingOptions", None)
    resource = types.PipelineJob(
        display_name=job.name, labels=job.labels, service_account=target.service_account or ""
    )
    raw = types.PipelineJob.pb(resource)
    json_format.ParseDict(specification, raw.pipeline_spec)
    raw.runtime_config.gcs_output_directory = specification["defaultPipelineRoot"]
    return resource


def _schedule(job: Job, cron: str, target: VertexTarget) -> types.Schedule:
    return types.Schedule(
        display_name=job.name,
        cron=cron,
        # A run that takes longer than the time between two is not joined by a second.
        max_concurrent_run_count=1,
        create_pipeline_job_request=types.CreatePipelineJobRequest(
            parent=_parent(target), pipeline_job=_resource(job, target)
        ),
    )


def _pushed(job: types.PipelineJob) -> str | None:
    for task in job.job_detail.task_details:
        if task.task_name == nodes.PUSHER and "pushed_model" in task.outputs:
            for artifact in task.outputs["pushed_model"].artifacts:
                metadata = dict(artifact.metadata or {})
                if metadata.get("pushed"):
                    return str(metadata.get("pushed_destination") or artifact.uri)
    return None


def _parent(target: VertexTarget) -> str:
    return f"projects/{target.project}/locations/{target.region}"


def _client(kind: Any, target: VertexTarget, connection: Connection) -> Any:
    endpoint = connection.endpoint or f"{target.region}-aiplatform.googleapis.com"
    return kind(
        transport="rest",
        credentials=connection.credentials,
        client_options={"api_endpoint": endpoint},
    )


@contextlib.contextmanager
def _telling(headline: str) -> Iterator[None]:
    try:
        yield
    except (GoogleAPICallError, RetryError, GoogleAuthError, RequestException) as error:
        raise RunError(
            headline,
            f"Received: {type(error).__name__}: {error}",
            "Check vertex in targets.yaml, and that you are logged in as somebody who may do this: "
            "gcloud auth application-default login. docs/ship.md lists the roles.",
        ) from error

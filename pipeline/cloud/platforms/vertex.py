"""Vertex AI Pipelines: jobs, schedules, and what a job has pushed."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import pydantic

from models.common.errors import RunError
from pipeline import nodes
from pipeline.cloud import cron as crons
from pipeline.cloud import google, images
from pipeline.cloud.answers import AnswerError
from pipeline.cloud.job import Accepted, Job, Schedule, labels_of, tasks_of
from pipeline.cloud.platforms.base import UNKNOWN, Platform
from pipeline.cloud.recording import secret
from pipeline.config.base import Count, Section, Text, refuse
from pipeline.config.target_schema import Machine

if TYPE_CHECKING:
    from google.cloud.aiplatform_v1 import types
    from tfx.dsl.components.base.base_node import BaseNode
    from tfx.types.channel import BaseChannel
    from typing_extensions import Self

_MOST_FAILURES = 5
"""How often in a row Vertex AI may not answer while a job is waited for."""
_CONSOLE = "https://console.cloud.google.com/vertex-ai/pipelines/locations"
# Vertex AI's own containers for predictions have no tag but latest.
_PREBUILT = re.compile(r"[a-z]+-docker\.pkg\.dev/vertex-ai/prediction/[\w.-]+:latest")


def _serves(image: str) -> str:
    return image if _PREBUILT.fullmatch(image) else images.check(image)


ServingImage = Annotated[Text, pydantic.AfterValidator(_serves)]


class Endpoint(Section):
    """A Vertex AI endpoint to deploy to, in the place of a bucket."""

    name: Text
    """The endpoint's display name; it is created if there is none."""
    image: ServingImage
    """The container that serves: one of Vertex AI's own, or one that starts as those do."""
    machine_type: Text = "n1-standard-4"
    """The machine that serves."""
    replicas: Count = 1
    """How many of it, at least."""


def _is_a_secret(name: str) -> str:
    if not secret.NAME.fullmatch(name):
        refuse("expected a version of a secret, projects/<project>/secrets/<name>/versions/latest")
    return name


class Neptune(Section):
    """A Neptune server that runs are sent to."""

    project: Text
    """The project there, `workspace/name`."""
    token: Annotated[Text, pydantic.AfterValidator(_is_a_secret)]
    """The version of a secret in Secret Manager that holds the API token."""


class VertexAI(Platform):
    """Vertex AI Pipelines."""

    title: ClassVar[str] = "Vertex AI"
    driver: ClassVar[str] = "vertex_ai"
    specification_suffix: ClassVar[str] = ".json"
    cron_rules: ClassVar[crons.Rules] = crons.Rules(zones=True)
    job_placeholder: ClassVar[str] = "{{$.pipeline_job_resource_name}}"

    project: Text
    """The Google Cloud project's id."""
    region: Text
    """The region where pipelines run, such as europe-west4."""
    service_account: Text | None = None
    """Whose permissions the tasks have; null: the project's default."""
    endpoint: Endpoint | None = None
    """Where blessed models are deployed; null: they go to the bucket."""
    neptune: Neptune | None = None
    """A Neptune server that runs are sent to; null: the records in the bucket are all."""

    @pydantic.field_validator("machine", "training")
    @classmethod
    def _is_no_node_of_kubernetes(cls, machine: Machine) -> Machine:
        known = {"cpus", "memory_gb", "accelerator"}
        for key, value in machine:
            if key not in known and value:
                refuse(f"{key} is for Kubeflow only: Vertex AI picks the machine")
        return machine

    @pydantic.field_validator("bucket")
    @classmethod
    def _is_in_google_cloud(cls, bucket: str) -> str:
        if not bucket.startswith("gs://"):
            refuse("expected a bucket of Google Cloud Storage, gs://...")
        return bucket

    @classmethod
    def placeholder(cls) -> Self:
        """What a rehearsal takes where `targets.yaml` has no such section."""
        return cls(project="rehearsal", region="nowhere", bucket="gs://rehearsal")

    def for_rehearsal(self) -> Self:
        """The same without an endpoint: the model goes to the bucket."""
        return super().for_rehearsal().model_copy(update={"endpoint": None})

    def beam_options(self) -> dict[str, str]:
        """Beam options by name, with what Dataflow asks for."""
        return super().beam_options() | {"project": self.project, "region": self.region}

    def baseline(self, trained: BaseChannel, serving: str) -> BaseNode:
        """The latest blessed model: of TFX's strategies, Vertex AI runs this one alone."""
        from tfx.dsl.components.common.resolver import Resolver
        from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import (
            LatestBlessedModelStrategy,
        )
        from tfx.types import standard_artifacts
        from tfx.types.channel import Channel

        return Resolver(
            strategy_class=LatestBlessedModelStrategy,
            model=Channel(type=standard_artifacts.Model),
            model_blessing=Channel(type=standard_artifacts.ModelBlessing),
        )

    def pusher(self, serving: str, **inputs: BaseChannel) -> BaseNode:
        """The node that pushes to the bucket, or deploys to the endpoint."""
        if self.endpoint is None:
            return super().pusher(serving, **inputs)
        from tfx.extensions.google_cloud_ai_platform import constants
        from tfx.extensions.google_cloud_ai_platform.pusher.component import Pusher

        del inputs["profile"]  # An endpoint has no folder for each version.
        return Pusher(
            **inputs,
            custom_config={
                constants.ENABLE_VERTEX_KEY: True,
                constants.VERTEX_REGION_KEY: self.region,
                constants.VERTEX_CONTAINER_IMAGE_URI_KEY: self.endpoint.image,
                constants.SERVING_ARGS_KEY: {
                    "project_id": self.project,
                    "endpoint_name": self.endpoint.name,
                    "machine_type": self.endpoint.machine_type,
                    "min_replica_count": self.endpoint.replicas,
                },
            },
        )

    def check_ready(self, name: str, model: str, scheduled: bool) -> None:
        """Sees whether Vertex AI can be asked, and has no such job.

        Raises:
            RunError: It cannot, or it has.
        """
        self._services.check()
        if scheduled:
            self._services.schedules(model)
            return
        found = self._services.find_job(name)
        if found is not None:
            raise RunError(
                f"There is a job {name} already",
                f"Received: {google.in_words(found.state)}, {self._page(f'runs/{name}')}",
                "Choose another --run, or leave it out: the name then ends with the time.",
            )

    def submit(self, job: Job) -> Accepted:
        """Submits a job, or a schedule of it; returns the address of a page that shows it.

        Raises:
            RunError: Vertex AI refused it, or cannot be reached or believed.
        """
        if job.cron is None:
            self._services.create_job(job.name, self._pipeline_job(job))
            return Accepted(self._page(f"runs/{job.name}"), run=job.name)
        label = job.labels.get("model", job.model)
        made, old, paused = self._services.put_schedule(label, self._schedule(job))
        notes = [f"It was there before ({old.cron}), and is updated."] if old else []
        notes += [f"It replaces {each.id} ({each.cron}), which is paused." for each in paused]
        return Accepted(self._page(f"schedules/{made}"), notes)

    def page(self, job: str) -> str | None:
        """The page of a job in Google Cloud's console."""
        return self._page(f"runs/{job}")

    def neptune_variables(self) -> dict[str, str]:
        """The server's project, and where its token is."""
        if self.neptune is None:
            return {}
        token = f"{secret.PREFIX}{self.neptune.token}"
        return {"NEPTUNE_PROJECT": self.neptune.project, "NEPTUNE_API_TOKEN": token}

    def schedules(self, model: str, label: str) -> list[Schedule]:
        """The model's schedules, the newest first.

        Raises:
            RunError: Vertex AI cannot be reached or believed.
        """
        return self._services.schedules(label)

    def last_scheduled(self, label: str) -> tuple[str, str] | None:
        """The newest job of the model's schedule that has succeeded: its name and commit.

        Raises:
            RunError: Vertex AI cannot be reached or believed.
        """
        job = self._services.last_scheduled(label)
        return job and (job.name.rpartition("/")[2], job.labels.get("commit", UNKNOWN))

    def pushed(self, job: str, seconds: float) -> str | None:
        """Waits until a job has ended, and says where it pushed its model.

        Args:
            job: The job's name.
            seconds: Between two looks.

        Returns:
            The address of the pushed version or endpoint; None where nothing was pushed, as the
            model was not blessed.

        Raises:
            RunError: The job failed or was cancelled, or there is none, or Vertex AI could not be
                reached.
        """
        ended = self._wait(job, seconds)
        for task in ended.job_detail.task_details:
            if task.task_name == nodes.PUSHER and "pushed_model" in task.outputs:
                for artifact in task.outputs["pushed_model"].artifacts:
                    metadata = dict(artifact.metadata or {})
                    if metadata.get("pushed"):
                        return str(metadata.get("pushed_destination") or artifact.uri)
        return None

    def _wait(self, name: str, seconds: float) -> types.PipelineJob:
        """The job when it has succeeded."""
        from google.cloud.aiplatform_v1.types import PipelineState, PipelineTaskDetail

        unsuccessful = (
            PipelineState.PIPELINE_STATE_FAILED,
            PipelineState.PIPELINE_STATE_CANCELLED,
        )
        job = self._known_job(name)
        failures = 0
        while job.state not in (PipelineState.PIPELINE_STATE_SUCCEEDED, *unsuccessful):
            time.sleep(seconds)
            try:
                job, failures = self._known_job(name), 0
            except AnswerError as error:
                # It has answered before, and jobs take hours: it may be out of order for a while.
                failures += 1
                if error.refused or failures == _MOST_FAILURES:
                    raise
        if job.state in unsuccessful:
            failed = [
                f"{task.task_name}: {task.error.message}"
                for task in job.job_detail.task_details
                if task.state == PipelineTaskDetail.State.FAILED
            ]
            raise RunError(
                f"{name} {google.in_words(job.state)}",
                "\n".join(failed or [job.error.message]),
                f"Its log: {self._page(f'runs/{name}')}",
            )
        return job

    def _known_job(self, name: str) -> types.PipelineJob:
        job = self._services.find_job(name)
        if job is None:
            raise RunError(
                f"Vertex AI has no job {name}",
                f"Looked in {self._location}.",
                "Name it as submit has said it.",
            )
        return job

    def _pipeline_job(self, job: Job) -> types.PipelineJob:
        from google.cloud.aiplatform_v1 import types
        from google.protobuf import json_format

        compiled = json.loads(job.specification.read_text(encoding="utf-8"))
        specification = compiled["pipelineSpec"]
        if not job.cached:
            for task in tasks_of(specification).values():
                task.pop("cachingOptions", None)
        resource = types.PipelineJob(
            display_name=job.name, labels=labels_of(job), service_account=self.service_account or ""
        )
        raw = types.PipelineJob.pb(resource)
        json_format.ParseDict(specification, raw.pipeline_spec)
        raw.runtime_config.gcs_output_directory = specification["defaultPipelineRoot"]
        return resource

    def _schedule(self, job: Job) -> types.Schedule:
        from google.cloud.aiplatform_v1 import types

        return types.Schedule(
            display_name=job.name,
            cron=job.cron,
            # A run that takes longer than the time between two is not joined by a second.
            max_concurrent_run_count=1,
            create_pipeline_job_request=types.CreatePipelineJobRequest(
                parent=self._location, pipeline_job=self._pipeline_job(job)
            ),
        )

    @property
    def _services(self) -> google.PipelineServices:
        return google.PipelineServices(self._location, self._client)

    @property
    def _location(self) -> str:
        return f"projects/{self.project}/locations/{self.region}"

    def _page(self, path: str) -> str:
        return f"{_CONSOLE}/{self.region}/{path}?project={self.project}"

    def _client(self, service: Any) -> Any:
        """A client of one of Vertex AI's services, by its class."""
        endpoint = f"{self.region}-aiplatform.googleapis.com"
        return service(transport="rest", client_options={"api_endpoint": endpoint})

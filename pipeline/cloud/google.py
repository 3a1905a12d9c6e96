"""Vertex AI's pipeline jobs and schedules, through Google's client, believed when asked again."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from models.common.errors import RunError
from pipeline.cloud import answers
from pipeline.cloud.answers import AnswerError, Service
from pipeline.cloud.job import Schedule

if TYPE_CHECKING:
    from google.cloud.aiplatform_v1 import types

SERVICE = Service(
    "Vertex AI",
    "project and region in targets.yaml",
    "Log in as somebody who may do this: gcloud auth application-default login. docs/ship.md "
    "lists the roles.",
)
_TIMEOUT = 30.0
"""Seconds between two pieces of an answer."""


class PipelineServices:
    """The services of one project's region.

    Args:
        location: `projects/PROJECT/locations/REGION`.
        client: Makes a client of a service, by its class.
    """

    def __init__(self, location: str, client: Callable[[Any], Any]) -> None:
        self._location = location
        self._client = client

    def check(self) -> None:
        """Sees whether jobs can be asked for at all, as where there are none yet.

        Raises:
            AnswerError: They cannot.
        """
        from google.cloud import aiplatform_v1

        first = {"parent": self._location, "page_size": 1}
        self._ask(aiplatform_v1.PipelineServiceClient, "list_pipeline_jobs", request=first)

    def find_job(self, name: str) -> types.PipelineJob | None:
        """The job of this name; None where Vertex AI says that there is none.

        Raises:
            AnswerError: It says nothing that could be believed.
        """
        from google.cloud import aiplatform_v1

        address = f"{self._location}/pipelineJobs/{name}"
        try:
            job: types.PipelineJob = self._ask(
                aiplatform_v1.PipelineServiceClient, "get_pipeline_job", name=address
            )
        except AnswerError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        # The answer has the project's number where its id was asked.
        if job.name.rpartition("/")[2] != name:
            raise SERVICE.unknown_error(f"get_pipeline_job {address}", "an answer without its name")
        return job

    def create_job(self, name: str, job: types.PipelineJob) -> None:
        """Starts a job.

        Raises:
            AnswerError: It was refused, or is not known when it is asked for again.
        """
        from google.cloud import aiplatform_v1

        try:
            self._ask(
                aiplatform_v1.PipelineServiceClient,
                "create_pipeline_job",
                parent=self._location,
                pipeline_job=job,
                pipeline_job_id=name,
            )
        except AnswerError as error:
            # The answer may have been lost when the job was there.
            if error.refused or not self._has_job(name):
                raise
        else:
            if self.find_job(name) is None:
                raise SERVICE.unknown_error(
                    f"create_pipeline_job {name}", "an answer, but it knows of no such job"
                )

    def schedules(self, label: str) -> list[Schedule]:
        """The schedules of jobs whose label `model` is this one, the newest first.

        Raises:
            AnswerError: Vertex AI says nothing that could be believed.
        """
        from google.cloud import aiplatform_v1

        listed = self._ask(
            aiplatform_v1.ScheduleServiceClient, "list_schedules", parent=self._location
        )
        found = [
            Schedule(
                id=schedule.name.rpartition("/")[2],
                name=schedule.display_name,
                cron=schedule.cron,
                enabled=schedule.state == schedule.State.ACTIVE,
                created=schedule.create_time.rfc3339() if schedule.create_time else "",
            )
            for schedule in listed
            if schedule.create_pipeline_job_request.pipeline_job.labels.get("model") == label
        ]
        return sorted(found, key=lambda schedule: schedule.created, reverse=True)

    def last_scheduled(self, label: str) -> types.PipelineJob | None:
        """The newest job that a schedule of the model has started and that has succeeded.

        Raises:
            AnswerError: Vertex AI says nothing that could be believed.
        """
        from google.cloud import aiplatform_v1

        wanted = f'labels.model="{label}" AND state="PIPELINE_STATE_SUCCEEDED"'
        request = {
            "parent": self._location,
            "filter": wanted,
            "order_by": "create_time desc",
            "page_size": 100,
        }
        listed = self._ask(
            aiplatform_v1.PipelineServiceClient, "list_pipeline_jobs", request=request
        )
        # Further pages are older.
        return next((job for job in listed.pipeline_jobs if job.schedule_name), None)

    def put_schedule(
        self, label: str, schedule: types.Schedule
    ) -> tuple[str, Schedule | None, list[Schedule]]:
        """Updates the model's schedule, or makes its first; pauses others that it has.

        Args:
            label: The model, as jobs' labels have it.
            schedule: What it is to be.

        Returns:
            Its id, what it was before if it was there, and the schedules that were paused.

        Raises:
            AnswerError: It was refused, or is not known when it is asked for again; nothing was
                paused then.
            RunError: It is there, but one of the others could not be paused.
        """
        before = self.schedules(label)
        # The one that runs, or the newest of those that are paused.
        old = next((each for each in before if each.enabled), before[0] if before else None)
        if old is None:
            return self._create_schedule(label, schedule, set()), None, []
        self._update_schedule(old, schedule)
        others = [each for each in before if each.enabled and each.id != old.id]
        for each in others:
            self._pause(each, old.id)
        return old.id, old, others

    def _update_schedule(self, old: Schedule, schedule: types.Schedule) -> None:
        from google.cloud import aiplatform_v1
        from google.protobuf import field_mask_pb2

        client = aiplatform_v1.ScheduleServiceClient
        schedule.name = f"{self._location}/schedules/{old.id}"
        changed = [
            "display_name",
            "cron",
            "max_concurrent_run_count",
            "create_pipeline_job_request",
        ]
        mask = field_mask_pb2.FieldMask(paths=changed)
        self._ask(client, "update_schedule", schedule=schedule, update_mask=mask)
        if not old.enabled:
            self._ask(client, "resume_schedule", name=schedule.name)
        now = self._ask(client, "get_schedule", name=schedule.name)
        if now.cron != schedule.cron or now.state != now.State.ACTIVE:
            raise SERVICE.unknown_error(
                f"update_schedule {schedule.name}", f"{now.cron}, {now.state.name.lower()}"
            )

    def _create_schedule(self, label: str, schedule: types.Schedule, known: set[str]) -> str:
        from google.cloud import aiplatform_v1

        lost: AnswerError | None = None
        answered = ""
        try:
            answered = self._ask(
                aiplatform_v1.ScheduleServiceClient,
                "create_schedule",
                parent=self._location,
                schedule=schedule,
            ).name.rpartition("/")[2]
        except AnswerError as error:
            if error.refused:
                raise
            lost = error
        new = [each.id for each in self.schedules(label) if each.id not in known]
        if lost is not None and not new:
            raise lost
        if lost is None and answered not in new:
            raise SERVICE.unknown_error(
                "create_schedule",
                f"the id {answered or 'nothing'}, which it does not know when it is asked again",
            )
        return answered or new[0]

    def _pause(self, schedule: Schedule, made: str) -> None:
        from google.cloud import aiplatform_v1

        name = f"{self._location}/schedules/{schedule.id}"
        client = aiplatform_v1.ScheduleServiceClient
        try:
            self._ask(client, "pause_schedule", name=name)
            now = self._ask(client, "get_schedule", name=name)
            if now.state == now.State.ACTIVE:
                raise SERVICE.unknown_error(f"pause_schedule {name}", "it is active still")
        except RunError as error:
            raise RunError(
                f"Two schedules train the model: {made}, which is new, and {schedule.id}",
                f"The older one could not be paused. {error.detail}",
                "Pause it in the console, under Vertex AI, Pipelines, Schedules.",
            ) from error

    def _has_job(self, name: str) -> bool:
        try:
            return self.find_job(name) is not None
        except AnswerError:
            return False

    def _ask(self, service: Any, method: str, **arguments: Any) -> Any:
        """What a method of one of Vertex AI's services answers.

        Raises:
            AnswerError: Nothing that could be believed.
        """

        def ask() -> Any:
            answer = getattr(self._client(service), method)(timeout=_TIMEOUT, **arguments)
            # Further pages are asked for here, and not when somebody turns to them.
            return list(answer) if method == "list_schedules" else answer

        what = arguments.get("name") or arguments.get("pipeline_job_id") or self._location
        try:
            return answers.within(ask)
        except Exception as error:  # What a bad answer raises is not always the client's own.
            raise SERVICE.broken_error(f"{method} {what}", error) from error


def in_words(state: Any) -> str:
    """A job's state as a word."""
    return str(state.name).removeprefix("PIPELINE_STATE_").lower()

"""What every place in the cloud is to the pipeline: the contract of a platform.

Whatever takes time to import, as TFX and the clients of platforms do, is imported by the method
that needs it: reading `targets.yaml` needs none of them.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import pydantic

from models.common.errors import RunError
from pipeline.cloud import container
from pipeline.cloud import cron as crons
from pipeline.cloud.images import Image
from pipeline.cloud.job import Accepted, Job, Schedule
from pipeline.config.base import Section, Text, refuse
from pipeline.config.target_schema import Beam, Machine

if TYPE_CHECKING:
    from tfx.dsl.components.base.base_node import BaseNode
    from tfx.types.channel import BaseChannel
    from typing_extensions import Self

    from pipeline.graph.target import Target

UNKNOWN = "unknown"
"""The data hash where nobody has looked at the data."""
_FOLDER_URI = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/]+(/[^\s/]+)*/?")


class Prices(Section):
    """What machines cost for an hour, in any one currency."""

    cpu: Annotated[float, pydantic.Field(ge=0)] = 0.0
    """A processor."""
    memory_gb: Annotated[float, pydantic.Field(ge=0)] = 0.0
    """A GB of memory."""
    accelerators: dict[Text, Annotated[float, pydantic.Field(ge=0)]] = pydantic.Field(
        default_factory=dict
    )
    """A GPU, by its type."""


class Platform(Section, ABC):
    """A place where pipelines run: its section of `targets.yaml`, and what is done with it.

    A platform adds the keys that its section has beside these, and has to say what a rehearsal
    takes for a section that nobody has written (`placeholder`) and how a job is submitted
    (`submit`). What else differs there from the defaults below is a method of the same name.
    """

    title: ClassVar[str]
    """What people call it."""
    driver: ClassVar[str] = "kubeflow"
    """What hands tasks their inputs there: a module of `pipeline.cloud.rehearsal.drivers`."""
    specification_suffix: ClassVar[str] = ".yaml"
    """How the file is called that its client takes: `.json` for a PipelineJob, `.yaml` for its
    specification alone."""
    cron_rules: ClassVar[crons.Rules] = crons.UNIX
    """What a schedule may be there."""
    job_placeholder: ClassVar[str] = "{{$.pipeline_job_uuid}}"
    """What stands for the name of a job in a parameter; it may be the end of a longer one."""

    bucket: Text
    """Where artifacts, code bundles and pushed models go: a bucket, or a folder in one."""
    data: Text | None = None
    """The bucket or folder that relative `data.path`s of models are in."""
    image: Image | None = None
    """The pipeline's image; null: --image or PIPELINE_IMAGE names it."""
    machine: Machine = Machine(cpus=4, memory_gb=16)
    """The machine for every node; for Tuner and Trainer, what `training` leaves open."""
    training: Machine = Machine()
    """The machine for Tuner and Trainer, in the place of `machine`."""
    beam: Beam | None = None
    """Where the data nodes run; null: where the model's `beam` says."""
    retries: Annotated[int, pydantic.Field(ge=0, le=10)] = 1
    """How often a task is tried again that ended badly. What finds fault with data or model is
    not: the DataGate and the ServingCheck."""
    timeout_minutes: Annotated[float, pydantic.Field(gt=0)] | None = 1440
    """After which a task that has not ended is ended, and has failed; null: never."""

    prices: Prices | None = None
    """What machines cost, for the cost in runs' records; null: it is not known."""

    @pydantic.field_validator("bucket", "data")
    @classmethod
    def _is_a_uri(cls, folder: str | None) -> str | None:
        if folder is not None and not _FOLDER_URI.fullmatch(folder):
            refuse("expected the URI of a bucket or of a folder in one, such as gs://bucket/folder")
        return folder and folder.rstrip("/")

    @pydantic.field_validator("machine")
    @classmethod
    def _is_a_size(cls, machine: Machine) -> Machine:
        if machine.node_selector or machine.tolerations:
            refuse("say which nodes of the cluster beside `machine`, not in it")
        return machine

    @classmethod
    @abstractmethod
    def placeholder(cls) -> Self:
        """What a rehearsal takes where `targets.yaml` has no such section: made-up names."""

    def check_ready(self, name: str, model: str, scheduled: bool) -> None:
        """Sees whether the platform would take a submission, before anything is compiled for it.

        By default it is not asked.

        Args:
            name: The job's name.
            model: The model's name.
            scheduled: Whether it is to run on a schedule.

        Raises:
            ProjectError: It cannot be reached, does not take the login, or has such a job.
        """

    @abstractmethod
    def submit(self, job: Job) -> Accepted:
        """Submits a job, or a schedule of it where `job.cron` is set.

        A schedule replaces the model's others, so that no two train it.

        Returns:
            Where it is, after the platform was asked for it again.

        Raises:
            ProjectError: The platform refused it, cannot be reached, or cannot be believed.
        """

    def schedules(self, model: str, label: str) -> list[Schedule]:
        """The schedules of a model, the newest first.

        Args:
            model: The model's name.
            label: The same, as a job's label has it.

        Raises:
            ProjectError: The platform cannot be asked for them.
        """
        raise RunError(
            f"The schedules of {model} are not known",
            f"{self.title} is not asked for them here.",
            "Look on its own page.",
        )

    def last_scheduled(self, label: str) -> tuple[str, str] | None:
        """The newest job that the model's schedule has started and that has succeeded.

        Args:
            label: The model, as a job's label has it.

        Returns:
            The job's name and the commit that it is of; None where there is none.

        Raises:
            ProjectError: The platform cannot be asked for it.
        """
        raise RunError(
            "What a schedule has run is not known",
            f"{self.title} is not asked for it here.",
            "Look on its own page.",
        )

    def pushed(self, job: str, seconds: float) -> str | None:
        """Waits until a job has ended, and says where it pushed its model.

        Args:
            job: The job's name.
            seconds: Between two looks.

        Returns:
            The address of the pushed version; None where the model was not blessed.

        Raises:
            RunError: The job failed or was cancelled, or there is none, or the platform cannot be
                asked.
        """
        raise RunError(
            f"What {job} has pushed is not known",
            f"{self.title} is not asked for it here.",
            f"Look into {self.bucket}/serving_models, where models are pushed to.",
        )

    def page(self, job: str) -> str | None:
        """The page of a job in the platform's console; None where it is not known."""
        return None

    def neptune_variables(self) -> dict[str, str]:
        """Variables of the process that writes a run's Neptune record, as `recording.secret` has
        them; by default those of the containers alone."""
        return {}

    def hourly_price(self, machine: Mapping[str, Any]) -> float | None:
        """What an hour of a machine costs; None where that is not known.

        Args:
            machine: A KFP `ResourceSpec` in JSON.
        """
        if self.prices is None or not machine:
            return None
        accelerator = machine.get("accelerator", {})
        kind = accelerator.get("type")
        if kind and kind not in self.prices.accelerators:
            return None
        of_accelerators = (
            int(accelerator.get("count", 1)) * self.prices.accelerators[kind] if kind else 0.0
        )
        return (
            machine.get("cpuLimit", 0.0) * self.prices.cpu
            + machine.get("memoryLimit", 0.0) * self.prices.memory_gb
            + of_accelerators
        )

    @classmethod
    def name(cls) -> str:
        """The target's name: the module's."""
        return cls.__module__.rpartition(".")[2]

    @property
    def runs(self) -> str:
        """The folder of artifacts and of the runs' own folders."""
        return f"{self.bucket}/runs"

    @property
    def modules(self) -> str:
        """The folder of the code bundles."""
        return f"{self.bucket}/modules"

    def environment(self) -> dict[str, str]:
        """Variables of every task's container, beside those that the image sets.

        By default the time that the container gives the task.
        """
        if self.timeout_minutes is None:
            return {}
        return {container.TIMEOUT: f"{self.timeout_minutes:g}"}

    def platform_specification(self, executors: Collection[str]) -> dict[str, Any] | None:
        """What a compiled pipeline says beside its specification, in a document of its own.

        Args:
            executors: The names of those that run containers, `<node>_executor`.
        """
        return None

    def for_rehearsal(self) -> Self:
        """The same with all in buckets, so that a folder of this machine can stand in for it."""
        return self.model_copy(update={"data": self.data or self.bucket, "beam": Beam()})

    def check_beam(self, args: Sequence[str], where: str) -> None:
        """Refuses Beam arguments that are of no use there.

        Args:
            args: They themselves.
            where: Where they stand.

        Raises:
            ConfigError: No data node could run with them.
        """

    def beam_options(self) -> dict[str, str]:
        """Beam options by name that need not be given, as they are known here anyway."""
        return {
            "sdk_container_image": str(self.image),
            "temp_location": f"{self.bucket}/temp",
        }

    def graph_target(self, data_hash: str | None) -> Target:
        """What the builder of the pipeline's graph has to know.

        Args:
            data_hash: What changes when the data does; None where nobody has looked.
        """
        from pipeline.graph.target import Target

        return Target(
            artifacts=self.runs,
            serving=f"{self.bucket}/serving_models",
            name=pipeline_name,
            data=self.data or self.bucket,
            data_hash=data_hash or UNKNOWN,
            beam=self.beam,
            training=resources(self.training),
            baseline=self.baseline,
            pusher=self.pusher,
        )

    def baseline(self, trained: BaseChannel, serving: str) -> BaseNode:
        """The node that finds the model to beat, as its output `model`.

        By default a container that looks for the latest version in the serving folder.

        Args:
            trained: The candidate.
            serving: The folder of the model's pushed versions.
        """
        from components.evaluation.pushed_baseline import PushedBaseline

        return PushedBaseline(serving)

    def pusher(self, serving: str, **inputs: BaseChannel) -> BaseNode:
        """The node that pushes; by default to the serving folder.

        Args:
            serving: The folder of the model's pushed versions.
            inputs: `model`, `model_blessing`, `infra_blessing` and `profile`.
        """
        from pipeline.graph.target import push_to_folder

        return push_to_folder(serving, **inputs)


def pipeline_name(model: str) -> str:
    """The pipeline's name for a model: Kubernetes allows small letters, digits and hyphens."""
    return model.lower().replace("_", "-").strip("-")


def resources(machine: Machine) -> Any:
    """The machine as a compiled specification has it; None where nothing is asked for."""
    from kfp.pipeline_spec import pipeline_spec_pb2

    if machine == Machine():
        return None
    resources = pipeline_spec_pb2.PipelineDeploymentConfig.PipelineContainerSpec.ResourceSpec(
        cpu_limit=machine.cpus or 0,
        memory_limit=machine.memory_gb or 0,
        cpu_request=machine.requested_cpus or 0,
        memory_request=machine.requested_memory_gb or 0,
    )
    if machine.accelerator is not None:
        resources.accelerator.type = machine.accelerator.type
        resources.accelerator.count = machine.accelerator.count
    return resources

"""A Kubeflow Pipelines cluster: runs and recurring runs."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import pydantic
import yaml

from models.common.errors import ConfigError
from pipeline import nodes
from pipeline.cloud import cron as crons
from pipeline.cloud.job import Accepted, Job, Schedule, labels_of, tasks_of
from pipeline.cloud.kubeflow import endpoint, registry, runs, schedules
from pipeline.cloud.kubeflow.api import KubeflowApi
from pipeline.cloud.platforms.base import UNKNOWN, Platform, pipeline_name
from pipeline.config.base import Section, Text
from pipeline.config.beam import arguments as beam_arguments
from pipeline.config.target_schema import Machine, Toleration

if TYPE_CHECKING:
    from typing_extensions import Self

_COMMIT_LETTERS = 12
_LABEL_LETTERS = 63
_NOT_IN_A_LABEL = re.compile(r"[^-_.A-Za-z0-9]")


class SecretKey(Section):
    """A value of a Kubernetes secret."""

    secret: Text
    """The secret's name, in the namespace of the runs."""
    key: Text
    """The value's key in it."""


class KubeflowPipelines(Platform):
    """A Kubeflow Pipelines cluster, of version 2.

    It runs no resolver tasks, so the baseline is looked up in the serving folder.
    """

    title: ClassVar[str] = "Kubeflow Pipelines"
    # As robfig/cron 1.2 reads it, which Kubeflow Pipelines has.
    cron_rules: ClassVar[crons.Rules] = crons.Rules(
        seconds=True, last_day=6, macros=True, question_mark=True, open_steps=True
    )

    machine: Machine = Machine(cpus=4, memory_gb=16, requested_cpus=0.5, requested_memory_gb=2)
    """The machine for every node; a node of the cluster need not have all of it free."""
    service_account: Text | None = None
    """The Kubernetes service account of the run; null: the cluster's default."""
    namespace: Text | None = None
    """The Kubernetes namespace of your profile, on a cluster for several users."""

    variables: dict[Text, str] = pydantic.Field(default_factory=dict)
    """Environment variables of every task, such as AWS_ENDPOINT_URL of a MinIO."""
    secrets: dict[Text, SecretKey] = pydantic.Field(default_factory=dict)
    """Environment variables of every task whose values are in secrets, such as
    AWS_SECRET_ACCESS_KEY: {secret: mlpipeline-minio-artifact, key: secretkey}."""
    node_selector: dict[Text, str] = pydantic.Field(default_factory=dict)
    """Labels that the nodes of all tasks must have."""
    tolerations: tuple[Toleration, ...] = ()
    """Taints of nodes that are no hindrance to any task."""

    @classmethod
    def placeholder(cls) -> Self:
        """What a rehearsal takes where `targets.yaml` has no such section."""
        return cls(bucket="gs://rehearsal")

    def check_ready(self, name: str, model: str, scheduled: bool) -> None:
        """Sees whether the server is there, is well, takes the login, and has no such run.

        Raises:
            ProjectError: It would not take the submission.
        """
        api = self._api()
        api.check()
        experiment = runs.experiment(api, model)
        if experiment is not None and not scheduled:
            runs.check_new(api, experiment, name)

    def submit(self, job: Job) -> Accepted:
        """Registers the specification as a version of the model's pipeline, and runs that.

        Returns:
            The run's id and page, or the recurring run's.

        Raises:
            ProjectError: The cluster is not named, refused it, or cannot be believed.
        """
        api = self._api()
        experiment = runs.make_experiment(api, job.model)
        version = registry.register(
            api,
            pipeline_name(job.model),
            _commit(job.labels.get("commit", UNKNOWN)),
            _specification(job),
            job.description(),
        )
        what: dict[str, Any] = {
            "description": job.description(),
            "pipeline_version_reference": version.reference(),
            # Kubeflow goes by this alone, and adds the pipeline's name and the run's id.
            "runtime_config": {"pipeline_root": self.runs},
        }
        if self.service_account:
            what["service_account"] = self.service_account
        registered = f"It runs version {version.name} of the pipeline {pipeline_name(job.model)}."
        if job.cron is None:
            run = runs.start(api, experiment, job.name, what)
            page = f"{api.address}/#/runs/details/{run}"
            return Accepted(f"{run}, {page}", [registered], run)
        what["trigger"] = {"cron_schedule": {"cron": _with_seconds(job.cron)}}
        label = job.labels.get("model", job.model)
        made, old = schedules.replace(api, experiment, label, job.name, what)
        replaced = [f"It replaces {each.id} ({each.cron}), which is disabled." for each in old]
        page = f"{api.address}/#/recurringrun/details/{made}"
        return Accepted(f"{made}, {page}", [registered, *replaced])

    def schedules(self, model: str, label: str) -> list[Schedule]:
        """The model's recurring runs, the newest first.

        Raises:
            ProjectError: The cluster is not named, or cannot be believed.
        """
        api = self._api()
        api.check()
        experiment = runs.experiment(api, model)
        return schedules.of_model(api, experiment, label) if experiment else []

    def page(self, job: str) -> str | None:
        """The page of a run, where the cluster is named."""
        try:
            return f"{endpoint.from_environment().address}/#/runs/details/{job}"
        except ConfigError:
            return None

    def check_beam(self, args: Sequence[str], where: str) -> None:
        """Refuses workers elsewhere where TensorFlow cannot read the bucket.

        Raises:
            ConfigError: Their artifacts are in a bucket that TensorFlow has no code for.
        """
        if not beam_arguments.runs_here(args) and not self.bucket.startswith("gs://"):
            raise ConfigError(
                f"{where}: Beam's workers on other machines need a bucket of gs://",
                f"Received: the bucket {self.bucket}, which TensorFlow cannot read. A task's own "
                "machine has the launcher's copies, its workers elsewhere have not.",
                "Run Beam in the process, or name a bucket of Google Cloud Storage.",
            )

    def environment(self) -> dict[str, str]:
        """The configured variables, and the time that the container gives the task."""
        return {**super().environment(), **self.variables}

    def platform_specification(self, executors: Collection[str]) -> dict[str, Any] | None:
        """Kubernetes' part, as `kubernetes_executor_config.proto` of Kubeflow Pipelines has it."""
        found = {name: self._pod(name) for name in executors}
        pods = {name: pod for name, pod in found.items() if pod}
        if not pods:
            return None
        return {"platforms": {"kubernetes": {"deploymentSpec": {"executors": pods}}}}

    def _pod(self, executor: str) -> dict[str, Any]:
        trains = executor in {f"{name}_executor" for name in (nodes.TUNER, nodes.TRAINER)}
        selector = {**self.node_selector, **(self.training.node_selector if trains else {})}
        tolerations = [*self.tolerations, *(self.training.tolerations if trains else ())]
        pod: dict[str, Any] = {}
        if selector:
            pod["nodeSelector"] = {"labels": selector}
        if tolerations:
            pod["tolerations"] = [one.model_dump(exclude_none=True) for one in tolerations]
        # Where it was asked for, Kubernetes ends the whole pod, whatever its container does.
        if self.timeout_minutes is not None and "timeout_minutes" in self.model_fields_set:
            # A number of 64 bits is text in Protocol Buffers' JSON.
            pod["activeDeadlineSeconds"] = str(math.ceil(self.timeout_minutes * 60))
        if self.secrets:
            pod["secretAsEnv"] = [
                {
                    "secretName": value.secret,
                    "keyToEnv": [{"secretKey": value.key, "envVar": name}],
                }
                for name, value in self.secrets.items()
            ]
        return pod

    def _api(self) -> KubeflowApi:
        return KubeflowApi(endpoint.from_environment(), self.namespace)


def _commit(label: str) -> str | None:
    """The commit in a version's name: short, with `-dirty` where it was."""
    commit, dash, dirty = label.partition("-")
    return None if commit == UNKNOWN else f"{commit[:_COMMIT_LETTERS]}{dash}{dirty}"


def _specification(job: Job) -> str:
    """The specification as it is submitted: YAML."""
    text = job.specification.read_text(encoding="utf-8")
    documents = [document for document in yaml.safe_load_all(text) if document]
    _label_pods(documents, job)
    for document in documents if not job.cached else ():
        # Otherwise as each task says: some look at what may change unseen.
        for task in tasks_of(document).values() if "root" in document else ():
            task.pop("cachingOptions", None)
    return yaml.safe_dump_all(documents, sort_keys=True)


def _label_pods(documents: list[dict[str, Any]], job: Job) -> None:
    """Has the pod of each task carry the job's labels and its node.

    The platform's part of the specification, which says so, is added where there is none. The run
    is in a label of Kubeflow's own, `pipeline/runid`; here it would make each run a version.
    """
    executors = documents[0]["deploymentSpec"]["executors"]
    if len(documents) == 1:
        documents.append({"platforms": {"kubernetes": {"deploymentSpec": {"executors": {}}}}})
    pods = documents[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    labels = labels_of(job)
    for name, executor in executors.items():
        if "container" in executor:
            node = {"node": name.removesuffix("_executor")}
            metadata = pods.setdefault(name, {}).setdefault("podMetadata", {})
            metadata["labels"] = {key: _pod_label(text) for key, text in {**labels, **node}.items()}


def _pod_label(value: str) -> str:
    """A value as labels of Kubernetes have it: of at most 63 characters, the outer ones alike."""
    return _NOT_IN_A_LABEL.sub("-", value)[:_LABEL_LETTERS].strip("-_.")


def _with_seconds(cron: str) -> str:
    """Kubeflow's cron expressions have seconds before the five usual fields."""
    return f"0 {cron}" if len(cron.split()) == 5 else cron

"""What every driver does: it makes a task's inputs, and takes what the task has made."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.common.errors import RunError
from pipeline.cloud.rehearsal.bucket import StandIn
from pipeline.cloud.rehearsal.history import Artifact, Outputs
from pipeline.cloud.rehearsal.specification import Specification, Task

PLACEHOLDER = "{{$}}"
"""Stands for the whole executor input in a container's arguments."""
_JOB = {"{{$.pipeline_job_uuid}}", "{{$.pipeline_job_resource_name}}"}
"""In the place of a parameter's value: the job's name, or a longer one that ends in it."""

ExecutorInput = dict[str, Any]
"""A KFP `ExecutorInput` in JSON."""


@dataclass
class Results:
    """What the tasks that are done have given."""

    artifacts: dict[str, Outputs] = field(default_factory=dict)
    """Output artifacts by task and key."""
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Output parameters by task and key."""
    state: str = ""
    """How all of them have ended, as the platform says it to the exit handler."""
    message: str = ""
    """What has failed, if something has."""


@dataclass(frozen=True)
class Driver(ABC):
    """Stands where a platform's driver and launcher do, for one rehearsal."""

    specification: Specification
    bucket: StandIn
    """Where the buckets' addresses lead to."""
    job: str
    """A name for this rehearsal, as a platform names each run of a pipeline."""

    @abstractmethod
    def executor_input(self, task: Task, results: Results, folder: Path) -> ExecutorInput:
        """What the platform hands to a task.

        Args:
            task: The task.
            results: Of the tasks before.
            folder: What is kept of the task on this machine.
        """

    @abstractmethod
    def cache_key(self, task: Task, given: ExecutorInput) -> Any:
        """What the platform's cache goes by, as JSON."""

    @abstractmethod
    def before(self, task: Task, given: ExecutorInput, results: Results) -> None:
        """What the platform does before the container starts."""

    @abstractmethod
    def after(self, task: Task, given: ExecutorInput, log: Path) -> None:
        """What the platform does once the container has ended well."""

    def final_status(self, producer: str, results: Results) -> dict[str, Any]:
        """What the platform tells the exit handler: a KFP `PipelineTaskFinalStatus` in JSON."""
        return {
            "state": results.state,
            "pipelineJobResourceName": self.job,
            "pipelineTaskName": producer,
            "error": {"message": results.message} if results.message else {},
        }

    @abstractmethod
    def address(self, task: Task, key: str) -> str:
        """Where an output goes."""

    @abstractmethod
    def name(self, task: Task, key: str) -> str:
        """What the platform's metadata store calls an output."""

    def planned(self, task: Task) -> Outputs:
        """The task's output artifacts, as they are known before it has run."""
        return {
            key: [
                {
                    "name": self.name(task, key),
                    "type": definition["artifactType"],
                    "uri": self.address(task, key),
                    "metadata": definition.get("metadata", {}),
                }
            ]
            for key, definition in task.outputs.items()
        }

    def outputs(self, task: Task, given: ExecutorInput) -> tuple[Outputs, dict[str, Any]]:
        """What the task says that it has made: artifacts, and parameters, by key.

        Raises:
            OSError, ValueError or KeyError: It left no word of an output.
        """
        file = Path(given["outputs"]["outputFile"])
        written = json.loads(file.read_text(encoding="utf-8"))
        planned = self.planned(task)
        for key, [artifact] in planned.items():
            [told] = written["artifacts"][key]["artifacts"]
            artifact["metadata"] = told.get("metadata", {})
        return planned, written.get("parameterValues", {})

    def fingerprint(self, task: Task, given: ExecutorInput) -> str:
        """A hash of the cache key."""
        key = json.dumps(self.cache_key(task, given), sort_keys=True)
        return hashlib.sha256(key.encode()).hexdigest()

    def arguments(self, task: Task, given: ExecutorInput) -> list[str]:
        """The container's command line.

        Raises:
            RunError: It has a placeholder that is not known here.
        """
        line = []
        for argument in command_line(task):
            if argument == PLACEHOLDER:
                argument = json.dumps(given)
            elif "{{$" in argument:
                raise RunError(
                    f"{task.name} has a placeholder that the rehearsal does not know",
                    f"Received: {argument:.200}.",
                    "Teach pipeline/cloud/rehearsal/drivers/base.py what it means.",
                )
            else:
                argument = self.bucket.local(argument)
            line.append(argument)
        return line

    def parameters(self, task: Task, results: Results) -> dict[str, Any]:
        """The values of the task's parameters, with paths for addresses of buckets."""
        values = {}
        for key, source in task.task.get("inputs", {}).get("parameters", {}).items():
            if "runtimeValue" in source:
                constant = source["runtimeValue"]["constant"]
                values[key] = self.job if constant in _JOB else constant
            elif "taskFinalStatus" in source:
                producer = source["taskFinalStatus"]["producerTask"]
                values[key] = json.dumps(self.final_status(producer, results))
            elif "componentInputParameter" in source:
                values[key] = self.specification.parameters[source["componentInputParameter"]]
            else:
                output = source["taskOutputParameter"]
                values[key] = results.parameters[output["producerTask"]][
                    output["outputParameterKey"]
                ]
        return self.bucket.local(values)


def input_artifacts(task: Task, results: Results) -> dict[str, list[Artifact]]:
    """The task's input artifacts by key."""
    found = {}
    for key, source in task.task.get("inputs", {}).get("artifacts", {}).items():
        output = source["taskOutputArtifact"]
        found[key] = results.artifacts[output["producerTask"]][output["outputArtifactKey"]]
    return found


def lists(artifacts: Mapping[str, list[Artifact]]) -> dict[str, Any]:
    """Artifacts as an executor input has them."""
    return {key: {"artifacts": found} for key, found in artifacts.items()}


def command_line(task: Task) -> list[str]:
    """The container's command and arguments, as the specification has them."""
    container = task.executor["container"]
    return [*container.get("command", ()), *container.get("args", ())]

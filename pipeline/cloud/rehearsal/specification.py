"""A compiled specification as a graph of tasks, read from the file and from nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from models.common.errors import RunError
from pipeline.cloud.job import tasks_of

Json = Any


@dataclass(frozen=True)
class Task:
    """One task of the root DAG, with the component and the executor that it names."""

    name: str
    task: Mapping[str, Json]
    component: Mapping[str, Json]
    executor: Mapping[str, Json]

    @property
    def dependencies(self) -> set[str]:
        """The tasks that have to be done before."""
        inputs = self.task.get("inputs", {})
        sources = [
            *(spec.get("taskOutputArtifact") for spec in inputs.get("artifacts", {}).values()),
            *(spec.get("taskOutputParameter") for spec in inputs.get("parameters", {}).values()),
        ]
        producers = {source["producerTask"] for source in sources if source}
        return producers | set(self.task.get("dependentTasks", ()))

    @property
    def outputs(self) -> Mapping[str, Json]:
        """The specifications of its output artifacts by key."""
        return self.component.get("outputDefinitions", {}).get("artifacts", {})

    @property
    def may_be_cached(self) -> bool:
        """Whether the specification lets an earlier execution stand for this one."""
        return bool(self.task.get("cachingOptions", {}).get("enableCache"))


@dataclass(frozen=True)
class Specification:
    """A pipeline."""

    name: str
    root: str
    """The URI below which artifacts go."""
    tasks: Mapping[str, Task]
    parameters: Mapping[str, Json]
    """The pipeline's own parameters, each with its value."""
    exit_handler: Task | None = None
    """The task that runs however the others have ended."""


def read(path: Path) -> Specification:
    """Reads a file that `python -m pipeline compile` wrote, a PipelineJob or a PipelineSpec.

    Raises:
        RunError: A task names what is not there, or depends on itself.
    """
    job = yaml.safe_load(path.read_text(encoding="utf-8"))
    spec = job.get("pipelineSpec", job)
    executors = spec["deploymentSpec"]["executors"]

    def task(name: str, task: Mapping[str, Json]) -> Task:
        component = spec["components"][task["componentRef"]["name"]]
        return Task(name, task, component, executors[component["executorLabel"]])

    tasks = {name: task(name, one) for name, one in tasks_of(spec).items()}
    at_exit = [
        task(name, one)
        for name, one in spec["root"]["dag"]["tasks"].items()
        if one.get("triggerPolicy", {}).get("strategy") == "ALL_UPSTREAM_TASKS_COMPLETED"
    ]
    _check_order(tasks.values())
    defined = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    given = job.get("runtimeConfig", {}).get("parameterValues", {})
    parameters = {key: given.get(key, one.get("defaultValue")) for key, one in defined.items()}
    return Specification(
        spec["pipelineInfo"]["name"],
        spec["defaultPipelineRoot"],
        tasks,
        parameters,
        at_exit[0] if at_exit else None,
    )


def title(artifact_type: Mapping[str, str]) -> str:
    """The name of an artifact's type, such as `tfx.Model`."""
    if "schemaTitle" in artifact_type:
        return artifact_type["schemaTitle"]
    return yaml.safe_load(artifact_type["instanceSchema"])["title"]


def _check_order(tasks: Iterable[Task]) -> None:
    waiting = {task.name: set(task.dependencies) for task in tasks}
    while ready := {name for name, missing in waiting.items() if not missing}:
        waiting = {name: missing - ready for name, missing in waiting.items() if name not in ready}
    if waiting:
        raise RunError(
            "The specification has tasks that can never start",
            json.dumps({name: sorted(missing) for name, missing in waiting.items()}),
            "This is a mistake of the compiler; the tasks wait for each other, or for none.",
        )

"""What Kubeflow hands to a task: its parameters, its input artifacts, and where outputs go."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models.common.errors import RunError
from pipeline.cloud.rehearsal.bucket import StandIn
from pipeline.cloud.rehearsal.history import Artifact, Outputs
from pipeline.cloud.rehearsal.specification import Specification, Task

PLACEHOLDER = "{{$}}"
"""Stands for the whole executor input in a container's arguments."""


@dataclass
class Results:
    """What the tasks that are done have given."""

    artifacts: dict[str, Outputs] = field(default_factory=dict)
    """Output artifacts by task and key."""
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Output parameters by task and key."""


def resolve(
    task: Task, specification: Specification, results: Results, bucket: StandIn, job: str
) -> dict[str, Any]:
    """An `ExecutorInput` in JSON.

    Args:
        task: The task.
        specification: The pipeline.
        results: Of the tasks before.
        bucket: Where URIs lead to.
        job: A name for this rehearsal, as Vertex AI names each run of a pipeline.
    """
    folder = f"{bucket.local(specification.root)}/rehearsal/{job}/{task.name}"
    outputs: Outputs = {
        key: [
            {
                "name": f"projects/rehearsal/artifacts/{job}-{task.name}-{key}",
                "type": definition["artifactType"],
                "uri": f"{folder}/{key}",
                "metadata": definition.get("metadata", {}),
            }
        ]
        for key, definition in task.outputs.items()
    }
    return {
        "inputs": {
            "parameterValues": bucket.local(_parameters(task, specification, results)),
            "artifacts": {
                key: {"artifacts": artifacts}
                for key, artifacts in input_artifacts(task, results).items()
            },
        },
        "outputs": {
            "artifacts": {key: {"artifacts": artifacts} for key, artifacts in outputs.items()},
            "outputFile": f"{folder}/executor_output.json",
        },
    }


def input_artifacts(task: Task, results: Results) -> dict[str, list[Artifact]]:
    """The task's input artifacts by key."""
    found = {}
    for key, source in task.task.get("inputs", {}).get("artifacts", {}).items():
        output = source["taskOutputArtifact"]
        found[key] = results.artifacts[output["producerTask"]][output["outputArtifactKey"]]
    return found


def fingerprint(task: Task, executor_input: Mapping[str, Any]) -> str:
    """What Kubeflow's cache goes by: inputs, kinds of outputs, image, command and environment."""
    inputs, outputs = executor_input["inputs"], executor_input["outputs"]
    names = {
        key: [artifact["name"] for artifact in found["artifacts"]]
        for key, found in inputs["artifacts"].items()
    }
    kinds = {
        key: [(artifact["type"], artifact["metadata"]) for artifact in found["artifacts"]]
        for key, found in outputs["artifacts"].items()
    }
    key = [inputs["parameterValues"], names, kinds, task.executor["container"]]
    return hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()


def arguments(task: Task, executor_input: Mapping[str, Any], bucket: StandIn) -> list[str]:
    """The container's command line.

    Raises:
        RunError: It has a placeholder that is not known here.
    """
    container = task.executor["container"]
    line = []
    for argument in [*container.get("command", ()), *container.get("args", ())]:
        if argument == PLACEHOLDER:
            argument = json.dumps(executor_input)
        elif "{{$" in argument:
            raise RunError(
                f"{task.name} has a placeholder that the rehearsal does not know",
                f"Received: {argument:.200}.",
                "Teach pipeline/cloud/rehearsal/executor_input.py what it means.",
            )
        else:
            argument = bucket.local(argument)
        line.append(argument)
    return line


def _parameters(task: Task, specification: Specification, results: Results) -> dict[str, Any]:
    values = {}
    for key, source in task.task.get("inputs", {}).get("parameters", {}).items():
        if "runtimeValue" in source:
            values[key] = source["runtimeValue"]["constant"]
        elif "componentInputParameter" in source:
            values[key] = specification.parameters[source["componentInputParameter"]]
        else:
            output = source["taskOutputParameter"]
            values[key] = results.parameters[output["producerTask"]][output["outputParameterKey"]]
    return values

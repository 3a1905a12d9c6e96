"""Vertex AI's: artifacts have their full types and stay in the bucket.

The folders are those that TFX's container describes
(tfx/orchestration/kubeflow/v2/container/kubeflow_v2_run_executor.py), the names those of Vertex ML
Metadata (https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.metadataStores.artifacts),
and the cache key is as in
https://cloud.google.com/vertex-ai/docs/pipelines/configure-caching.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.cloud.rehearsal.drivers.base import (
    Driver,
    ExecutorInput,
    Results,
    command_line,
    input_artifacts,
    lists,
)
from pipeline.cloud.rehearsal.specification import Task

_STORE = "projects/0/locations/rehearsal/metadataStores/default/artifacts"


class VertexDriver(Driver):
    """Makes what Vertex AI hands to a task; paths stand for its buckets' addresses."""

    def address(self, task: Task, key: str) -> str:
        """Where an output goes."""
        return f"{self._folder(task)}/{key}"

    def name(self, task: Task, key: str) -> str:
        """What Vertex ML Metadata calls an output."""
        return f"{_STORE}/{self.job}-{task.name}-{key}"

    def executor_input(self, task: Task, results: Results, folder: Path) -> ExecutorInput:
        """What Vertex AI hands to a task."""
        return {
            "inputs": {
                "parameterValues": self.parameters(task, results),
                "artifacts": self.bucket.local(lists(input_artifacts(task, results))),
            },
            "outputs": {
                "artifacts": self.bucket.local(lists(self.planned(task))),
                "outputFile": self.bucket.local(f"{self._folder(task)}/executor_output.json"),
            },
        }

    def before(self, task: Task, given: ExecutorInput, results: Results) -> None:
        """A bucket has no folders that could be missing."""
        for [artifact] in self.planned(task).values():
            self.bucket.path(artifact["uri"]).mkdir(parents=True, exist_ok=True)

    def after(self, task: Task, given: ExecutorInput, log: Path) -> None:
        """Nothing: what the task has made is in the bucket."""

    def cache_key(self, task: Task, given: ExecutorInput) -> Any:
        """Inputs, kinds of outputs, and the container with its environment."""
        inputs, outputs = given["inputs"], given["outputs"]["artifacts"]
        container = task.executor["container"]
        return {
            "parameters": inputs["parameterValues"],
            "inputs": {
                key: [artifact["name"] for artifact in found["artifacts"]]
                for key, found in inputs["artifacts"].items()
            },
            "outputs": {
                key: [(artifact["type"], artifact["metadata"]) for artifact in found["artifacts"]]
                for key, found in outputs.items()
            },
            "container": [container["image"], command_line(task), container.get("env", [])],
        }

    def _folder(self, task: Task) -> str:
        return f"{self.specification.root}/0/{self.job}/{task.name}_0"

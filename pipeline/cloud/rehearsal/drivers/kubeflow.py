"""Kubeflow's: a launcher carries artifacts between the store and the task's own disk.

As seen of kubeflow/pipelines in August 2026 (https://github.com/kubeflow/pipelines:
backend/src/v2/driver/driver.go makes outputs, backend/src/v2/metadata/client.go inputs,
backend/src/v2/component/launcher_v2.go carries, backend/src/v2/cacheutils/cache.go has the cache
key). `tools/kubeflow` runs the real ones.
"""

from __future__ import annotations

import hashlib
import json
import shutil
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
from pipeline.cloud.rehearsal.history import Artifact
from pipeline.cloud.rehearsal.specification import Task

LOGS = "executor-logs"
"""The output that Kubeflow adds to each task since 2.5: its log."""
_LOCAL = "local-copies"
_FOLDERS = {"gs": "gcs", "s3": "s3", "minio": "minio"}


class KubeflowDriver(Driver):
    """Makes what Kubeflow hands to a task, and carries artifacts as its launcher does."""

    def address(self, task: Task, key: str) -> str:
        """Where an output goes."""
        execution = _number(self.job, task.name)
        return f"{self.specification.root}/{self.job}/{task.name}/{execution}/{key}"

    def name(self, task: Task, key: str) -> str:
        """The number of an artifact in ML Metadata."""
        return _number(self.job, task.name, key)

    def executor_input(self, task: Task, results: Results, folder: Path) -> ExecutorInput:
        """What Kubeflow hands to a task; what is empty is absent."""
        local = folder.resolve() / _LOCAL
        inputs = {
            key: [_as_read_from_metadata(one, one["uri"]) for one in found]
            for key, found in input_artifacts(task, results).items()
        }
        outputs: dict[str, list[Artifact]] = {
            key: [_without_empty({**one, "name": key})] for key, [one] in self.planned(task).items()
        }
        logs = {"schemaTitle": "system.Artifact"}
        outputs[LOGS] = [{"name": LOGS, "type": logs, "uri": self.address(task, LOGS)}]
        output_file = _local(self.address(task, "output_metadata.json"), local)
        return {
            "inputs": _without_empty(
                {"artifacts": lists(inputs), "parameterValues": self.parameters(task, results)}
            ),
            "outputs": {"artifacts": lists(outputs), "outputFile": str(output_file)},
        }

    def before(self, task: Task, given: ExecutorInput, results: Results) -> None:
        """Copies the inputs from the store, and makes the folders in which outputs go."""
        local = self._local_root(task, given)
        for found in input_artifacts(task, results).values():
            for artifact in found:
                _copy(self.bucket.path(artifact["uri"]), _local(artifact["uri"], local))
        for [artifact] in self.planned(task).values():
            _local(artifact["uri"], local).parent.mkdir(parents=True, exist_ok=True)

    def after(self, task: Task, given: ExecutorInput, log: Path) -> None:
        """Copies the outputs and the log to the store."""
        local = self._local_root(task, given)
        for [artifact] in self.planned(task).values():
            _copy(_local(artifact["uri"], local), self.bucket.path(artifact["uri"]))
        _copy(log, self.bucket.path(self.address(task, LOGS)))
        shutil.rmtree(local, ignore_errors=True)

    def cache_key(self, task: Task, given: ExecutorInput) -> Any:
        """Names of inputs, parameters, outputs but for their addresses, image and arguments."""
        inputs, outputs = given["inputs"], given["outputs"]["artifacts"]
        return {
            "inputArtifactNames": {
                key: [artifact["name"] for artifact in found["artifacts"]]
                for key, found in inputs.get("artifacts", {}).items()
            },
            "inputParameterValues": inputs.get("parameterValues", {}),
            "outputArtifactsSpec": {
                key: {name: value for name, value in found["artifacts"][0].items() if name != "uri"}
                for key, found in outputs.items()
            },
            "containerSpec": {
                "image": task.executor["container"]["image"],
                "cmdArgs": command_line(task),
            },
        }

    def _local_root(self, task: Task, given: ExecutorInput) -> Path:
        inside = _local(self.address(task, "output_metadata.json"), Path())
        return Path(given["outputs"]["outputFile"].removesuffix(str(inside)))


def _as_read_from_metadata(artifact: Artifact, uri: str) -> Artifact:
    """An artifact as the driver finds it in ML Metadata, which keeps no type for it."""
    session = {"Provider": uri.partition("://")[0], "Params": {"fromEnv": "true"}}
    return {
        "name": artifact["name"],
        "type": {"instanceSchema": ""},
        "uri": uri,
        "metadata": {
            **artifact["metadata"],
            "display_name": uri.rpartition("/")[2],
            "store_session_info": json.dumps(session),
        },
    }


def _without_empty(value: dict[str, Any]) -> dict[str, Any]:
    return {key: below for key, below in value.items() if below != {}}


def _local(address: str, root: Path) -> Path:
    """The launcher's copy of what is at an address."""
    scheme, _, rest = address.partition("://")
    return root / _FOLDERS[scheme] / rest


def _copy(source: Path, place: Path) -> None:
    """Copies a file or a folder; nothing where there is none, as in a store without the object."""
    if source.is_dir():
        shutil.copytree(source, place, dirs_exist_ok=True)
    elif source.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, place)


def _number(*parts: str) -> str:
    """A number that stands for these words, as ML Metadata counts what it has."""
    return str(int(hashlib.sha256("/".join(parts).encode()).hexdigest()[:10], 16))

"""Small specifications whose tasks are one-line programs, and a folder to walk them in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from pipeline.cloud.rehearsal import drivers, specification
from pipeline.cloud.rehearsal.bucket import StandIn
from pipeline.cloud.rehearsal.drivers.base import Results
from pipeline.cloud.rehearsal.history import History, Outputs
from pipeline.cloud.rehearsal.walk import Walk

PROGRAM = """
import json, os, sys
given = json.loads(sys.argv[1])
outputs = given['outputs']
made = {key: {'artifacts': [dict(found['artifacts'][0])]}
        for key, found in outputs['artifacts'].items()}
for key in made:
    del made[key]['artifacts'][0]['type']
def place(key):
    # Where its launcher, or the bucket, takes it.
    uri = made[key]['artifacts'][0]['uri']
    if '://' in uri:
        uri = os.path.join(os.path.dirname(outputs['outputFile']), key)
    os.makedirs(uri, exist_ok=True)
    return uri
parameters = {}
def done():
    os.makedirs(os.path.dirname(outputs['outputFile']), exist_ok=True)
    with open(outputs['outputFile'], 'w') as file:
        json.dump({'artifacts': made, 'parameterValues': parameters}, file)
"""


def container(code: str = "", **more: Any) -> dict[str, Any]:
    """An executor that runs Python code between PROGRAM and the writing of outputs."""
    program = f"{PROGRAM}\n{code}\ndone()\n"
    return {
        "container": {
            "image": "i@1",
            "command": ["python", "-c", program],
            "args": ["{{$}}"],
            **more,
        }
    }


def task(
    executor: dict[str, Any],
    outputs: str = "",
    kind: str = "tfx.Model",
    artifacts: dict[str, tuple[str, str]] | None = None,
    parameters: dict[str, Any] | None = None,
    after: tuple[str, ...] = (),
    cached: bool = False,
) -> dict[str, Any]:
    return {
        "executor": executor,
        "component": {
            "outputDefinitions": {
                "artifacts": {
                    key: {"artifactType": {"instanceSchema": f"title: {kind}\n"}}
                    for key in outputs.split()
                }
            }
        },
        "task": {
            "dependentTasks": list(after),
            "cachingOptions": {"enableCache": True} if cached else {},
            "inputs": {
                "artifacts": {
                    key: {"taskOutputArtifact": {"producerTask": one, "outputArtifactKey": output}}
                    for key, (one, output) in (artifacts or {}).items()
                },
                "parameters": parameters or {},
            },
        },
    }


class Project:
    """A folder in which specifications are walked one after another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.image = folder / "image"
        self.image.mkdir()
        self.driver = "vertex_ai"
        self.job = 0
        self.events: list[str] = []

    def started(self, task: str) -> None:
        self.events.append(f"{task} started")

    def finished(self, task: str, outputs: Outputs, cached: bool) -> None:
        self.events.append(f"{task} cached" if cached else f"{task} done")

    def read(self, tasks: dict[str, Any], **root: Any) -> specification.Specification:
        spec = {
            "pipelineInfo": {"name": "p"},
            "defaultPipelineRoot": "gs://bucket/runs/p",
            "root": {"dag": {"tasks": {}}, **root},
            "components": {},
            "deploymentSpec": {"executors": {}},
        }
        for name, parts in tasks.items():
            spec["root"]["dag"]["tasks"][name] = {**parts["task"], "componentRef": {"name": name}}  # type: ignore[index]
            spec["components"][name] = {**parts["component"], "executorLabel": name}  # type: ignore[index]
            spec["deploymentSpec"]["executors"][name] = parts["executor"]  # type: ignore[index]
        path = self.folder / "specification.yaml"
        path.write_text(yaml.safe_dump(spec))
        return specification.read(path)

    def walk(self, tasks: dict[str, Any], **root: Any) -> Results:
        self.events.clear()
        self.job += 1
        bucket = StandIn(self.folder / "buckets")
        driver = drivers.find(self.driver)(self.read(tasks, **root), bucket, f"job{self.job}")
        return Walk(
            driver,
            History(self.folder / "history.jsonl", "p", bucket),
            self.image,
            self.folder / f"tasks-{self.job}",
        ).run(self)

    def content(self, address: str) -> Path:
        """Where the content of an address is."""
        return StandIn(self.folder / "buckets").path(address)

    def given(self, name: str) -> dict[str, Any]:
        """The latest executor input of a task."""
        path = self.folder / f"tasks-{self.job}" / name / "executor_input.json"
        return json.loads(path.read_text())


def constant(value: Any) -> dict[str, Any]:
    return {"runtimeValue": {"constant": value}}

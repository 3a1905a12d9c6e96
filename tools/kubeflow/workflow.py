"""Plays Argo's part: walks a Workflow that Kubeflow's API server has made.

Each pod is a process here: Kubeflow's real driver, or its real launcher with the task's container.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping, Sequence

from tools.kubeflow import services
from tools.kubeflow.build import Binaries

_PLACEHOLDER = re.compile(r"\{\{([^{}$]+)\}\}")
_LAUNCHER = "/kfp-launcher/launch"

Values = dict[str, str]


class PodError(Exception):
    """A driver or a task ended with an error."""


@dataclass
class Workflow:
    """One run of a Workflow.

    Args:
        resource: The Workflow, as Kubernetes keeps it.
        binaries: Kubeflow's programs.
        image: The folder that stands in for the pipeline's image.
        python: The folder of the Python that the image would have.
        folder: For logs and for what the drivers say.
    """

    resource: Mapping[str, Any]
    binaries: Binaries
    image: Path
    python: Path
    folder: Path
    ran: list[str] = field(default_factory=list)
    """The tasks whose container ran."""
    cached: list[str] = field(default_factory=list)
    """The tasks whose outputs came from the cache."""

    def run(self) -> None:
        """Walks it to its end.

        Raises:
            PodError: A pod ended with an error.
        """
        spec = self.resource["spec"]
        values = {
            f"workflow.parameters.{one['name']}": one["value"]
            for one in spec["arguments"]["parameters"]
        }
        metadata = self.resource["metadata"]
        values["workflow.name"] = metadata["name"]
        values["workflow.creationTimestamp"] = metadata["creationTimestamp"]
        self._run(spec["entrypoint"], values, "")

    def lacking(self, task: str, expected: Sequence[str]) -> list[str]:
        """The texts that are not in a task's pod, which is JSON."""
        pod = json.dumps(json.loads((self._folder(task) / "pod.json").read_text(encoding="utf-8")))
        return [one for one in expected if one not in pod]

    def _run(self, template: str, values: Values, task: str) -> Values:
        """Runs a template; returns its output parameters."""
        found = next(one for one in self.resource["spec"]["templates"] if one["name"] == template)
        inputs = {
            f"inputs.parameters.{one['name']}": one["default"]
            for one in found.get("inputs", {}).get("parameters", [])
            if "default" in one
        }
        values = {**inputs, **values}
        if "dag" in found:
            self._walk(found["dag"]["tasks"], values, task)
            return {}
        if "podSpecPatch" in found:
            self._launch(json.loads(_filled(found["podSpecPatch"], values)), task)
            return {}
        return self._drive(found, values, task)

    def _walk(self, tasks: list[Mapping[str, Any]], values: Values, parent: str) -> None:
        waiting = {one["name"]: one for one in tasks}
        while waiting:
            name, task = next(
                (name, one) for name, one in waiting.items() if not _before(one) & set(waiting)
            )
            del waiting[name]
            given = {
                f"inputs.parameters.{one['name']}": _filled(one["value"], values)
                for one in task.get("arguments", {}).get("parameters", [])
            }
            shared = {key: one for key, one in values.items() if key.startswith("workflow.")}
            if not _holds(_filled(task.get("when", ""), values)):
                self.cached.append(parent)
                continue
            outputs = self._run(
                task["template"], {**shared, **given}, parent if name == "executor" else name
            )
            for key, value in outputs.items():
                values[f"tasks.{name}.outputs.parameters.{key}"] = value

    def _drive(self, template: Mapping[str, Any], values: Values, task: str) -> Values:
        folder = self._folder(task)
        outputs = template["outputs"]["parameters"]
        paths = {one["name"]: folder / one["name"] for one in outputs}
        for name, path in paths.items():
            values[f"outputs.parameters.{name}.path"] = str(path)
        line = [_filled(one, values) for one in template["container"]["args"]]
        self._process(f"{task}", [str(self.binaries.driver), *line], {}, folder / "driver.log")
        return {
            one["name"]: paths[one["name"]].read_text(encoding="utf-8")
            if paths[one["name"]].exists()
            else one.get("default", one["valueFrom"].get("default", ""))
            for one in outputs
        }

    def _launch(self, pod: Mapping[str, Any], task: str) -> None:
        folder = self._folder(task)
        (folder / "pod.json").write_text(json.dumps(pod, indent=2), encoding="utf-8")
        container = pod["containers"][0]
        line = [*container.get("command", []), *container.get("args", [])]
        assert line[0] == _LAUNCHER, line[0]
        variables = {one["name"]: _value(one) for one in container.get("env", [])}
        self.ran.append(task)
        print(f"  {task}", flush=True)
        self._process(
            task,
            [str(self.binaries.launcher), *line[1:]],
            {**variables, "PATH": f"{self.python}:/usr/bin:/bin", "PYTHONPATH": str(self.image)},
            folder / "launcher.log",
        )

    def _process(self, pod: str, line: list[str], variables: Mapping[str, str], log: Path) -> None:
        own = {
            "KFP_POD_NAME": pod,
            "KFP_POD_UID": str(uuid.uuid4()),
            "NAMESPACE": services.NAMESPACE,
        }
        environment = {
            "HOME": str(log.parent),
            "PATH": os.environ["PATH"],
            **services.of_a_pod(),
            **variables,
            **own,
        }
        for name, value in own.items():  # As Kubernetes does with a container's arguments.
            line = [one.replace(f"$({name})", value) for one in line]
        with log.open("wb") as file:
            done = subprocess.run(
                line, cwd=log.parent, env=environment, stdout=file, stderr=file, check=False
            )
        if done.returncode:
            last = log.read_text(encoding="utf-8", errors="replace")[-3000:]
            raise PodError(f"{pod} ended with status {done.returncode}; {log} ends with:\n{last}")

    def _folder(self, task: str) -> Path:
        folder = self.folder / task
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def _value(variable: Mapping[str, Any]) -> str:
    """An environment variable's value, which may be in a secret."""
    reference = variable.get("valueFrom", {}).get("secretKeyRef")
    if reference is None:
        return str(variable.get("value", ""))
    address = f"/api/v1/namespaces/{services.NAMESPACE}/secrets/{reference['name']}"
    secret = services.kubernetes("GET", address)
    return base64.b64decode(secret["data"][reference["key"]]).decode()


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values.get(found[1].strip(), found[0]), text)


def _before(task: Mapping[str, Any]) -> set[str]:
    """The tasks that one waits for."""
    return {
        *task.get("dependencies", []),
        *re.findall(r"([\w-]+)\.Succeeded", task.get("depends", "")),
    }


def _holds(condition: str) -> bool:
    left, _, right = condition.partition(" != ")
    return not condition or left != right

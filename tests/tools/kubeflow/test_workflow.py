"""A Workflow is walked as Argo would, with programs that stand for Kubeflow's."""

from __future__ import annotations

import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.kubeflow.build import Binaries
from tools.kubeflow.workflow import PodError, Workflow

DRIVER = """
import json, pathlib, sys
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
name = given["--name"]
cached = name in ("Cached",)
pathlib.Path(given["--cached"]).write_text(str(cached).lower())
patch = {"containers": [{
    "command": ["/kfp-launcher/launch", "--pod_name", "$(KFP_POD_NAME)"],
    "args": [name, given["--root"]],
    "env": [{"name": "OWN", "value": "1"}],
}]}
pathlib.Path(given["--patch"]).write_text("" if cached else json.dumps(patch))
"""
LAUNCHER = """
import os, sys
assert os.environ["OWN"] == "1" and sys.argv[1:3] == ["--pod_name", sys.argv[3]], sys.argv
sys.exit(3 if sys.argv[3] == "Bad" else 0)
"""


def program(path: Path, code: str) -> Path:
    path.write_text(f"#!{sys.executable}\n{code}")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    return path


def parameter(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, **more}


def task(name: str, template: str, after: str = "", **arguments: str) -> dict[str, Any]:
    values = [parameter(key, value=value) for key, value in arguments.items()]
    return {
        "name": name,
        "template": template,
        "depends": " && ".join(f"{one}.Succeeded" for one in after.split()),
        "arguments": {"parameters": values},
    }


def pair(name: str, after: str = "") -> list[dict[str, Any]]:
    """A task as Kubeflow's compiler makes it: its driver, then what runs its container."""
    outputs = f"tasks.{name}-driver.outputs.parameters"
    return [
        task(
            name,
            "executor",
            f"{name}-driver",
            patch=f"{{{{{outputs}.patch}}}}",
            cached=f"{{{{{outputs}.cached}}}}",
        ),
        task(f"{name}-driver", "driver", after, **{"name-of-it": name}),
    ]


def workflow(folder: Path, *tasks: dict[str, Any]) -> Workflow:
    path = "{{outputs.parameters.%s.path}}"
    driver = [
        "--name",
        "{{inputs.parameters.name-of-it}}",
        "--root",
        "{{workflow.parameters.root}}",
    ]
    templates = [
        {"name": "entry", "dag": {"tasks": list(tasks)}},
        {
            "name": "driver",
            "container": {
                "args": [*driver, "--cached", path % "cached", "--patch", path % "patch"]
            },
            "outputs": {
                "parameters": [parameter(one, valueFrom={}) for one in ("cached", "patch")]
            },
        },
        {
            "name": "executor",
            "inputs": {"parameters": [parameter("patch"), parameter("cached", default="false")]},
            "dag": {
                "tasks": [
                    {
                        **task("executor", "pod", patch="{{inputs.parameters.patch}}"),
                        "when": "{{inputs.parameters.cached}} != true",
                    }
                ]
            },
        },
        {"name": "pod", "container": {}, "podSpecPatch": "{{inputs.parameters.patch}}"},
    ]
    resource = {
        "metadata": {"name": "w", "creationTimestamp": "now"},
        "spec": {
            "entrypoint": "entry",
            "arguments": {"parameters": [parameter("root", value="{{$}} stays")]},
            "templates": templates,
        },
    }
    programs = program(folder / "driver", DRIVER), program(folder / "launcher", LAUNCHER)
    binaries = Binaries(Path("unused"), *programs, Path("unused"), {})
    return Workflow(resource, binaries, folder, Path(sys.executable).parent, folder / "run")


def test_tasks_run_in_order_unless_they_are_cached(tmp_path: Path) -> None:
    walked = workflow(tmp_path, *pair("Last", "Cached First"), *pair("Cached"), *pair("First"))
    walked.run()
    assert (walked.ran, walked.cached) == (["First", "Last"], ["Cached"])


def test_a_task_that_fails_ends_it(tmp_path: Path) -> None:
    walked = workflow(tmp_path, *pair("Bad"), *pair("Never", "Bad"))
    with pytest.raises(PodError, match="Bad ended with status 3"):
        walked.run()
    assert walked.ran == ["Bad"]

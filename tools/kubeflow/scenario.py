"""The taxi model's pipeline on the cluster: to the push, from the cache, and after edits."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

import boto3

from pipeline import nodes
from pipeline.cloud.rehearsal import process
from tools.kubeflow import services
from tools.kubeflow.build import Binaries
from tools.kubeflow.workflow import Workflow

MODEL = "taxi"
BUCKET = "pipeline"
_IMAGE = f"registry.example/pipeline@sha256:{'a' * 64}"
_SECRET = "store-login"
_TARGETS = f"""
kfp:
  bucket: s3://{BUCKET}
  data: s3://{BUCKET}/data
  service_account: pipeline-runner
  variables: {{AWS_ENDPOINT_URL: "{services.STORE}", AWS_REGION: us-east-1}}
  secrets:
    AWS_ACCESS_KEY_ID: {{secret: {_SECRET}, key: AWS_ACCESS_KEY_ID}}
    AWS_SECRET_ACCESS_KEY: {{secret: {_SECRET}, key: AWS_SECRET_ACCESS_KEY}}
  retries: 2
  timeout_minutes: 30
  node_selector: {{pool: cpu}}
  training:
    cpus: 2
    memory_gb: 4
    requested_cpus: 1
    accelerator: {{type: nvidia.com/gpu}}
    tolerations: [{{key: gpu, operator: Exists}}]
"""
_IN_THE_POD = (
    '"activeDeadlineSeconds": 1800',
    '"nodeSelector": {"pool": "cpu"}',
    '"tolerations": [{"key": "gpu", "operator": "Exists"}]',
    f'"secretKeyRef": {{"name": "{_SECRET}", "key": "AWS_ACCESS_KEY_ID"}}',
    '"requests": {"cpu": "1"}',
    '"nvidia.com/gpu": "1"',
)
"""What the targets ask for, as the Trainer's pod has it."""
_ALWAYS = (nodes.RESOLVER,)
"""Runs in every run, so that the baseline is looked up anew."""


@dataclass
class Result:
    """What one run did, and what it should have done."""

    name: str
    ran: list[str]
    cached: list[str]
    expected: set[str]
    versions: list[str] = field(default_factory=list)
    """The pushed versions, once it had ended."""

    lacking: list[str] = field(default_factory=list)
    """What the targets ask for and the Workflow or the Trainer's pod has not."""

    @property
    def good(self) -> bool:
        """Whether exactly those tasks ran that should, in pods as they should be."""
        return set(self.ran) == self.expected and not self.lacking


@dataclass
class Project:
    """A copy of the project that is submitted and edited."""

    root: Path
    binaries: Binaries
    python: Path
    folder: Path
    _runs: int = 0

    def run(self, name: str, concerned: Sequence[str]) -> Result:
        """Submits the model as it is now, and plays the workflow.

        Args:
            name: For the report.
            concerned: The nodes that have to run; those that follow them have to run too.
        """
        self._runs += 1
        before = {one["metadata"]["name"] for one in _workflows()}
        line = [sys.executable, "-m", "pipeline", "submit", MODEL, "--target", "kfp"]
        done = subprocess.run(
            [*line, "--image", _IMAGE],
            cwd=self.root,
            env={**os.environ, **services.of_a_desk(), "KF_PIPELINES_ENDPOINT": services.API},
            capture_output=True,
            text=True,
            check=False,
        )
        print(done.stdout + done.stderr, flush=True)
        done.check_returncode()
        [resource] = [one for one in _workflows() if one["metadata"]["name"] not in before]
        image = process.build_image(self.folder / f"image-{self._runs}", self.root)
        workflow = Workflow(
            resource, self.binaries, image, self.python, self.folder / f"run-{self._runs}"
        )
        workflow.run()
        names = [*workflow.ran, *workflow.cached]
        expected = nodes.followers({*concerned, *_ALWAYS}.intersection(names), names)
        lacking = workflow.lacking("Trainer", _IN_THE_POD) if "Trainer" in workflow.ran else []
        if "retryStrategy" not in str(resource["spec"]["templates"]):
            lacking.append("retries")
        return Result(name, workflow.ran, workflow.cached, expected, _versions(), lacking)

    def edit(self, file: str, change: Callable[[str], str]) -> None:
        """Changes a file of the project."""
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        changed = change(text)
        assert changed != text, file
        path.write_text(changed, encoding="utf-8")


def play(source: Path, binaries: Binaries, python: Path, folder: Path) -> Iterator[Result]:
    """Runs the model to its push, then again, then after each kind of edit.

    Args:
        source: The project.
        binaries: Kubeflow's programs.
        python: The folder of the Python that runs the tasks.
        folder: For copies and logs.
    """
    root = folder / "project"
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=source, check=True, capture_output=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / name, root / name)
    (root / "targets.yaml").write_text(_TARGETS, encoding="utf-8")
    _store().create_bucket(Bucket=BUCKET)
    login = {"metadata": {"name": _SECRET}, "stringData": services.KEYS}
    services.kubernetes("POST", f"/api/v1/namespaces/{services.NAMESPACE}/secrets", login)
    project = Project(root, binaries, python, folder)
    yield project.run("first run", nodes.ORDER)
    yield project.run("nothing changed", ())
    project.edit("models/common/loaded_model.py", lambda text: text + "\n# edited\n")
    yield project.run("serving check edited", (nodes.SERVING_CHECK,))
    project.edit(f"models/{MODEL}/model.py", lambda text: text + "\n# edited\n")
    yield project.run("model.py edited", (nodes.TUNER, nodes.TRAINER))
    project.edit(f"models/{MODEL}/schema.pbtxt", _with_another_limit)
    yield project.run("schema edited", (nodes.FROZEN_SCHEMA, nodes.DATA_GATE))


def _with_another_limit(schema: str) -> str:
    return re.sub(r"min_fraction: 0\.55", "min_fraction: 0.5", schema, count=1)


def _workflows() -> list[dict[str, Any]]:
    address = f"/apis/argoproj.io/v1alpha1/namespaces/{services.NAMESPACE}/workflows"
    return services.kubernetes("GET", address)["items"]


def _versions() -> list[str]:
    found = _store().list_objects_v2(Bucket=BUCKET, Prefix=f"serving_models/{MODEL}/")
    names = [one["Key"] for one in found.get("Contents", [])]
    return sorted({name.split("/")[2] for name in names if name.endswith("saved_model.pb")})


def _store() -> Any:
    return boto3.client(
        "s3",
        endpoint_url=services.STORE,
        region_name="us-east-1",
        aws_access_key_id=services.KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=services.KEYS["AWS_SECRET_ACCESS_KEY"],
    )

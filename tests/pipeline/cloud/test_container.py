"""What a task's container runs: the bundle's code, then TFX's executor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from components import code_bundle
from components.code_hash import model_files
from pipeline.cloud import container
from tests.helpers.paths import ROOT
from tests.helpers.s3 import refusing

pytestmark = [pytest.mark.tfx, pytest.mark.slow]


def started(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The container's command, in another folder than the one that the code is in."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *container.COMMAND[1:], *arguments],
        cwd=folder,
        env={**environment, **variables},
        capture_output=True,
        text=True,
    )


def test_it_takes_the_arguments_of_tfx_own_container(tmp_path: Path) -> None:
    done = started(tmp_path, "--help")
    assert done.returncode == 0, done.stderr
    assert "--executor_class_path" in done.stdout


@pytest.mark.parametrize("content", [None, b"another file"])
def test_a_bundle_that_is_not_what_its_name_says_is_told(
    tmp_path: Path, content: bytes | None
) -> None:
    bundle = code_bundle.pack(model_files("models.taxi.preprocessing"))
    address = tmp_path / bundle.name
    if content is not None:
        address.write_bytes(content)
    done = started(tmp_path, f"{container.CODE}={address}")
    assert done.returncode == 1
    assert any(line.startswith(container.ERROR) for line in done.stderr.splitlines())
    assert bundle.name in done.stderr


def task_input(serving: str, folder: Path) -> str:
    """What a driver hands to the node that looks for the baseline."""
    model = {"name": "1", "type": {"schemaTitle": "tfx.Model"}, "uri": str(folder / "model")}
    logs = {"name": "executor-logs", "type": {"schemaTitle": "system.Artifact"}, "uri": "s3://b/l"}
    return json.dumps(
        {
            "inputs": {"parameterValues": {"serving": serving}},
            "outputs": {
                "artifacts": {
                    "model": {"artifacts": [model]},
                    "executor-logs": {"artifacts": [logs]},
                },
                "outputFile": str(folder / "output.json"),
            },
        }
    )


BASELINE = ("--executor_class_path", "components.evaluation.pushed_baseline.Executor")
GIVEN = "--json_serialized_invocation_args"


def test_a_store_that_refuses_is_the_last_word_of_the_log(tmp_path: Path) -> None:
    server = refusing(403, "AccessDenied")
    variables = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "wrong",
        "AWS_SECRET_ACCESS_KEY": "wrong",
    }
    bundle = code_bundle.pack(model_files("models.common.errors"))
    (tmp_path / bundle.name).write_bytes(bundle.content)
    given = task_input("s3://b/serving_models/taxi", tmp_path)
    code = f"{container.CODE}={tmp_path / bundle.name}"
    done = started(tmp_path, *BASELINE, GIVEN, given, code, **variables)
    server.shutdown()
    assert done.returncode == 1
    told = done.stderr[done.stderr.index(f"\n{container.ERROR}") :]
    assert "s3://b/serving_models/taxi cannot be used" in told and "AWS_ACCESS_KEY_ID" in told


@pytest.mark.parametrize("given", ["{", "[]", "null", "Sign in"])
def test_what_no_driver_makes_is_told(tmp_path: Path, given: str) -> None:
    done = started(tmp_path, *BASELINE, GIVEN, given)
    assert done.returncode == 1
    assert f"{container.ERROR}{GIVEN} is not a JSON object" in done.stderr


@pytest.mark.parametrize(("minutes", "status"), [("0.02", 1), ("", 0), ("60", 0)])
def test_what_takes_too_long_is_ended(tmp_path: Path, minutes: str, status: int) -> None:
    """Whatever it does by then: here it waits in a call that no exception reaches."""
    code = (
        "import threading; from pipeline.cloud import container\n"
        f"container._end_in_time({minutes!r})\n"
        "threading.Event().wait(3)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == status
    assert ("the task took longer than 0.02 minutes" in done.stderr) == bool(status)

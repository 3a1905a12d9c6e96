"""What a task's container runs: the bundle's code, then TFX's executor."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from components import code_bundle
from components.code_hash import model_files
from pipeline.cloud import container
from tests.helpers.paths import ROOT

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

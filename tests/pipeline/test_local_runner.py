"""The entry point that `tfx` takes by path: a mistake is told before TFX is imported."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.helpers.paths import ROOT

PROGRAM = ROOT / "pipeline" / "local_runner.py"


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("taix", "Error: There is no model 'taix'; did you mean 'taxi'?"),
        ("no such", "Error: 'no such' is not a model's name"),
    ],
)
def test_a_model_that_is_not_there(model: str, said: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", str(PROGRAM)],
        cwd=ROOT.parent,  # Wherever it is started from.
        env={**os.environ, "PIPELINE_MODEL": model},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = ended.stderr.splitlines()
    errors = [line for line in lines if not line.startswith("import time:")]
    assert ended.returncode == 2 and errors[0].startswith(said)
    assert not {"tfx", "tensorflow"} & {line.rpartition("|")[2].strip() for line in lines}

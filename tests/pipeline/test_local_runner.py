"""The entry point that `tfx` takes by path: a mistake is told before TFX is imported."""

from __future__ import annotations

import contextlib
import gc
import os
import subprocess
import sys
from typing import Any

import pytest

from pipeline import local_runner
from pipeline.local import handover
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


@pytest.mark.parametrize("ends", [contextlib.nullcontext(), pytest.raises(ValueError)])
def test_garbage_is_left_alone_meanwhile_and_no_longer(ends: Any) -> None:
    with ends, local_runner._without_garbage_collection():
        assert not gc.isenabled()
        if not isinstance(ends, contextlib.nullcontext):
            raise ValueError
    assert gc.isenabled()


def test_what_cannot_be_imported_is_told_once_there_is_a_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken_over = []
    monkeypatch.setattr(handover, "take_over", lambda: taken_over.append(True))
    monkeypatch.setitem(sys.modules, "pipeline.graph.pipeline", None)
    with pytest.raises(ModuleNotFoundError):
        local_runner._import_meanwhile()
    assert taken_over

"""Runs pipelines one after another in one process, so that TFX is imported once for all of them.

Started in a copy of the project, it reads a JSON object a line from standard input, with `model`,
`overrides` and `no_cache`, and answers each with the run's id. Between two runs it forgets the
modules of all models' folders, so each run sees them as they are then.
"""

from __future__ import annotations

import json
import os
import sys

import models
from pipeline import nodes
from pipeline.config import loading
from pipeline.graph.pipeline import create_pipeline
from pipeline.local.runner import RecordedLocalDagRunner
from pipeline.record import run_record


def main() -> None:
    """Runs what standard input asks for, until it ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # TFX and the models print to standard output.
    for line in sys.stdin:
        request = json.loads(line)
        _forget_models()
        print(_run(**request), file=answers, flush=True)


def _run(model: str, overrides: list[str], no_cache: list[str]) -> str:
    settings = loading.load(model, overrides)
    forced = nodes.select(no_cache, nodes.of_model(model, settings))
    record = run_record.new(model, settings, overrides, no_cache=forced)
    RecordedLocalDagRunner(record).run(create_pipeline(model, settings))
    return record.id


def _forget_models() -> None:
    for name in [name for name in sys.modules if name.startswith("models.")]:
        if not f"{name}.".startswith("models.common."):
            del sys.modules[name]
            vars(models).pop(name.split(".")[1], None)


main()

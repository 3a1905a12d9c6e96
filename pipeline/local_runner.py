"""Runs one model's pipeline on this machine: the entry point for the `tfx` command line.

    tfx pipeline create --engine local --pipeline_path pipeline/local_runner.py
    tfx run create --engine local --pipeline_name taxi

The model is PIPELINE_MODEL (default `taxi`). `python -m pipeline run` starts this file too, with
the record that it has prepared (see pipeline/local/handover.py).
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

if not __package__:  # `tfx` takes this file by its path, and Python then looks beside it.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import pipeline  # noqa: F401  (settings that TensorFlow reads when it is imported)
from models.common.errors import ProjectError, RunError
from pipeline.config import loading
from pipeline.local import handover
from pipeline.record import redaction, run_record
from pipeline.record.run_record import RunRecord
from pipeline.show import terminal
from pipeline.show.summary import summary


def main() -> None:
    """Runs the pipeline and leaves with the run's exit status."""
    prepared = handover.take_over()
    record = prepared or _new_record()
    redaction.hide_in_output(run_record.redactor(record))
    try:
        # Imported here, so that what cannot be imported is recorded too.
        from pipeline.graph.pipeline import create_pipeline
        from pipeline.graph.training import fixed_hyperparameters
        from pipeline.local import guarded_code
        from pipeline.local.runner import RecordedLocalDagRunner

        guarded_code.start(record.model)
        runner = RecordedLocalDagRunner(record)
        graph = create_pipeline(record.model, record.config)
        record.hyperparameters = fixed_hyperparameters(record.model, record.config) or {}
    except ProjectError as error:
        if not prepared:
            sys.exit(f"Error: {error}")
        traceback.print_exc()
        record.fail("failed", run_record.Failure.of(error))
        run_record.write(record)
        sys.exit(2)
    try:
        runner.run(graph)
    except RunError as error:
        sys.exit(f"Error: {error}")
    if record.status != "running":  # The `tfx` command line compiles without running.
        if not prepared:
            warning = runner.tracker.finish() if runner.tracker else None
            console = terminal.console()
            terminal.show(console, summary(record, console), *filter(None, [warning]))
        sys.stdout.flush()
        sys.stderr.flush()
        # All is written and recorded; taking TensorFlow down in order takes seconds.
        os._exit(run_record.EXIT_CODES[record.status])


def _new_record() -> RunRecord:
    try:
        model = loading.model_of_environment()
        return run_record.new(model, loading.load(model))
    except ProjectError as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()

"""Runs one model's pipeline on this machine with Beam as the orchestrator.

    python pipeline/beam_runner.py

    tfx pipeline create --engine beam --pipeline_path pipeline/beam_runner.py
    tfx run create --engine beam --pipeline_name taxi

The model is PIPELINE_MODEL (default `taxi`). Nodes, artifacts, cache and pushed models are those of
`python -m pipeline run`, and so is the run's folder; but Beam tells nothing of its steps while they
run, so the record has their results when all are over.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

if not __package__:  # `tfx` takes this file by its path, and Python then looks beside it.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import pipeline  # noqa: F401  (settings that TensorFlow reads when it is imported)
from models.common.errors import MISTAKE, ProjectError
from pipeline.config import loading, preflight
from pipeline.record import run_record
from pipeline.record.run_record import EXIT_CODES


def main() -> None:
    """Runs the pipeline and leaves with the exit status that `python -m pipeline run` has."""
    # TFX leaves Beam's options for the orchestration to the command line. Without this one, Beam
    # tries another runner first.
    sys.argv[1:] = ["--runner=FnApiRunner"]
    try:
        model = loading.model_of_environment()
        settings = loading.load(model)
        preflight.check(model, settings)
        from pipeline.graph.pipeline import create_pipeline
        from pipeline.graph.training import fixed_hyperparameters
        from pipeline.local import beam_tuning
        from pipeline.recorded_beam_runner import RecordedBeamDagRunner

        graph = create_pipeline(model, settings)
        record = run_record.new(model, settings)
        record.hyperparameters = fixed_hyperparameters(model, settings) or {}
    except ProjectError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(MISTAKE)
    beam_tuning.tune()
    runner = RecordedBeamDagRunner(record)
    try:
        runner.run(graph)
    except (Exception, SystemExit) as error:  # A model's code may ask for an end of the process.
        if record.status == "running":  # Nothing has run, such as beside another run.
            print(f"Error: {error}", file=sys.stderr)
            sys.exit(MISTAKE)
        traceback.print_exc()
    if warning := runner.tracker.finish() if runner.tracker else None:
        print(warning)
    if record.status != "running":  # The `tfx` command line compiles without running.
        sys.exit(EXIT_CODES[record.status])


if __name__ == "__main__":
    main()

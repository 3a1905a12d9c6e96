"""Runs one model's pipeline on this machine with Beam as the orchestrator.

    python pipeline/beam_runner.py

    tfx pipeline create --engine beam --pipeline_path pipeline/beam_runner.py
    tfx run create --engine beam --pipeline_name taxi

The model is PIPELINE_MODEL (default `taxi`). Nodes, artifacts, cache and pushed models are those of
`python -m pipeline run`; but Beam runs the nodes as steps of its own, so there is no run record.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

if not __package__:  # `tfx` takes this file by its path, and Python then looks beside it.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import pipeline  # noqa: F401  (settings that TensorFlow reads when it is imported)
from models.common.errors import MISTAKE, AnomalyError, ProjectError
from pipeline.config import loading, preflight
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
        from tfx.orchestration.beam.beam_dag_runner import BeamDagRunner

        from pipeline.graph.pipeline import create_pipeline
        from pipeline.local import baseline, beam_tuning

        graph = create_pipeline(model, settings)
    except ProjectError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(MISTAKE)
    beam_tuning.tune()
    try:
        BeamDagRunner().run(graph)
    except (Exception, SystemExit) as error:  # A model's code may ask for an end of the process.
        traceback.print_exc()
        stopped = AnomalyError.__name__ in "".join(traceback.format_exception(error))
        sys.exit(EXIT_CODES["stopped" if stopped else "failed"])
    sys.exit(EXIT_CODES["pushed" if baseline.pushes_last(model) else "not_blessed"])


if __name__ == "__main__":
    main()

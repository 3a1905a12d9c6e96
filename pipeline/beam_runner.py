"""Runs one model's pipeline on this machine with Beam as the orchestrator.

    python pipeline/beam_runner.py

    tfx pipeline create --engine beam --pipeline_path pipeline/beam_runner.py
    tfx run create --engine beam --pipeline_name taxi

The model is PIPELINE_MODEL (default `taxi`). Nodes, artifacts, cache and pushed models are those of
`python -m pipeline run`; but Beam runs the nodes as steps of its own, so there is no run record.
"""

from __future__ import annotations

import sys
from pathlib import Path

if not __package__:  # `tfx` takes this file by its path, and Python then looks beside it.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import pipeline  # noqa: F401  (settings that TensorFlow reads when it is imported)
from models.common.errors import ProjectError
from pipeline.config import loading, preflight


def main() -> None:
    """Runs the pipeline; what a node raises ends the program."""
    # TFX leaves Beam's options for the orchestration to the command line. Without this one, Beam
    # tries another runner first.
    sys.argv[1:] = ["--runner=FnApiRunner"]
    try:
        model = loading.model_of_environment()
        settings = loading.load(model)
        preflight.check(model, settings)
        from tfx.orchestration.beam.beam_dag_runner import BeamDagRunner

        from pipeline.graph.pipeline import create_pipeline
        from pipeline.local import beam_tuning

        graph = create_pipeline(model, settings)
    except ProjectError as error:
        sys.exit(f"Error: {error}")
    beam_tuning.tune()
    BeamDagRunner().run(graph)


if __name__ == "__main__":
    main()

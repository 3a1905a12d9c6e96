"""Compiles one model's pipeline for the cloud: the entry point for the `tfx` command line.

    tfx pipeline compile --engine vertex --pipeline_path pipeline/kubeflow_runner.py

The model is PIPELINE_MODEL (default `taxi`), the section of `targets.yaml` PIPELINE_TARGET (default
`vertex`), the image PIPELINE_IMAGE where the section names none. It writes `pipeline.json` into the
folder where it is called. `python -m pipeline compile` does the same for a person.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

if not __package__:  # `tfx` takes this file by its path, and Python then looks beside it.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import pipeline  # noqa: F401  (settings that TensorFlow reads when it is imported)
from models.common.errors import ProjectError
from pipeline.cloud import targets
from pipeline.config import loading, platform_names


def main() -> None:
    """Compiles the pipeline."""
    try:
        model = loading.model_of_environment()
        target = os.environ.get(targets.TARGET, platform_names.DEFAULT)
        platform = targets.load(target, model, config := loading.load(model))
        from pipeline.cloud import compile

        compile.compile_to(Path("pipeline.json"), model, config, platform)
    except ProjectError as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()

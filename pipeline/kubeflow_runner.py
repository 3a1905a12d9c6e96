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

# Started by its path, this file finds its own folder on sys.path, where `pipeline.py` would hide
# the package of the same name.
_FOLDER = Path(__file__).resolve().parent
sys.path[:] = [str(_FOLDER.parent), *(p for p in sys.path if Path(p or ".").resolve() != _FOLDER)]

import pipeline  # noqa: E402, F401  (settings that TensorFlow reads when it is imported)
from models.common.errors import ProjectError  # noqa: E402
from pipeline.cloud import targets  # noqa: E402
from pipeline.config import loading, platform_names  # noqa: E402


def main() -> None:
    """Compiles the pipeline."""
    model = os.environ.get("PIPELINE_MODEL", "taxi")
    try:
        target = os.environ.get(targets.TARGET, platform_names.DEFAULT)
        platform = targets.load(target, model, config := loading.load(model))
        from pipeline.cloud import compile

        compile.compile_to(Path("pipeline.json"), model, config, platform)
    except ProjectError as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()

"""Watches over a model's code in the run's process: what no hash covers is refused."""

from __future__ import annotations

import importlib
from pathlib import Path

from components import code_hash
from components.model_code import guard
from models.common.errors import ProjectError
from pipeline.config import model_files, project


def start(model: str, root: Path = project.ROOT) -> None:
    """Guards the process from now on, and imports the model's code, before any node runs.

    Raises:
        ModelCodeError: The code depends on something that no hash covers.
    """
    modules = model_files.code_modules(model)
    files = code_hash.model_files(*modules, root=root)
    common = (root / "models" / "common").rglob("*.py")
    guard.start(
        [*files, *common], [root / project.RUNS.name, root / project.SERVING_MODELS.name], root
    )
    for module in modules:
        try:
            importlib.import_module(module)
        except (ProjectError, KeyboardInterrupt):
            raise
        except BaseException:  # Not every model has each; the node that needs it tells.
            continue

"""Loads a version, of whatever format it is."""

from __future__ import annotations

from pathlib import Path

from serving.model.loaded_model import LoadedModel
from serving.model.version_folders import ONNX_FILE


def load(path: Path) -> LoadedModel:
    """A version in memory: a SavedModel, or a model in ONNX's format.

    Args:
        path: The version's folder.

    Raises:
        ServingError: It does not load, or is not what was exported.
    """
    if (path / ONNX_FILE).is_file():
        from serving.model.onnx_model import OnnxModel

        return OnnxModel(path)
    return LoadedModel(path)

"""Where things are in the project: the folders that every other module names."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNS = ROOT / "runs"
REHEARSALS = RUNS / "rehearsals"
"""Rehearsals of compiled pipelines, each in a folder like a run's, and the stand-in buckets."""
SERVING_MODELS = ROOT / "serving_models"


def model_folder(model: str, root: Path = ROOT) -> Path:
    """The folder that a data scientist edits."""
    return root / "models" / model


def model_names(root: Path = ROOT) -> list[str]:
    """The models of this project: the folders under `models/` that have a configuration."""
    return sorted(path.parent.name for path in (root / "models").glob("*/config.yaml"))


def folders_without_config(root: Path = ROOT) -> list[str]:
    """The folders under `models/` that could be a model's but have no configuration."""
    folders = {path.name for path in (root / "models").glob("*") if path.is_dir()}
    return sorted(folders - {"common", "__pycache__", *model_names(root)})

"""Where things are in the project: the folders that every other module names."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

from models.common.errors import RunError

ROOT = Path(__file__).resolve().parents[2]
RUNS = ROOT / "runs"
REHEARSALS = RUNS / "rehearsals"
"""Rehearsals of compiled pipelines, each in a folder like a run's, and the stand-in buckets."""
SERVING_MODELS = ROOT / "serving_models"


RESERVED = {
    "common": "the folder of what all models share",
    "rehearsals": "the folder in runs/ that rehearsals write to",
}
"""Names of folders that are something else than a model's."""


def model_folder(model: str, root: Path = ROOT) -> Path:
    """The folder that a data scientist edits."""
    return root / "models" / model


def model_names(root: Path = ROOT) -> list[str]:
    """The models of this project: the folders under `models/` that have a configuration."""
    paths = (root / "models").glob("*/config.yaml")
    return sorted(path.parent.name for path in paths if path.exists())  # Not a link to nowhere.


def folders_without_config(root: Path = ROOT) -> list[str]:
    """The folders under `models/` that could be a model's but have no configuration."""
    folders = {path.name for path in (root / "models").glob("*") if path.is_dir()}
    return sorted(folders - {*RESERVED, "__pycache__", *model_names(root)})


def without_glob(folder: str) -> str:
    """The same folder under a path that no library takes for a pattern.

    TFX, Beam and TensorFlow find examples by globs below an artifact's folder, and none of them can
    be told that the folder's own name is not one. So where it has brackets or the like, a link to
    the project in the folder for temporary files stands for it, by the same name in every run.

    Args:
        folder: A folder, in the project or not, or a bucket.

    Raises:
        RunError: There can be no such link.
    """
    if "://" in folder or not _is_pattern(folder):
        return folder
    inside = Path(folder).is_relative_to(ROOT) and not _is_pattern(
        str(Path(folder).relative_to(ROOT))
    )
    target = ROOT if inside else Path(folder)
    name = hashlib.sha256(f"{target} {os.geteuid()}".encode()).hexdigest()[:12]
    link = Path(tempfile.gettempdir(), f"pipeline-{name}")
    try:
        if not link.is_symlink():
            link.symlink_to(target)
        owned = link.lstat().st_uid == os.geteuid() and link.readlink() == target
    except OSError:
        owned = False
    if not owned or _is_pattern(str(link)):
        raise RunError(
            f"{folder} has a name that TFX takes for a pattern",
            f"Expected: a path without *, ? and [, or a link to it at {link}. It cannot be made.",
            "Rename the folder, or set TMPDIR to a folder that this user can write to.",
        )
    return str(link / Path(folder).relative_to(target))


def _is_pattern(path: str) -> bool:
    return re.search(r"[*?[\\]", path) is not None

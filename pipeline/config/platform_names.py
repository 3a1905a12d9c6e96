"""The names of the places in the cloud where pipelines run, known without importing any of them."""

from __future__ import annotations

import pkgutil
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "cloud" / "platforms"
"""Each module here is a place, by the name that `targets.yaml` and `--target` call it."""
DEFAULT = "vertex"
"""The place where nobody names one."""
_BASE = "base"
"""The module of what all places share."""


def names() -> tuple[str, ...]:
    """The platforms: the default one first, then by name."""
    found = {module.name for module in pkgutil.iter_modules([str(FOLDER)])} - {_BASE}
    return tuple(sorted(found, key=lambda name: (name != DEFAULT, name)))

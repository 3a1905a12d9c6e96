"""Where a log is, and what was left out of it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class LogSource(NamedTuple):
    """A request log: a folder with SQLite files, or with Parquet exports at any depth."""

    folder: Path
    sampled: float = 1.0
    """The share of the model's requests that is logged."""
    redacted: tuple[str, ...] = ()
    """Features whose values are left out."""
